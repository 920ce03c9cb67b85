/**
 * `pnpm simulate` runs random programs and faults, determined by seeds, against all exchanges on the simulator. The
 * code is bundled, because tools that run TypeScript directly give every closure a name, which takes as long as
 * everything else.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const root = fileURLToPath(new URL("../", import.meta.url))
const home = join(root, "packages/exchanges")
const ids = Object.keys(JSON.parse(readFileSync(join(root, "exchanges.json"), "utf8")))

const help = `pnpm simulate [--seeds N] [--seed S] [--exchange ID] [--steps K] [--jobs J]

Runs the random programs of N seeds, starting with seed S: subscriptions, orders and cancellations, under injected faults. After
each step it checks all invariants. If an invariant fails, the program is reduced to the steps that are needed to fail.

  --seeds N      number of seeds (default: 280)
  --seed S       first seed (default: 0)
  --exchange ID  one of ${ids.join(", ")} (default: each seed picks one)
  --steps K      number of steps per program (default: 20)
  --jobs J       number of processes (default: the number of processors)

Exits with 1 if an invariant failed, and with 2 for invalid arguments.`

const refuse = (message) => {
  console.error(`${message}\n\n${help}`)
  process.exit(2)
}

const whole = (name, text, least) => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : -1
  return value >= least ? value : refuse(`--${name} must be a whole number of at least ${least}, but is "${text}".`)
}

const read = () => {
  try {
    return parseArgs({
      options: {
        seeds: { type: "string", default: "280" },
        seed: { type: "string", default: "0" },
        steps: { type: "string", default: "20" },
        jobs: { type: "string", default: String(availableParallelism()) },
        exchange: { type: "string" },
        help: { type: "boolean", short: "h", default: false }
      }
    }).values
  } catch (error) {
    return refuse(error.message)
  }
}

const options = read()
if (options.help) {
  console.log(help)
  process.exit(0)
}
const { exchange } = options
if (exchange !== undefined && !ids.includes(exchange)) refuse(`Unknown exchange "${exchange}"; use one of ${ids.join(", ")}.`)
const seeds = whole("seeds", options.seeds, 1)
const first = whole("seed", options.seed, 0)
const steps = whole("steps", options.steps, 1)
const jobs = Math.min(seeds, whole("jobs", options.jobs, 1))

const directory = mkdtempSync(join(home, "bundle-"))
const bundle = async () => {
  const { build } = createRequire(join(home, "package.json"))("esbuild")
  const outfile = join(directory, "job.mjs")
  await build({
    entryPoints: [join(home, "test/simulation/job.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // Dependencies in CommonJS need `require`.
    banner: { js: "import { createRequire } from \"node:module\"; const require = createRequire(import.meta.url);" },
    logLevel: "warning"
  })
  return outfile
}

const began = performance.now()
let held = 0
let millis = 0
let failure

const progress = () => {
  const seconds = (performance.now() - began) / 1000
  return `${held} of ${seeds} seeds passed, ${Math.round(millis / 1000)} s simulated in ${Math.round(seconds)} s`
}

const hear = (line) => {
  const said = JSON.parse(line)
  if (said.failed !== undefined) failure ??= said.failed
  else {
    held++
    millis += said.millis
  }
}

/** Runs one process. A failure in any process ends all of them. */
const run = (outfile, index, running) =>
  new Promise((resolve) => {
    const told = { from: first + index, to: first + seeds, by: jobs, steps, exchange }
    const job = spawn(process.execPath, ["--max-semi-space-size=64", outfile, JSON.stringify(told)], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    running.add(job)
    createInterface(job.stdout).on("line", (line) => {
      hear(line)
      if (failure !== undefined) for (const other of running) other.kill()
    })
    job.on("close", (code) => {
      running.delete(job)
      if (code !== 0 && failure === undefined) failure = `a process exited with code ${code}`
      resolve()
    })
  })

// A terminal shows one line that is updated. A log gets a new line every ten seconds.
const isTerminal = process.stderr.isTTY === true
const shown = setInterval(
  () => process.stderr.write(isTerminal ? `\r${progress()}` : `${progress()}\n`),
  isTerminal ? 500 : 10_000
)
try {
  const outfile = await bundle()
  const running = new Set()
  await Promise.all(Array.from({ length: jobs }, (_, index) => run(outfile, index, running)))
} finally {
  clearInterval(shown)
  rmSync(directory, { recursive: true })
}
if (isTerminal) process.stderr.write("\r")
console.log(progress())
if (failure !== undefined) {
  console.error(`\n${failure}`)
  process.exitCode = 1
}
