/**
 * Builds the published `exchange` executable: a bundle with one chunk per command, loaded on demand, and the licences
 * of the packages in it.
 */
import { build } from "esbuild"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
const outdir = join(here, "dist/bundle")

rmSync(outdir, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/bin.ts"],
  outdir,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // Identifiers are not minified, so that stack traces in bug reports stay readable.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  // undici and ws are CommonJS modules, which need `require`.
  banner: {
    js: "import { createRequire } from \"node:module\"; const require = createRequire(import.meta.url);"
  },
  logLevel: "warning",
  metafile: true
})

const packageOf = (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => packageOf(path))
)
const notices = Array.from(new Set(used.filter((path) => path !== undefined)), (path) => {
  const directory = join(here, path)
  const { license, name, version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))
  const file = readdirSync(directory).find((file) => /^licen[cs]e/i.test(file))
  if (file === undefined) throw new Error(`${relative(here, dirname(directory))}/${name} has no licence to go along`)
  return `${name} ${version} (${license})\n\n${readFileSync(join(directory, file), "utf8").trim()}\n`
})
writeFileSync(join(outdir, "THIRD-PARTY-LICENSES.txt"), notices.toSorted().join(`\n${"-".repeat(80)}\n\n`))
