/**
 * Measures the cost of starting: importing one exchange with `core/node`, the size of its bundle, the command, and a
 * client: `npm run bench -- start`.
 *
 * Imports and processes are measured in wall time, because users wait for them. Each runs in a new process, in turn
 * with its peer. The packages are laid out as they are published: one file per module.
 */
import { Binance } from "@effect-exchange/binance"
import { MarketData } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Layer, ManagedRuntime } from "effect"
import { build } from "esbuild"
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { command, install, installed } from "./internal/installed.js"
import { alternate, cpuOf, heapUsed } from "./internal/measure.js"
import { compare, judge, print, report } from "./internal/report.js"

const run = (...args: ReadonlyArray<string>): string => {
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd: installed, encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** Returns the milliseconds that importing modules takes, without the start of Node itself. */
const imports = (name: string, ...modules: ReadonlyArray<string>) => {
  const file = join(installed, `${name}.mjs`)
  const all = modules.map((module) => `await import("${module}")`).join("\n")
  writeFileSync(
    file,
    `const began = performance.now()\n${all}\nconsole.log(performance.now() - began)\nprocess.exit()\n`
  )
  return async () => Number(run(file))
}

/** Returns the milliseconds until a process has ended. */
const wall = (...args: ReadonlyArray<string>) => async (): Promise<number> => {
  const began = performance.now()
  run(...args)
  return performance.now() - began
}

const bundle = async (external: ReadonlyArray<string>): Promise<number> => {
  const { outputFiles } = await build({
    stdin: {
      contents:
        `export { Binance } from "@effect-exchange/binance"\nexport { NodeExchange } from "@effect-exchange/core/node"`,
      resolveDir: installed
    },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: [...external],
    write: false,
    logLevel: "warning"
  })
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0) / 1000
}

console.error("installing the packages")
await install()
console.error("imports and the command")
const ms = await alternate({
  ours: imports("ours", "@effect-exchange/binance", "@effect-exchange/core/node"),
  ccxt: imports("ccxt", "ccxt"),
  effect: imports("effect", "effect/Effect", "effect/Layer", "effect/Stream", "effect/Schema"),
  exchange: wall(command(), "--version"),
  node: wall("-e", "0")
}, { rounds: 9, warmUp: 2 })
compare("import of Binance with core/node", ms("ours"), "ccxt", ms("ccxt"), "ms", 0.6)
compare("import of Binance with core/node", ms("ours"), "Effect, Layer, Stream and Schema", ms("effect"), "ms")
compare("exchange --version", ms("exchange"), "node -e 0", ms("node"), "ms", 2.5)

console.error("bundles")
const parts = ["undici", "ws"]
const small = await bundle([...parts, "effect", "@effect/*"])
report("bundle of Binance, gzip, without effect and undici", `${small.toFixed(0)} kB`, "<= 60 kB", small <= 60)
report("bundle of Binance, gzip, with effect, without undici", `${(await bundle(parts)).toFixed(0)} kB`)

console.error("clients")
const clients: Array<ManagedRuntime.ManagedRuntime<MarketData.MarketData, unknown>> = []
// Built as in a program: the client of the other benchmarks includes additional Layers.
const client = Layer.provide(
  Binance.layerMarketData({ environment: { name: "bench", baseUrl: "http://127.0.0.1:1" } }),
  NodeExchange.layer
)
const begin = async (): Promise<number> => {
  const runtime = ManagedRuntime.make(client)
  const micros = await cpuOf(() => runtime.runPromise(MarketData.MarketData))
  clients.push(runtime)
  return micros / 1000
}
const first = await begin()
for (let count = 0; count < 50; count++) await begin()
const before = heapUsed()
const builds: Array<number> = []
for (let count = 0; count < 50; count++) builds.push(await begin())
const heap = (heapUsed() - before) / 1024 / 50
report("building the first client of a process", `${first.toFixed(1)} ms`)
judge("building each further client", builds, "ms", 1)
report("heap per client", `${heap.toFixed(0)} KB`, "<= 100 KB", heap <= 100)
await Promise.all(clients.map((runtime) => runtime.dispose()))
process.exitCode = print() ? 0 : 1
