/**
 * `npm run bench -- <name>` bundles `src/<name>.ts` and runs it. Without a name it runs all benchmarks, one after
 * another. The code is bundled, because tools that run TypeScript directly give every closure a name, which alone costs
 * more than what is measured here.
 *
 * - `--json` prints one JSON document, and nothing else, to the standard output.
 * - `--save` writes `docs/performance.md`, or with a name only the section of that benchmark.
 * - `--quick` runs half the rounds.
 * - `npm run bench -- guard` runs the benchmarks of `guard.json` with few rounds, and fails if a ratio exceeds its
 *   limit. With `--save` it sets the limits to 1.5 times the measured ratios.
 */
import { build } from "esbuild"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { page, withPart } from "./page.mjs"

const here = fileURLToPath(new URL(".", import.meta.url))
const all = ["http", "http-lists", "markets", "signing", "feeds", "streams", "start", "book", "trades", "resilience"]
const external = [
  "ccxt",
  "esbuild",
  "cockatiel",
  "opossum",
  "tinybench",
  "undici",
  "ws",
  "axios",
  "binance",
  "@opentelemetry/*"
]

const saved = join(here, "../../docs/performance.md")

const given = process.argv.slice(2)
const options = new Set(given.filter((arg) => arg.startsWith("--")))
const [name, ...args] = given.filter((arg) => !arg.startsWith("--"))
const isJson = options.has("--json")
const isQuick = options.has("--quick") || name === "guard"

/** Builds the `exchange` command, whose start is measured, if it has not been built. */
const buildCommand = () => {
  if (existsSync(join(here, "../cli/dist/bundle/bin.js"))) return
  console.error("building the command")
  spawnSync("npm", ["run", "build"], { cwd: join(here, "../.."), stdio: ["ignore", 2, "inherit"] })
}

/** Runs a benchmark, which prints its lines for people. Returns its reported lines and whether it succeeded. */
const run = async (name, args) => {
  if (name === "start") buildCommand()
  const directory = mkdtempSync(join(here, "bundle-"))
  try {
    await build({
      entryPoints: [join(here, "src", `${name}.ts`), join(here, "src", "server.ts")],
      outdir: directory,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      external,
      logLevel: "warning"
    })
    const file = join(directory, "lines.json")
    const { status } = spawnSync(process.execPath, ["--expose-gc", join(directory, `${name}.mjs`), ...args], {
      stdio: ["inherit", isJson ? 2 : "inherit", "inherit"],
      env: { ...process.env, BENCH_LINES: file, ...isQuick ? { BENCH_QUICK: "1" } : {} }
    })
    const lines = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : []
    return { name, isThrough: status === 0 || lines.length > 0, status: status ?? 1, lines }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Runs several benchmarks, one after another, and prints the progress. */
const runAll = async (each) => {
  const began = performance.now()
  const results = []
  for (const [index, { args, name }] of each.entries()) {
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    console.error(`${index + 1} of ${each.length}, after ${seconds} s: ${name} ${args.join(" ")}`.trimEnd())
    const result = await run(name, args)
    if (!result.isThrough) console.error(`${name} failed`)
    results.push(result)
  }
  console.error(`finished after ${((performance.now() - began) / 1000).toFixed(0)} s`)
  return results
}

const guard = async () => {
  const file = join(here, "guard.json")
  const limits = JSON.parse(readFileSync(file, "utf8"))
  const results = await runAll(limits.map(({ args, name }) => ({ args, name })))
  let isHeld = true
  const measured = limits.map(({ ratios, ...rest }, index) => ({
    ...rest,
    ratios: ratios.map(({ beside, most, what }) => {
      const line = results[index].lines.find((line) => line.what === what && line.beside === beside)
      const ratio = line?.spread?.median ?? Number.NaN
      const isBelow = ratio <= most
      if (!isBelow) isHeld = false
      console.error(`${isBelow ? "met     " : "EXCEEDED"} ${what}, compared with ${beside}: ${ratio.toFixed(2)}, limit ${most}`)
      return { what, beside, most: Number((ratio * 1.5).toFixed(2)) }
    })
  }))
  if (options.has("--save")) writeFileSync(file, `${JSON.stringify(measured, undefined, 2)}\n`)
  else if (!isHeld) process.exitCode = 1
  if (isJson) console.log(JSON.stringify(results))
}

const known = readdirSync(join(here, "src")).filter((file) => file !== "internal" && file !== "server.ts")
  .map((file) => file.replace(".ts", ""))
if (options.has("--help")) {
  console.log([
    "npm run bench                      run all benchmarks, one after another (about eleven minutes)",
    "npm run bench -- <name> [parts]    run one benchmark",
    "npm run bench -- guard             run a few quickly, and fail if a ratio exceeds its limit",
    "",
    `Names: ${known.join(", ")}.`,
    "--quick halves the rounds, --json prints one JSON document and nothing else, --save writes docs/performance.md or its section."
  ].join("\n"))
} else if (name === "guard") await guard()
else if (name === undefined) {
  const results = await runAll(all.map((name) => ({ name, args: [] })))
  if (isJson) console.log(JSON.stringify(results))
  if (options.has("--save")) writeFileSync(saved, page(results, isQuick))
  process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1
} else if (known.includes(name)) {
  const result = await run(name, args)
  if (isJson) console.log(JSON.stringify([result]))
  if (options.has("--save") && result.lines.length > 0) {
    writeFileSync(saved, withPart(readFileSync(saved, "utf8"), result))
  }
  process.exitCode = result.status
} else {
  console.error(`Unknown benchmark "${name}"; use one of: ${[...known, "guard"].join(", ")}.`)
  process.exitCode = 2
}
