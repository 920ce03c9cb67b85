import { Decimal, FeedItem, Health, MarketData } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { Mock } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Layer, Stream, TestClock } from "effect"
import { Sources } from "../src/index.js"

const okx = Sources.layer({ okx: Exchanges.layerMarketData("okx", { environment: Simulator.environment("okx") }) })
  .pipe(
    Layer.provide(Health.layer),
    Layer.provideMerge(Simulator.layer("okx"))
  )

const start = Effect.gen(function*() {
  yield* TestClock.setTime(Date.UTC(2026, 10, 2))
  const sources = yield* Sources.Sources
  const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("okx"))
  const requestCount = Effect.map(
    simulator.requests,
    (all) => all.filter(({ target }) => target.includes("market/ticker")).length
  )
  return { sources, simulator, requestCount, price: sources.price("okx", "BTC/USDT") }
})

/** Runs the effect while the clock advances by a minute. */
const withTime = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.fork(self), (fiber) => Effect.zipRight(TestClock.adjust("1 minute"), Fiber.join(fiber)))

describe("Sources", () => {
  it.effect("serves prices from the feed while it is live, and calls the exchange while it is not", () =>
    Effect.gen(function*() {
      const { requestCount, price, simulator } = yield* start
      yield* price
      assert.strictEqual(yield* requestCount, 1)
      for (let second = 0; second < 20; second++) {
        yield* TestClock.adjust("3 seconds")
        yield* price
      }
      assert.strictEqual(yield* requestCount, 1)
      yield* simulator.setPrice("BTC/USDT", "61234.5")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(Number((yield* price).price.amount.value), 612_345)

      yield* simulator.disturb({ _tag: "Refuse" })
      yield* simulator.disturb({ _tag: "Close", code: 1006 })
      yield* TestClock.adjust("2 seconds")
      yield* price
      assert.strictEqual(yield* requestCount, 2)
      yield* simulator.disturb({ _tag: "Calm" })
      yield* TestClock.adjust("45 seconds")
      yield* price
      assert.strictEqual(yield* requestCount, 2)
    }).pipe(Effect.provide(okx)))

  for (const [how, end] of [["dies", Stream.dieMessage("a bug")], ["ends", Stream.empty]] as const) {
    it.effect(`does not serve the last ticker of a feed that ${how}`, () =>
      Effect.gen(function*() {
        const { price } = yield* Sources.Sources
        yield* price("kraken", "BTC/USD")
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(Decimal.format((yield* price("kraken", "BTC/USD")).price.amount), "65000")
      }).pipe(Effect.provide(
        Sources.layer({
          kraken: Layer.effect(
            MarketData.MarketData,
            Effect.map(MarketData.MarketData, (market) => ({
              ...market,
              streamTicker: (symbol: string) =>
                Stream.concat(
                  Stream.fromEffect(
                    Effect.map(
                      market.ticker(symbol),
                      (ticker) => FeedItem.FeedItem.Data({ value: { ...ticker, last: Decimal.make("1") } })
                    )
                  ),
                  end
                )
            }))
          ).pipe(Layer.provide(Mock.layer({ "BTC/USD": { last: "65000" } }, { exchange: "kraken" })))
        }).pipe(Layer.provide(Health.layer))
      )))
  }

  for (const id of ["median", "failover", "", "a/b", "__proto__x"]) {
    it.effect(`refuses to serve an exchange as ${JSON.stringify(id)}`, () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(
          Effect.scoped(Sources.make({ [id]: Mock.layer({ "BTC/USD": { last: "1" } }) }))
        )
        assert(Exit.isFailure(exit) && Cause.isDie(exit.cause))
        assert.include(Cause.pretty(exit.cause), `${JSON.stringify(id)} cannot be the id of an exchange`)
      }).pipe(Effect.provide(Health.layer)))
  }

  it.effect("closes a feed that was not used for a minute", () =>
    Effect.gen(function*() {
      const { price, simulator } = yield* start
      yield* price
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* simulator.connections, 1)
      yield* TestClock.adjust("90 seconds")
      assert.strictEqual(yield* simulator.connections, 0)
    }).pipe(Effect.provide(okx)))

  it.effect("a hundred concurrent requests share one call to the exchange", () =>
    Effect.gen(function*() {
      const { simulator, sources } = yield* start
      const { orderBook } = yield* sources.market("okx")
      yield* simulator.setFaults(Faults.make({ latency: { min: "1 second", max: "1 second" } }))
      yield* withTime(
        Effect.all(Array.from({ length: 100 }, () => orderBook("BTC/USDT")), { concurrency: "unbounded" })
      )
      const requests = yield* simulator.requests
      assert.strictEqual(requests.filter(({ target }) => target.includes("books")).length, 1)
    }).pipe(Effect.provide(okx)))

  it.effect("reuses a response for less than a second, and only for the same request", () =>
    Effect.gen(function*() {
      const { simulator, sources } = yield* start
      const { orderBook } = yield* sources.market("okx")
      const book = orderBook("BTC/USDT", { depth: 5 })
      const requestCount = Effect.map(simulator.requests, (all) =>
        all.filter(({ target }) => target.includes("books")).length)
      yield* Effect.zipRight(book, book)
      assert.strictEqual(yield* requestCount, 1)
      yield* Effect.zipRight(TestClock.adjust("1 second"), book)
      assert.strictEqual(yield* requestCount, 2)
      yield* orderBook("BTC/USDT", { depth: 6 })
      assert.strictEqual(yield* requestCount, 3)
    }).pipe(Effect.provide(okx)))

  it.effect("serves a stale price only if it is at most maxStale old", () =>
    Effect.gen(function*() {
      const { simulator, sources } = yield* start
      const price = (maxStale?: Duration.Duration) => sources.price("okx", "BTC/USDT", maxStale)
      yield* price()
      yield* simulator.setFaults(Faults.outage)
      yield* simulator.disturb({ _tag: "Refuse" })
      yield* simulator.disturb({ _tag: "Close", code: 1006 })
      yield* TestClock.adjust("10 seconds")
      const requestPrice = (maxStale?: Duration.Duration) => withTime(Effect.either(price(maxStale)))
      assert.strictEqual((yield* requestPrice(Duration.minutes(10)))._tag, "Right")
      const refused = yield* requestPrice(Duration.seconds(5))
      assert.strictEqual(refused._tag, "Left")
      assert.strictEqual((yield* requestPrice())._tag, "Left")
    }).pipe(Effect.provide(okx)))

  it.effect("returns the start of the next page of candles", () =>
    Effect.gen(function*() {
      const { sources } = yield* start
      const from = Date.UTC(2026, 10, 1)
      const first = yield* sources.candles("okx", "BTC/USDT", "1h", { from, limit: 3 })
      assert.deepStrictEqual(first.candles.map(({ openTime }) => (openTime - from) / 3_600_000), [0, 1, 2])
      assert.strictEqual(first.next, from + 3 * 3_600_000)
      const rest = yield* sources.candles("okx", "BTC/USDT", "1h", { from, to: from + 3 * 3_600_000, limit: 3 })
      assert.deepStrictEqual([rest.candles.length, rest.next], [3, undefined])
    }).pipe(Effect.provide(okx)))
})
