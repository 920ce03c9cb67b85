import type { Connection } from "@effect-exchange/cli/Connections"
import * as Following from "@effect-exchange/cli/Following"
import { ExchangeSymbol, Health, MarketData } from "@effect-exchange/core"
import * as Exchanges from "@effect-exchange/exchanges/Exchanges"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, TestClock } from "effect"

const symbols = ["BTC/USDT", "ETH/USDT"].map((symbol) => ExchangeSymbol.make(symbol))

/** A simulated exchange without WebSockets. */
const network = (id: Simulator.ExchangeId) =>
  Layer.map(Simulator.layer(id), Context.pick(HttpClient.HttpClient, Simulator.Simulators))

/** A client without WebSockets, and therefore without feeds. */
const socketless = (id: Exchanges.ExchangeId) =>
  Effect.gen(function*() {
    const { market, report } = yield* Effect.all({
      market: MarketData.MarketData,
      report: Effect.map(Health.Health, ({ report }) => report)
    }).pipe(
      Effect.provide(
        yield* Layer.build(
          Exchanges.layerMarketData(id, { environment: Simulator.environment(id), deadline: "90 seconds" }).pipe(
            Layer.provideMerge(Health.layer)
          )
        )
      )
    )
    const connection: Connection = {
      exchange: id,
      market,
      health: Effect.map(report, ({ exchanges: [health] }) => {
        assert(health !== undefined)
        return health
      })
    }
    const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))
    const following = yield* Following.make(connection, symbols, Duration.seconds(1))
    yield* Effect.forkScoped(following.run)
    return { simulator, views: following.views }
  })

describe("markets of an exchange without feeds", () => {
  it.scoped("are polled together once per interval, and have the status polled", () =>
    Effect.gen(function*() {
      const { simulator, views } = yield* socketless("binance")
      yield* TestClock.adjust("10 seconds")
      const tickers = (yield* simulator.requests).filter(({ target }) => target.includes("ticker"))
      assert.isAtLeast(tickers.length, 10)
      assert.isAtMost(tickers.length, 12)
      for (const { ask, bid, receivedAt, last, spread, status } of yield* views) {
        assert.strictEqual(status, "polled")
        for (const price of [ask, bid, last, spread]) assert.match(price ?? "", /^[0-9.]+$/)
        assert.strictEqual(receivedAt, 10_000)
      }
    }).pipe(Effect.provide(network("binance"))))

  it.scoped(
    "are polled within the limits of BitMEX: 30 requests at once, then one per two seconds",
    () =>
      Effect.gen(function*() {
        const { simulator, views } = yield* socketless("bitmex")
        yield* TestClock.adjust("59 seconds")
        assert.isAtMost((yield* simulator.requests).length, 60)
        yield* TestClock.adjust("61 seconds")
        const all = yield* simulator.requests
        assert.isAbove(all.length, 40)
        assert.isTrue(all.every(({ status }) => status === 200))
        const gaps = all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? 0))
        assert.isAtMost(Math.max(...gaps), 15_000)
        assert.deepStrictEqual((yield* views).map(({ status }) => status), ["polled", "polled"])
      }).pipe(Effect.provide(network("bitmex"))),
    20_000
  )

  it.scoped("keep their last prices and age while the exchange is down", () =>
    Effect.gen(function*() {
      const { simulator, views } = yield* socketless("binance")
      yield* TestClock.adjust("2 seconds")
      const [before] = yield* views
      yield* simulator.setFaults(Faults.make({ http503: 1 }))
      yield* TestClock.adjust("2 minutes")
      const [after] = yield* views
      assert.deepStrictEqual([after?.bid, after?.receivedAt], [before?.bid, 2000])
      assert.strictEqual(after?.status, "failed")
      assert.include(["ExchangeUnavailable", "CircuitOpen"], after?.error?.tag)
    }).pipe(Effect.provide(network("binance"))))

  it("are polled less often the less of the limit is left", () => {
    const pause = (used: number) => Duration.toMillis(Following.pace(Duration.seconds(2), used))
    assert.deepStrictEqual([0, 0.5, 0.75, 0.9, 1].map(pause), [2000, 2000, 4000, 10_000, 30_000])
    assert.strictEqual(Duration.toMillis(Following.pace(Duration.minutes(5), 1)), 300_000)
  })
})
