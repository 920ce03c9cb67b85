/**
 * Tests the install command in the README of each package, in an otherwise empty project, with pnpm at its strictest,
 * which exposes only the requested packages. npm installs one package of each kind: those whose commands name the same
 * packages of others. The programs of the README are type-checked (with pnpm) and run. It also tests the behaviour with
 * an incompatible version of effect.
 */
import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import ts from "typescript"

/** Reads the README of a package: the arguments of its first `npm install`, and its programs. */
const read = (path) => {
  const markdown = readFileSync(join(path, "README.md"), "utf8")
  const [, line = ""] = markdown.match(/^npm install (.*)$/m) ?? []
  return {
    line: line.split(" ").filter((word) => word !== ""),
    programs: [...markdown.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, text]) => text)
  }
}

/**
 * Runs each effect that a program exports, and builds each of its Layers. Failures are expected: there are no API keys
 * here, and no exchange responds.
 */
const runner = `
import { Cause, Effect, Exit, Layer } from "effect"
const exported = Object.entries(await import(process.argv[2]))
for (const [name, value] of exported) {
  const what = Layer.isLayer(value) ? Effect.scoped(Layer.build(value)) : value
  if (!Effect.isEffect(what)) continue
  const exit = await Effect.runPromiseExit(Effect.timeout(what, "20 seconds"))
  // A program over services that are not its own has to be given them.
  const defects = Exit.isFailure(exit) ? [...Cause.defects(exit.cause)].filter((one) => !/^Service not found/.test(one?.message)) : []
  if (defects.length > 0) throw defects[0]
  console.log(name, Exit.isSuccess(exit) ? "succeeds" : \`fails: \${Cause.pretty(exit.cause).split("\\n")[0]}\`)
}
process.exit(0)
`

const options = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** Drops the API keys of the environment, because a program of a README may trade. */
const { HOME, PATH, TMPDIR } = process.env
const bare = { HOME, PATH, ...TMPDIR === undefined ? {} : { TMPDIR } }

const run = (cwd, env, command, ...args) => {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], shell: process.platform === "win32" })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => output += text)
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve({ status: 1, output: error.message }))
    child.on("close", (status) => resolve({ status, output }))
  })
  return { child, ended }
}

/** Checks that a server program answers its probe, and that it ends on request. */
const serves = async (cwd, file, port) => {
  const { child, ended } = run(cwd, bare, "node", file)
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
    // The platform's Node server never answers requests that arrive between listening and serving.
    const signal = AbortSignal.timeout(2000)
    const answer = await fetch(`http://127.0.0.1:${port}/livez`, { signal }).catch(() => undefined)
    if (answer?.ok) {
      child.kill("SIGTERM")
      return ended
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  child.kill("SIGKILL")
  const { output } = await ended
  return { status: 1, output: `the server does not respond: ${output}` }
}

export const make = ({ fail, packageManager, packages, root, tarballOf, work }) => {
  const tarballs = Object.fromEntries(packages.map((each) => [each.manifest.name, `file:${tarballOf(each)}`]))

  const ranges = (words) =>
    Object.fromEntries(words.filter((word) => !word.startsWith("--")).map((word) => {
      const [name, range = "*"] = word.split(/(?<=.)@/)
      return [name, tarballs[name] ?? range]
    }))
  // Sets the log level explicitly: `npm run --silent` would silence pnpm, but the reason for a refusal is checked.
  const pnpm = ["npx", "--yes", packageManager, "--reporter=append-only", "--loglevel=info"]

  /**
   * Returns, for each installer, the files of a project that takes our packages from the tarballs, and the install
   * command.
   */
  const managers = {
    npm: (words) => ({
      files: { "package.json": { overrides: Object.fromEntries(Object.entries(tarballs).filter(([name]) => !words.includes(name))) } },
      command: ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error", ...words.map((word) => tarballs[word] ?? word)]
    }),
    // `pnpm add` only warns about missing peers, even in strict mode. `pnpm install` of the same manifest fails.
    pnpm: (words) => ({
      files: {
        "package.json": { dependencies: ranges(words) },
        "pnpm-workspace.yaml": {
          nodeLinker: "isolated",
          strictPeerDependencies: true,
          autoInstallPeers: false,
          overrides: tarballs
        }
      },
      command: [...pnpm, "install"]
    }),
    "pnpm with its defaults": (words) => ({
      files: { "package.json": {}, "pnpm-workspace.yaml": { overrides: tarballs } },
      command: [...pnpm, "add", ...words.map((word) => tarballs[word] ?? word)]
    })
  }

  const install = async (manager, name, words) => {
    const cwd = join(work, "readmes", manager.replaceAll(" ", "-"), name)
    mkdirSync(join(cwd, "src"), { recursive: true })
    const { command: [command, ...args], files } = managers[manager](words)
    for (const [file, content] of Object.entries(files)) {
      const own = file === "package.json" ? { name: `readme-of-${name}`, private: true, type: "module" } : {}
      writeFileSync(join(cwd, file), JSON.stringify({ ...own, ...content }))
    }
    return { cwd, ...await run(cwd, process.env, command, ...args).ended }
  }

  const must = (what, { output, status }) => {
    if (status !== 0) fail(`${what}: ${output}`)
    return output
  }

  /** Installs, type-checks and runs the contents of a package's README. */
  const readme = async (manager, { manifest, path }) => {
    const [, name] = manifest.name.split("/")
    const { line, programs } = read(path)
    const what = `the README of ${name}, with ${manager}`
    if (!line.includes(manifest.name)) fail(`${what}: the install command does not name the package`)
    const { cwd, ...installed } = await install(manager, name, line)
    must(`${what}: npm install ${line.join(" ")}`, installed)

    const port = await freePort()
    const files = programs.map((text, index) => {
      const tests = text.includes("@effect/vitest")
      const file = `program-${index + 1}${tests ? ".test" : ""}`
      const program = `${text.replaceAll("8080", port)}\nexport {}\n`
      writeFileSync(join(cwd, "src", `${file}.ts`), program)
      writeFileSync(join(cwd, `${file}.js`), ts.transpileModule(program, { compilerOptions: { ...options, noEmit: false } }).outputText)
      return { file, isService: text.includes("Layer.launch"), tests }
    })
    writeFileSync(join(cwd, "run.mjs"), runner)
    const asked = { ...options, target: "ES2022", module: "NodeNext", types: ["node"], typeRoots: [join(root, "node_modules/@types")] }
    writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions: asked, include: ["src"] }))
    if (manager === "pnpm" && files.length > 0) {
      must(`${what} does not type-check`, await run(cwd, bare, "node", join(root, "node_modules/typescript/bin/tsc")).ended)
    }
    for (const { file, isService, tests } of files) {
      const script = `./${file}.js`
      const ran = isService
        ? await serves(cwd, script, port)
        : await (tests ? run(cwd, bare, "node_modules/.bin/vitest", "run", script) : run(cwd, bare, "node", "run.mjs", script)).ended
      const output = must(`${what}: ${file} does not run`, ran)
      console.log(`  ${name}, ${manager}: ${isService ? "the server responds" : tests ? "the test passes" : output.trim().replaceAll("\n", "; ")}`)
    }
    if (manifest.bin !== undefined) {
      const [bin] = Object.keys(manifest.bin)
      must(`${what}: ${bin}`, await run(cwd, bare, `node_modules/.bin/${bin}`, "price", "BTC/USDT").ended)
      console.log(`  ${name}, ${manager}: ${bin} runs`)
    }
  }

  // npm decides by what a command names of others, so that one command for each such set is enough.
  const othersIn = ({ path }) =>
    read(path).line.filter((word) => !word.startsWith("@effect-exchange/")).toSorted().join(" ")
  const kinds = [...new Map(packages.map((each) => [othersIn(each), each])).values()]

  /**
   * Tests an incompatible version of effect: either the installer refuses it, or importing our packages fails with an
   * explanation.
   */
  const otherEffect = async () => {
    const line = read(join(root, "packages/binance")).line
      .map((word) => word.startsWith("effect@") ? "effect@^4" : word)
    const npm = await install("npm", "other-effect", line)
    if (npm.status === 0 || !/ERESOLVE/.test(npm.output)) fail(`npm did not refuse effect 4: ${npm.output}`)
    const strict = await install("pnpm", "other-effect", line)
    if (strict.status === 0 || !/unmet peer effect@"?\^?3\.22/.test(strict.output)) fail(`pnpm in strict mode did not refuse effect 4: ${strict.output}`)

    // With its default settings, pnpm only warns.
    const ours = packages.filter(({ manifest }) => manifest.bin === undefined).map(({ manifest }) => manifest.name)
    const others = line.filter((word) => !word.startsWith("@effect-exchange/"))
    const { cwd, ...installed } = await install("pnpm with its defaults", "other-effect", [...ours, ...others])
    must("pnpm with its default settings refuses effect 4 too, so this test is useless", installed)
    for (const name of [...ours, "@effect-exchange/core/adapter", "@effect-exchange/core/node"]) {
      const { output, status } = await run(cwd, bare, "node", "--input-type=module", "--eval", `await import("${name}")`).ended
      if (status === 0 || !/imported from .*needs-effect-3\.22-and-not-4/.test(output)) {
        fail(`importing ${name} with another effect does not say which version it needs: ${output}`)
      }
    }
    console.log("  effect 4: npm and pnpm in strict mode refuse it; with the defaults of pnpm, each package says which version it needs")
  }

  return { kinds, otherEffect, readme }
}
