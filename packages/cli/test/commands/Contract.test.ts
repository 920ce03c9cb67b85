import { Simulator } from "@effect-exchange/simulator"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, Redacted, TestClock } from "effect"
import { finished, network, session } from "../utils.js"

const temporary = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped()).pipe(
  Effect.provide(NodeFileSystem.layer)
)

const read = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString(path)).pipe(
    Effect.provide(NodeFileSystem.layer)
  )

const onSockets = "--exchange binance --environment live --base-url binance=http://binance.localhost"

const failed = (out: string) => out.split("\n").filter((line) => / {2}failed {2}/.test(line))

/** The cases about orders are the longest: one exchange stands for all, whose own tests run them. */
const timeout = 120_000

describe("exchange contract", () => {
  it.scoped("judges a simulated exchange, writes a report and exits with 0", () =>
    Effect.gen(function*() {
      const file = `${yield* temporary}/some/where/report.md`
      const { code, err, out } = yield* finished(`contract --exchange binance --output ${file}`)
      assert.strictEqual(code, 0)
      assert.match(out, /^exchange +case +what +result +why\n/)
      assert.match(out, /\nbinance +MD-01 .* passed\n/)
      assert.match(out, /\nbinance +AC-01 .* passed\n/)
      assert.match(out, /\nbinance +TR-01 .* skipped +no trading was given\n/)
      assert.match(out, /\nbinance: \d+ passed, 0 failed, \d+ skipped\.\n/)
      assert.include(out, `The report is in ${file}.\n`)
      assert.match(err, /^\[0\/(\d+)\] \1 cases of binance\n/)
      assert.match(err, /\[(\d+)\/\1\] binance LM-02 skipped\n$/)
      const report = yield* read(file)
      assert.match(report, /^# Contract of binance\n\n\d+ passed, 0 failed/)
      assert.include(report, "| MD-01 | marketData |")
    }), timeout)

  it.effect("--trading places orders as well, some of which are lost", () =>
    Effect.gen(function*() {
      const { code, out } = yield* finished("contract --exchange okx --trading")
      assert.deepStrictEqual(failed(out), [])
      assert.strictEqual(code, 0)
      assert.match(out, /\nokx +TR-01 .* passed\n/)
      assert.match(out, /\nokx +ER-01 .* passed\n/)
      assert.notInclude(out, "no trading was given")
    }), timeout)

  it.effect("exits with 1 when a case fails, and says why", () =>
    Effect.gen(function*() {
      const { code, out } = yield* finished("contract --exchange bitmex --environment live")
      assert.strictEqual(code, 1)
      assert.match(out, /\nbitmex +MD-01 .* failed +it failed with ExchangeClosed, /)
      assert.match(out, /\nbitmex +AC-01 .* skipped +no account was given\n/)
      assert.include(out, "Next: exchange health --exchange bitmex --environment live")
    }), timeout)

  it.effect("says where a report cannot be written, before anything is asked", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* finished(
        `contract --exchange binance --output ${import.meta.filename}/report.md`
      )
      assert.strictEqual(code, 2)
      assert.strictEqual(out, "")
      assert.match(err, /^The report cannot be written: .*\. Give another --output\. See exchange contract --help\.\n$/)
    }))

  const remote = (config: Map<string, string>) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 12, 34, 56))
      const { out, run } = yield* session(`contract ${onSockets}`)
      const configured = Effect.withConfigProvider(run, ConfigProvider.fromMap(config, { pathDelim: "_" }))
      const fiber = yield* Effect.fork(configured)
      yield* TestClock.adjust("5 minutes")
      const code = yield* Fiber.join(fiber)
      const { requests } = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
      return { code, out: out(), requests: yield* requests }
    }).pipe(Effect.provide(network))

  it.effect("of an exchange only reads, with one client that keeps to its limits", () =>
    Effect.gen(function*() {
      const { code, out, requests } = yield* remote(new Map())
      assert.deepStrictEqual(failed(out), [])
      assert.strictEqual(code, 0)
      assert.match(out, /\nbinance +MD-14 .* passed\n/)
      assert.match(out, /\nbinance +LM-01 .* passed\n/)
      assert.match(out, /\nbinance +AC-01 .* skipped +no account was given\n/)
      assert.isAbove(requests.length, 20)
      assert.isTrue(requests.every(({ method, status }) => method === "GET" && status !== 429))
      // The markets are loaded once for all cases.
      assert.strictEqual(requests.filter(({ target }) => target.includes("exchangeInfo")).length, 1)
    }), timeout)

  it.effect("of an exchange reads the account where there is a key", () =>
    Effect.gen(function*() {
      const { key, secret } = Simulator.credentials("binance", "read")
      const { code, out, requests } = yield* remote(
        new Map([
          ["BINANCE_CUSTOM_API_KEY", Redacted.value(key)],
          ["BINANCE_CUSTOM_API_SECRET", Redacted.value(secret)]
        ])
      )
      assert.deepStrictEqual(failed(out), [])
      assert.strictEqual(code, 0)
      assert.match(out, /\nbinance +AC-01 .* passed\n/)
      assert.match(out, /\nbinance +TR-01 .* skipped +no trading was given\n/)
      assert.isTrue(requests.every(({ method }) => method === "GET"))
    }), timeout)
})
