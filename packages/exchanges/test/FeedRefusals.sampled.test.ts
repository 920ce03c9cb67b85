import { MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { FeedSuite, InterceptedSockets } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { everyNth } from "../../resilience/test/support/sample.js"
import * as Support from "./support/exchanges.js"

const pass = (seconds: number) => TestClock.adjust(`${seconds} seconds`)

/**
 * The error of a stream whose market the exchange refuses. Coinbase leaves the product out of its confirmation.
 * Binance confirms everything, and its stream is silent.
 */
const refusals: Readonly<Record<Simulator.ExchangeId, string | undefined>> = {
  binance: undefined,
  bitmex: "InvalidRequest",
  bybit: "InvalidRequest",
  coinbase: "RequestTimedOut",
  deribit: "InvalidRequest",
  kraken: "SymbolNotFound",
  okx: "SymbolNotFound"
}

describe.each(everyNth(3, Simulator.exchangeIds))("a market that %s has delisted", (exchange) => {
  const refusing = (subscription: "new" | "existing") =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 2))
      const market = yield* MarketData.MarketData
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get(exchange))
      const other = yield* Effect.fromNullable(
        (yield* market.markets).find(({ kind, symbol }) => kind === "spot" && symbol !== Support.symbol)
      )
      const trades = FeedSuite.recordItems(market.streamTrades(other.symbol))
      const kept = yield* FeedSuite.recordItems(market.streamTrades(Support.symbol))
      const existing = subscription === "existing" ? yield* trades : undefined
      yield* pass(5)
      yield* simulator.disturb({ _tag: "Delist", market: exchange === "kraken" ? other.symbol : other.id })
      if (subscription === "existing") yield* simulator.disturb({ _tag: "Close", code: 1012 })
      const refused = existing ?? (yield* trades)
      const received = refused.values().length
      yield* pass(60)

      assert.strictEqual(refused.values().length, received)
      const error = refused.failure()
      assert.strictEqual(error?._tag, refusals[exchange])
      const before = kept.values().length
      yield* pass(15)
      assert.isAbove(kept.values().length, before)
      assert.isUndefined(kept.failure())
      const expected = subscription === "existing" ? ["Connected", "Reconnecting", "Resynced"] : ["Connected"]
      assert.deepStrictEqual(kept.statuses(), expected)

      yield* simulator.disturb({ _tag: "Calm" })
      if (exchange === "binance") return
      const listed = yield* trades
      yield* pass(15)
      assert.isAbove(listed.values().length, 0)
    }).pipe(Effect.provide(Layer.provideMerge(Support.marketData(exchange), Simulator.layer(exchange))))

  it.effect("fails a new subscription, and no other", () => refusing("new"))
  it.effect("fails an existing subscription after a reconnect, and no other", () => refusing("existing"))
})

describe("a refusal of Kraken with an unknown message", () => {
  it.effect("fails with InvalidRequest and the exchange's message", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 2))
      const market = yield* MarketData.MarketData
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("kraken"))
      yield* simulator.disturb({ _tag: "Delist", market: Support.symbol })
      const refused = yield* FeedSuite.recordItems(market.streamTrades(Support.symbol))
      yield* pass(15)
      const error = refused.failure()
      assert.strictEqual(error?._tag, "InvalidRequest")
      assert.include(error?.message, "Subscriptions are closed on Sundays")
    }).pipe(Effect.provide(Layer.provideMerge(
      Support.marketData("kraken"),
      Layer.provideMerge(
        InterceptedSockets.layer({
          rewrite: (text) => text.replace(/Currency pair not supported [^"]*/, "Subscriptions are closed on Sundays")
        }),
        Simulator.layer("kraken")
      )
    ))))
})

describe("a refusal for the time being", () => {
  /** OKX's system error, and its limit of requests. */
  const temporary = ["63999", "50011"]

  it.effect.each(temporary)("of an existing subscription is repeated until the exchange accepts it (%s)", (code) => {
    let isRefusing = false
    return Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 2))
      const market = yield* MarketData.MarketData
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("okx"))
      const trades = yield* FeedSuite.recordItems(market.streamTrades(Support.symbol))
      yield* pass(5)
      const id = "BTC-USDT"
      yield* simulator.disturb({ _tag: "Delist", market: id })
      yield* simulator.disturb({ _tag: "Close", code: 1012 })
      isRefusing = true
      yield* pass(15)
      assert.isUndefined(trades.failure())
      assert.deepStrictEqual(trades.statuses(), ["Connected", "Reconnecting"])

      yield* simulator.disturb({ _tag: "Calm" })
      const before = trades.values().length
      yield* pass(30)
      assert.deepStrictEqual(trades.statuses(), ["Connected", "Reconnecting", "Resynced"])
      assert.isAbove(trades.values().length, before)
    }).pipe(Effect.provide(Layer.provideMerge(
      Support.marketData("okx"),
      Layer.provideMerge(
        InterceptedSockets.layer({
          rewrite: (text) => isRefusing ? text.replace("\"60018\"", `"${code}"`) : text
        }),
        Simulator.layer("okx")
      )
    )))
  })
})
