/**
 * Tests what users install: packs every public package, checks the tarballs and installs them in an empty project.
 * There it imports every entry point, type-checks the programs of the README, the docs and the docstrings, and runs an
 * example and the command. Then it tests the README of each package in a separate project: see `install-lines.mjs`.
 */
import { spawn, spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as InstallLines from "./install-lines.mjs"
import { snippets } from "./snippets.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const work = mkdtempSync(join(tmpdir(), "effect-exchange-dist-"))
const tarballs = join(work, "tarballs")
const consumer = join(work, "consumer")
const json = (path) => JSON.parse(readFileSync(path, "utf8"))

const shown = (command, args) => `> ${command} ${args.join(" ").replaceAll(work, "<work>")}`

const fail = (why) => {
  console.error(`failed${why === undefined ? "" : `: ${why}`}\nThe build output is in ${work}`)
  process.exit(1)
}

const run = (cwd, command, ...args) => {
  console.log(shown(command, args))
  const { error, status } = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32"
  })
  if (status !== 0) fail(error?.message)
}

/** Runs a command concurrently with others, and prints its output in one piece. */
const runBeside = async (cwd, command, ...args) => {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"], shell: process.platform === "win32" })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => output += text)
  const { error, status } = await new Promise((resolve) => {
    child.on("error", (error) => resolve({ error, status: 1 }))
    child.on("close", (status) => resolve({ status }))
  })
  console.log(`${shown(command, args)}\n${output}`.trimEnd())
  if (status !== 0) fail(error?.message)
}

const packages = readdirSync(join(root, "packages"))
  .map((name) => ({ path: join(root, "packages", name), manifest: json(join(root, "packages", name, "package.json")) }))
  .filter(({ manifest }) => manifest.private !== true)
const { devDependencies, packageManager } = json(join(root, "package.json"))
const installed = (name) => json(join(root, "packages/cli/node_modules", name, "package.json")).version
const tarballOf = ({ manifest }) =>
  join(tarballs, `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`)

// Pack the packages, and check how Node and TypeScript read them.
mkdirSync(tarballs)
run(root, "npm", "run", "--silent", "build")
const left = packages.values()
await Promise.all(["one", "another"].map(async () => {
  for (const each of left) {
    await runBeside(each.path, "npx", "--yes", packageManager, "pack", "--pack-destination", tarballs)
    await runBeside(root, "npx", "publint", "--strict", tarballOf(each))
    await runBeside(root, "npx", "attw", "--profile", "esm-only", "--quiet", tarballOf(each))
  }
}))

// A project with nothing but the tarballs and the versions of Effect that the README names.
mkdirSync(join(consumer, "src"), { recursive: true })
const external = Object.keys(json(join(root, "packages/cli/package.json")).dependencies)
  .filter((name) => !name.startsWith("@effect-exchange/"))
writeFileSync(
  join(consumer, "package.json"),
  JSON.stringify({
    name: "consumer",
    private: true,
    type: "module",
    dependencies: Object.fromEntries([
      ...packages.map((each) => [each.manifest.name, `file:${tarballOf(each)}`]),
      ...external.map((name) => [name, installed(name)])
    ]),
    devDependencies: {
      typescript: devDependencies.typescript,
      "@types/node": devDependencies["@types/node"],
      // Not included: the declarations of @effect/platform-node use these types but do not depend on them.
      "@types/ws": "^8.18.2",
      "@effect/vitest": json(join(root, "node_modules/@effect/vitest/package.json")).version,
      vitest: json(join(root, "node_modules/vitest/package.json")).version
    }
  })
)
writeFileSync(
  join(consumer, "tsconfig.json"),
  JSON.stringify({
    compilerOptions: {
      target: "ES2022",
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      outDir: "out",
      skipLibCheck: false,
      types: ["node"]
    },
    include: ["src"]
  })
)
run(consumer, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")

const entryPoints = packages
  .filter(({ manifest }) => manifest.name !== "@effect-exchange/cli")
  .map(({ manifest }) => manifest.name)
writeFileSync(
  join(consumer, "import-all.mjs"),
  [...entryPoints, "@effect-exchange/core/node", "@effect-exchange/resilience/CircuitBreaker"]
    .map((name) => `if (Object.keys(await import("${name}")).length === 0) throw new Error("${name} exports nothing")`)
    .join("\n")
)
run(consumer, "node", "import-all.mjs")

const programs = snippets(root)
for (const { name, text } of programs) writeFileSync(join(consumer, "src", name), text)
for (const name of readdirSync(join(root, "packages/examples/src"))) {
  copyFileSync(join(root, "packages/examples/src", name), join(consumer, "src", name))
}
run(consumer, "npx", "tsc")
run(consumer, "node", "out/price.js")
writeFileSync(
  join(consumer, "run-examples.mjs"),
  programs.filter(({ runs }) => runs).map(({ name }) => `await import("./out/${name.replace(/ts$/, "js")}")`).join("\n")
)
run(consumer, "node", "run-examples.mjs")
run(consumer, "npx", "exchange", "--version")
run(consumer, "npx", "exchange", "price", "BTC/USDT")

const { kinds, otherEffect, readme } = InstallLines.make({
  fail,
  packageManager,
  packages,
  root,
  tarballOf,
  work
})
const readmes = [...packages.map((each) => ["pnpm", each]), ...kinds.map((each) => ["npm", each])].values()
await Promise.all(["one", "another"].map(async () => {
  for (const [manager, each] of readmes) await readme(manager, each)
}))
await otherEffect()
rmSync(work, { recursive: true })
console.log("the packed packages install, type-check and run")
