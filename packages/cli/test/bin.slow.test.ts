import { Exchanges } from "@effect-exchange/exchanges"
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { closeSync, existsSync, openSync } from "node:fs"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Runs an entry point in a process of its own; `until` sends a signal when standard output matches. */
const entry = (
  file: "bin" | "start",
  line: string,
  until?: { readonly output: RegExp; readonly signal: NodeJS.Signals },
  variables: NodeJS.ProcessEnv = {}
) =>
  new Promise<{ code: number | null; out: string; err: string; afterSignal: number }>((resolve) => {
    const script = fileURLToPath(new URL(`../src/${file}.ts`, import.meta.url))
    const child = spawn(process.execPath, ["--import", "tsx", script, ...line === "" ? [] : line.split(" ")], {
      cwd: root,
      env: { ...process.env, ...variables },
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

/** Runs the command with standard output on a disk that is full. */
const onFullDisk = (line: string) =>
  new Promise<{ code: number | null; err: string }>((resolve) => {
    const script = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
    const out = openSync("/dev/full", "w")
    const child = spawn(process.execPath, ["--import", "tsx", script, ...line.split(" ")], {
      cwd: root,
      stdio: ["ignore", out, "pipe"]
    })
    let err = ""
    child.stderr?.on("data", (chunk) => {
      err += String(chunk)
    })
    child.on("close", (code) => {
      closeSync(out)
      resolve({ code, err })
    })
  })

const timeout = 180_000

/** The milliseconds to end in: two seconds if the machine does nothing else, more beside other tests. */
const soon = 8000

describe("the process", () => {
  it("names the variable whose value is invalid", async () => {
    const invalid: ReadonlyArray<NodeJS.ProcessEnv> = [
      { EXCHANGE_SECRETS_FROM: "elsewhere" },
      {
        EXCHANGE_SECRETS_FROM: "vault",
        VAULT_ADDR: "http://vault.example",
        EXCHANGE_VAULT_PATH: "team",
        VAULT_TOKEN: "t"
      }
    ]
    const errors = []
    for (const variables of invalid) errors.push((await entry("bin", "price", undefined, variables)).err)
    assert.match(errors[0] ?? "", /EXCHANGE_SECRETS_FROM is invalid: /)
    assert.match(errors[1] ?? "", /VAULT_ADDR is invalid: expected https/)
  }, timeout)

  it("start without arguments shows a price of each exchange, with faults", async () => {
    const { code, err, out } = await entry("start", "")
    assert.strictEqual(code, 0)
    assert.strictEqual(out.match(/ (Closed|HalfOpen|Open)\n/g)?.length, Exchanges.ids.length)
    assert.include(out, "All of this is simulated")
    assert.include(err, "Next: npm start -- watch")
    assert.include(err, `[${2 * Exchanges.ids.length}/${2 * Exchanges.ids.length}]`)
  }, timeout)

  it("start passes on its arguments, and invalid usage exits with 2", async () => {
    const { code, err, out } = await entry("start", "price btc")
    assert.strictEqual(code, 2)
    assert.strictEqual(out, "")
    assert.match(err, /^"btc" is not a symbol; .* See npm start -- price --help\.\n$/)
  }, timeout)

  it("uses the proxy of the environment, and reports its problems without its password", async () => {
    const ask = (HTTPS_PROXY: string) =>
      entry("bin", "price BTC/USDT --exchange binance --environment live", undefined, { HTTPS_PROXY, https_proxy: "" })
    const down = await ask("http://me:canary@127.0.0.1:9")
    assert.strictEqual(down.code, 1)
    assert.include(down.out, "the proxy 127.0.0.1:9 could not be reached")
    const invalid = await ask("socks5://me:canary@127.0.0.1:9")
    assert.strictEqual(invalid.code, 2)
    assert.include(invalid.err, "The proxy cannot be used: HTTPS_PROXY is invalid")
    assert.notInclude(down.out + down.err + invalid.out + invalid.err, "canary")
  }, timeout)

  it("watch exits with 0 soon after SIGINT", async () => {
    const { afterSignal, code, err, out } = await entry("bin", "watch BTC/USDT --faults flaky", {
      output: /reconnects/,
      signal: "SIGINT"
    })
    assert.strictEqual(code, 0)
    assert.isBelow(afterSignal, soon)
    assert.strictEqual(err, "")
    assert.include(out, "BTC/USDT")
  }, timeout)

  for (
    const line of [
      "order place buy 0.01 BTC/USDT --limit 60000 --exchange kraken",
      "--version",
      "trades BTC/USD --json",
      "markets btc --exchange kraken --json"
    ]
  ) {
    it.runIf(existsSync("/dev/full"))(
      `${line} exits with 1 and says so when its output cannot be written`,
      async () => {
        const { code, err } = await onFullDisk(line)
        assert.strictEqual(code, 1)
        assert.match(err, /^The output could not be written: ENOSPC/m)
        assert.notInclude(err, "SIGPIPE")
        assert.notInclude(err, "    at ")
      },
      timeout
    )
  }

  it("simulate serves until SIGTERM and exits with 0 soon after it", async () => {
    const { afterSignal, code, err, out } = await entry("bin", "simulate --port 0", {
      output: /Ctrl-C/,
      signal: "SIGTERM"
    })
    assert.strictEqual(code, 0)
    assert.isBelow(afterSignal, soon)
    assert.strictEqual(err, "")
    assert.match(out, /binance answers at http:\/\/127\.0\.0\.1:\d+\n/)
    assert.match(out, /exchange contract --exchange binance --base-url binance=http:\/\/127\.0\.0\.1:\d+ --trading\n/)
    assert.match(out, /export BITMEX_SIMULATED_API_KEY='\w+'/)
    assert.match(out, /export OKX_SIMULATED_API_PASSPHRASE='\w+'/)
  }, timeout)

  it("serve ends its streams after SIGTERM and exits with 0", async () => {
    const child = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        fileURLToPath(new URL("../src/bin.ts", import.meta.url)),
        ..."serve --port 0 -e okx".split(" ")
      ],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"] }
    )
    let out = ""
    let err = ""
    child.stderr.on("data", (chunk) => err += String(chunk))
    const base = await new Promise<string>((resolve) => {
      child.stdout.on("data", (chunk) => {
        out += String(chunk)
        const found = /Serving at (\S+)\n/.exec(out)?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    const price = await fetch(`${base}/v1/prices/BTC/USDT`)
    assert.strictEqual(price.status, 200)
    const stream = await fetch(`${base}/v1/stream`)
    const streamed = stream.text()
    const began = performance.now()
    child.kill("SIGTERM")
    const code = await new Promise((resolve) => child.on("close", resolve))
    assert.strictEqual(code, 0)
    assert.isBelow(performance.now() - began, soon)
    assert.match(await streamed, /^retry: 2000\n\n/)
    for (const line of err.trim().split("\n")) assert.hasAnyKeys(JSON.parse(line), ["message"])
  }, timeout)

  it("serve exits with 1 and says what to do when the port is in use", async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve))
    const address = taken.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const { code, err } = await entry("bin", `serve --port ${port} -e okx`)
    taken.close()
    assert.strictEqual(code, 1)
    assert.match(err, /^Cannot listen on 127\.0\.0\.1, port \d+: the port is in use; choose another --port/)
  }, timeout)
})
