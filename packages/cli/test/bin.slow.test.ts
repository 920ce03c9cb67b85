import { Exchanges } from "@effect-exchange/exchanges"
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Runs an entry point in a process of its own; `until` sends a signal when standard output matches. */
const entry = (
  file: "bin" | "start",
  line: string,
  until?: { readonly output: RegExp; readonly signal: NodeJS.Signals }
) =>
  new Promise<{ code: number | null; out: string; err: string; afterSignal: number }>((resolve) => {
    const script = fileURLToPath(new URL(`../src/${file}.ts`, import.meta.url))
    const child = spawn(process.execPath, ["--import", "tsx", script, ...line === "" ? [] : line.split(" ")], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"]
    })
    const seen = { out: "", err: "", signalled: 0 }
    child.stdout.on("data", (chunk) => {
      seen.out += String(chunk)
      if (until !== undefined && seen.signalled === 0 && until.output.test(seen.out)) {
        seen.signalled = performance.now()
        child.kill(until.signal)
      }
    })
    child.stderr.on("data", (chunk) => {
      seen.err += String(chunk)
    })
    child.on("close", (code) =>
      resolve({ code, out: seen.out, err: seen.err, afterSignal: performance.now() - seen.signalled }))
  })

const timeout = 60_000

describe("the process", () => {
  it("start without arguments shows a price of each exchange on a bad day", async () => {
    const { code, err, out } = await entry("start", "")
    assert.strictEqual(code, 0)
    assert.strictEqual(out.match(/ (Closed|HalfOpen|Open)\n/g)?.length, Exchanges.ids.length)
    assert.include(out, "Next: npm start -- watch")
    assert.include(err, `[${2 * Exchanges.ids.length}/${2 * Exchanges.ids.length}]`)
  }, timeout)

  it("start passes arguments on, and bad usage exits with 2", async () => {
    const { code, err, out } = await entry("start", "price btc")
    assert.strictEqual(code, 2)
    assert.strictEqual(out, "")
    assert.match(err, /^"btc" is no symbol; .* See npm start -- price --help\.\n$/)
  }, timeout)

  it("watch ends on SIGINT within two seconds with 0", async () => {
    const { afterSignal, code, err, out } = await entry("bin", "watch BTC/USDT --faults flaky", {
      output: /reconnects/,
      signal: "SIGINT"
    })
    assert.strictEqual(code, 0)
    assert.isBelow(afterSignal, 2000)
    assert.strictEqual(err, "")
    assert.include(out, "BTC/USDT")
  }, timeout)

  it("simulate serves until SIGTERM and ends within two seconds with 0", async () => {
    const { afterSignal, code, err, out } = await entry("bin", "simulate --port 0", {
      output: /Ctrl-C/,
      signal: "SIGTERM"
    })
    assert.strictEqual(code, 0)
    assert.isBelow(afterSignal, 2000)
    assert.strictEqual(err, "")
    assert.match(out, /binance answers at http:\/\/127\.0\.0\.1:\d+\n/)
    assert.match(out, /exchange contract --exchange binance --base-url binance=http:\/\/127\.0\.0\.1:\d+ --trading\n/)
    assert.match(out, /export BITMEX_SIMULATED_API_KEY='\w+'/)
    assert.match(out, /export OKX_SIMULATED_API_PASSPHRASE='\w+'/)
  }, timeout)
})
