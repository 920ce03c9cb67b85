import { Exchanges } from "@effect-exchange/exchanges"
import * as Dialects from "@effect-exchange/simulator/Dialects"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { network, runCommand, session } from "./utils.js"

// An exchange of another package: it has an adapter and a dialect, and an id that no exchange of the command has.
const exchange: Exchanges.Listed = {
  features: Exchanges.features("okx"),
  layerMarketData: (options) => Exchanges.layerMarketData("okx", options),
  layerAccount: (options) => Exchanges.layerAccount("okx", options),
  layer: (options) => Exchanges.layerTrading("okx", options)
}
const exchanges = [{ exchange, dialect: { ...Dialects.dialects.okx, id: "acme" } }]

const run = (line: string, env: Readonly<Record<string, string>> = {}) =>
  runCommand(line, { env, exchanges, program: "acme" })

const answers = (line: string, expected: string) =>
  it.effect(line, () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run(line)
      assert.strictEqual(code, 0, err)
      assert.include(out, expected)
    }))

describe("an exchange of another package", () => {
  for (
    const [line, expected] of [
      ["price BTC/USDT -e acme --json", "\"exchange\": \"acme\""],
      ["markets btc -e acme", "BTC/USDT"],
      ["balance -e acme", "BTC"],
      ["orders -e acme", "No open orders."],
      ["positions -e acme", "No open positions."],
      ["order place buy 0.01 BTC/USDT --limit 60000 -e acme", "buy"],
      ["order cancel-all BTC/USDT -e acme", "acme BTC/USDT: no order is left to cancel"],
      ["call GET /api/v5/public/time -e acme", "\"ts\""],
      ["health -e acme", "ok"],
      ["keys check -e acme --environment simulated", "acme"],
      ["doctor -e acme --environment simulated", "acme"]
    ] as const
  ) answers(line, expected)
})

describe("streams of it", () => {
  for (const line of ["book BTC/USDT -e acme", "trades BTC/USDT -e acme", "watch BTC/USDT -e acme"] as const) {
    it.effect(line, () =>
      Effect.gen(function*() {
        const { err, out, run, stop } = yield* session(`${line} --json`, { exchanges })
        const fiber = yield* Effect.fork(run)
        yield* TestClock.adjust("3 seconds")
        yield* stop("SIGINT")
        assert.strictEqual(yield* Fiber.join(fiber), 0, err())
        assert.include(out(), "\"exchange\":\"acme\"")
      }).pipe(Effect.provide(network)))
  }
})

describe("names of exchanges", () => {
  it.effect("include it in the help, the completions and the advice", () =>
    Effect.gen(function*() {
      assert.include((yield* run("price --help")).out.replace(/\s+/g, " "), "kraken, okx, acme. Default: all.")
      assert.include((yield* run("--completions bash")).out, "kraken okx acme")
      assert.include((yield* run("price BTC/USDT -e acne")).err, "Did you mean acme?")
    }))

  it.effect("include no other in the command without it", () =>
    Effect.gen(function*() {
      const { code, err } = yield* runCommand("price BTC/USDT -e acme")
      assert.strictEqual(code, 2)
      assert.include(err, "No exchange is called \"acme\"")
    }))
})

describe("its keys", () => {
  it.effect("are variables of the command", () =>
    Effect.gen(function*() {
      const { out } = yield* run("config --all", { ACME_API_KEY: "key" })
      assert.match(out, /^ACME_API_KEY +<redacted> +environment/m)
    }))

  it.effect("are read under its id, and a misspelt name is noticed", () =>
    Effect.gen(function*() {
      const missing = yield* run("balance -e acme --environment live", { ACME_API_KEY: "key" })
      assert.strictEqual(missing.code, 2)
      assert.include(missing.err, "Set ACME_API_SECRET and ACME_API_PASSPHRASE")
      const misspelt = yield* run("doctor -e acme --environment simulated", { ACME_API_SECRT: "secret" })
      assert.include(misspelt.out, "Did you mean ACME_API_SECRET?")
    }))
})

describe("a request that may change something", () => {
  it.effect("is only shown if it is signed, because nothing is known about its endpoints", () =>
    Effect.gen(function*() {
      const { out } = yield* run("call GET /api/v5/account/balance --signed -e acme --environment live")
      assert.include(out, "Nothing was sent.")
    }))
})
