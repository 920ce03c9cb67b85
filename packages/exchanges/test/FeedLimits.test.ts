import { ExchangeState, FeedItem, Health, MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { InterceptedSockets } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream, TestClock } from "effect"
import { First, Second, twoServices } from "./shared/application.js"
import * as Support from "./support/exchanges.js"

const sockets = (dials: InterceptedSockets.Instants) =>
  Layer.provideMerge(InterceptedSockets.layer({ dials }), Simulator.layer("okx"))

const listen = (market: MarketData.MarketData.Service) =>
  Effect.forkScoped(Stream.runDrain(FeedItem.data(market.streamTicker(Support.symbol))))

/** Closes every connection repeatedly. The client reconnects immediately. */
const storm = Effect.gen(function*() {
  const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("okx"))
  for (let time = 0; time < 60; time++) {
    yield* simulator.disturb({ _tag: "Close", code: 1006 })
    yield* TestClock.adjust("100 millis")
  }
}).pipe(Effect.withRandomFixed([0]))

describe("connections of OKX, limited to three a second", () => {
  const apart: InterceptedSockets.Instants = []
  it.scoped("are paced while reconnecting, together for two Layers of one application", () =>
    Effect.gen(function*() {
      for (const market of [yield* First, yield* Second]) yield* listen(market)
      yield* TestClock.adjust("5 seconds")
      yield* storm
      assert.isAtLeast(apart.length, 12)
      assert.isAtMost(Support.mostWithin(apart, 1000), 3)
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          twoServices(Support.marketData("okx"), Support.marketData("okx", { marketsMaxAge: "2 hours" })),
          sockets(apart)
        )
      ),
      Effect.withRandomFixed([0])
    ))

  const narrowed: InterceptedSockets.Instants = []
  it.scoped("count against limits that can be changed, and are reported in Health", () =>
    Effect.gen(function*() {
      yield* listen(yield* MarketData.MarketData)
      yield* TestClock.adjust("1 seconds")
      const { exchanges: [health] } = yield* Effect.flatMap(Health.Health, ({ report }) => report)
      assert.isAbove(health?.limits.find(({ scope }) => scope === "connections")?.used ?? 0, 0)
      // A lowered limit applies to sockets, too.
      const { setLimit } = yield* ExchangeState.ExchangeState
      yield* setLimit("okx", "connections", { limit: 1, window: "2 seconds" })
      yield* storm
      assert.isAtMost(Support.mostWithin(narrowed, 2000), 3)
      assert.isAtMost(Support.mostWithin(narrowed.slice(3), 2000), 1)
    }).pipe(
      Effect.provide(
        Support.marketData("okx").pipe(
          Layer.provideMerge(Layer.merge(Health.layer, ExchangeState.layer)),
          Layer.provideMerge(sockets(narrowed))
        )
      ),
      Effect.withRandomFixed([0])
    ))
})

describe("messages to Coinbase, limited to eight a second for an address", () => {
  const sends: InterceptedSockets.Instants = []
  const every = ({ streamCandles, streamOrderBook, streamTicker, streamTrades }: MarketData.MarketData.Service) =>
    Effect.forEach(
      [
        streamTicker(Support.symbol),
        streamTrades(Support.symbol),
        streamOrderBook(Support.symbol),
        streamCandles(Support.symbol, "5m")
      ],
      (stream) => Effect.forkScoped(Stream.runDrain<unknown, unknown, never>(stream))
    )

  it.scoped("are paced together for all connections of an application", () =>
    Effect.gen(function*() {
      for (const market of [yield* First, yield* Second]) yield* every(market)
      yield* TestClock.adjust("10 seconds")
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("coinbase"))
      for (let time = 0; time < 5; time++) {
        yield* simulator.disturb({ _tag: "Close", code: 1006 })
        yield* TestClock.adjust("2 seconds")
      }
      assert.isAtLeast(sends.length, 40)
      assert.isAtMost(Support.mostWithin(sends, 1000), 8)
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          twoServices(Support.marketData("coinbase"), Support.marketData("coinbase", { marketsMaxAge: "2 hours" })),
          Layer.provideMerge(InterceptedSockets.layer({ sends }), Simulator.layer("coinbase"))
        )
      ),
      Effect.withRandomFixed([0])
    ))
})
