import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, TestClock } from "effect"
import { network, runCommand, session } from "../utils.js"

const onSockets = "--exchange binance --environment live --base-url binance=http://binance.localhost"

const failed = (out: string) => out.split("\n").filter((line) => / {2}failed {2}/.test(line))

// One exchange is enough here: the tests of each exchange run the cases.
describe("exchange contract", () => {
  it.effect("--trading also places orders and loses some responses", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand("contract --exchange okx --trading")
      assert.deepStrictEqual(failed(out), [])
      assert.strictEqual(code, 0)
      assert.match(out, /\nokx +TR-01 .* passed\n/)
      assert.match(out, /\nokx +ER-01 .* passed\n/)
      assert.notInclude(out, "needs the trading option")
    }))

  const remote = (env: Readonly<Record<string, string>>) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 12, 34, 56))
      const { out, run } = yield* session(`contract ${onSockets}`, { env })
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("5 minutes")
      const code = yield* Fiber.join(fiber)
      const { requests } = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
      return { code, out: out(), requests: yield* requests }
    }).pipe(Effect.provide(network))

  it.effect("only reads from an exchange, with one client that stays within its limits", () =>
    Effect.gen(function*() {
      const { code, out, requests } = yield* remote({})
      assert.deepStrictEqual(failed(out), [])
      assert.strictEqual(code, 0)
      assert.match(out, /\nbinance +MD-14 .* passed\n/)
      assert.match(out, /\nbinance +LM-01 .* passed\n/)
      assert.match(out, /\nbinance +AC-01 .* skipped +needs the account or the trading option\n/)
      assert.isAbove(requests.length, 20)
      assert.isTrue(requests.every(({ method, status }) => method === "GET" && status !== 429))
      // The markets are loaded once for all cases, and again for an unknown symbol, but not within five seconds.
      const loads = requests.filter(({ target }) => target.includes("exchangeInfo")).map(({ at }) => at)
      assert.strictEqual(loads.length, 2)
      assert.isAtLeast((loads[1] ?? 0) - (loads[0] ?? 0), 5000)
    }))

  it.effect("reads the account of an exchange when a key is configured", () =>
    Effect.gen(function*() {
      const { key, secret } = Simulator.credentials("binance", "read")
      const { code, out, requests } = yield* remote({
        BINANCE_CUSTOM_API_KEY: Redacted.value(key),
        BINANCE_CUSTOM_API_SECRET: Redacted.value(secret)
      })
      assert.deepStrictEqual(failed(out), [])
      assert.strictEqual(code, 0)
      assert.match(out, /\nbinance +AC-01 .* passed\n/)
      assert.match(out, /\nbinance +TR-01 .* skipped +needs the trading option\n/)
      assert.isTrue(requests.every(({ method }) => method === "GET"))
    }))
})
