import { build } from "esbuild"
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const packages = fileURLToPath(new URL("../../", import.meta.url))

/**
 * The directory in which the packages are laid out as published: JavaScript, one file per module of ours, next to their
 * dependencies.
 */
export const installed = fileURLToPath(new URL("installed/", import.meta.url))

const modulesOf = (directory: string): ReadonlyArray<string> =>
  !existsSync(directory) ?
    [] :
    readdirSync(directory).filter((name) => !name.startsWith(".")).flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(directory, name)).map((inner) => `${name}/${inner}`) : [name]
    ).filter((name) => !name.startsWith("@effect-exchange/"))

const link = (from: string): void => {
  for (const name of modulesOf(from)) {
    const to = join(installed, "node_modules", name)
    if (existsSync(to)) continue
    mkdirSync(dirname(to), { recursive: true })
    symlinkSync(realpathSync(join(from, name)), to)
  }
}

const filesOf = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))

interface Manifest {
  readonly name: string
  readonly publishConfig?: {
    readonly imports?: unknown
    readonly exports?: unknown
    readonly bin?: Readonly<Record<string, string>>
  }
}

const manifestOf = (name: string): Manifest => JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"))

/** Lays out all packages that are published. */
export const install = async (): Promise<void> => {
  for (const folder of readdirSync(packages)) {
    if (!existsSync(join(packages, folder, "package.json"))) continue
    const { name, publishConfig } = manifestOf(folder)
    link(join(packages, folder, "node_modules"))
    if (publishConfig === undefined) continue
    const to = join(installed, "node_modules", name)
    mkdirSync(to, { recursive: true })
    writeFileSync(
      join(to, "package.json"),
      JSON.stringify({
        name,
        version: "0.0.0",
        type: "module",
        sideEffects: [],
        imports: publishConfig.imports,
        exports: publishConfig.exports
      })
    )
    const source = join(packages, folder, "src")
    await build({
      entryPoints: [...filesOf(source)],
      outbase: source,
      outdir: join(to, "dist"),
      format: "esm",
      target: "node20",
      logLevel: "warning"
    })
  }
}

/** Returns the file of the `exchange` command: from the layout or, if it is not there, from `npm run build`. */
export const command = (): string => {
  const bin = manifestOf("cli").publishConfig?.bin?.["exchange"] ?? "./dist/bin.js"
  const files = [join(installed, "node_modules/@effect-exchange/cli", bin), join(packages, "cli", bin)]
  const file = files.find(existsSync)
  if (file === undefined) throw new Error(`The cli package has no ${bin}; run \`npm run build\` first`)
  return file
}
