import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Stream, TestClock } from "effect"
import { type Candle, Composite, Decimal, ExchangeError, ExchangeSymbol, MarketData, type Price } from "../src/index.js"

const symbol = ExchangeSymbol.make("BTC/USDT")
const now = 1_000_000

const about = (exchange: string) => ({ exchange, operation: "price", detail: "no" })
const dead = (exchange: string) => new ExchangeError.ExchangeUnavailable({ ...about(exchange), outcome: "Unknown" })

interface Says {
  readonly price?: Effect.Effect<Price.Price, ExchangeError.MarketDataError>
  readonly candles?: Stream.Stream<Candle.Candle, ExchangeError.MarketDataError>
}

/** A source that knows prices and candles and dies when asked for anything else. */
const source = (exchange: string, says: Says) => {
  let asked = 0
  const no = () => Effect.die(`${exchange} was asked for something else`)
  const service: MarketData.MarketData.Service = {
    exchange,
    markets: Effect.die("not asked"),
    market: no,
    price: () =>
      Effect.suspend(() => {
        asked++
        return says.price ?? Effect.fail(dead(exchange))
      }),
    ticker: no,
    tickers: no,
    orderBook: no,
    trades: no,
    candles: () => says.candles ?? Stream.fail(dead(exchange)),
    status: Effect.die("not asked"),
    serverTime: Effect.die("not asked")
  }
  return { layer: Layer.succeed(MarketData.MarketData, service), asked: () => asked }
}

const quoted = (exchange: string, amount: string, rest: Partial<Price.Price> = {}) =>
  Effect.succeed<Price.Price>({
    symbol,
    amount: Decimal.make(amount),
    currency: "USDT",
    basis: "last",
    source: exchange,
    observedAt: now,
    ...rest
  })

const price = <E>(layer: Layer.Layer<MarketData.MarketData, E>) =>
  Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT")).pipe(Effect.provide(layer))

const at = TestClock.setTime(now)

describe("Composite.failover", () => {
  it.effect("asks the first, and the next only when it fails; the answer names who gave it", () =>
    Effect.gen(function*() {
      yield* at
      const well = source("well", { price: quoted("well", "1") })
      const spare = source("spare", { price: quoted("spare", "2") })
      assert.strictEqual((yield* price(Composite.failover([well.layer, spare.layer]))).source, "well")
      assert.strictEqual(spare.asked(), 0)
      const ill = source("ill", {})
      assert.strictEqual((yield* price(Composite.failover([ill.layer, spare.layer]))).source, "spare")
    }))

  it.effect("what is wrong with the call is said at once; when all fail, the last error is the call's", () =>
    Effect.gen(function*() {
      yield* at
      const refusing = source("refusing", { price: new ExchangeError.InvalidRequest(about("refusing")) })
      const spare = source("spare", { price: quoted("spare", "2") })
      const error = yield* Effect.flip(price(Composite.failover([refusing.layer, spare.layer])))
      assert.instanceOf(error, ExchangeError.InvalidRequest)
      assert.strictEqual(spare.asked(), 0)
      const last = yield* Effect.flip(
        price(Composite.failover([source("a", {}).layer, source("b", {}).layer]))
      )
      assert.strictEqual(last.exchange, "b")
    }))

  it.effect("one that lags is given up after its patience, and not before", () =>
    Effect.gen(function*() {
      yield* at
      const slow = source("slow", { price: Effect.never })
      const spare = source("spare", { price: quoted("spare", "2") })
      const fiber = yield* Effect.fork(
        price(Composite.failover([slow.layer, spare.layer], { patience: "3 seconds" }))
      )
      yield* TestClock.adjust(Duration.millis(2999))
      assert.strictEqual(spare.asked(), 0)
      yield* TestClock.adjust(Duration.millis(1))
      assert.strictEqual((yield* Fiber.join(fiber)).source, "spare")
    }))

  it.effect("a price older than maximumAge counts as a failure; one as old does not", () =>
    Effect.gen(function*() {
      yield* at
      const old = (age: number) => source("old", { price: quoted("old", "1", { observedAt: now - age }) }).layer
      const spare = source("spare", { price: quoted("spare", "2") }).layer
      const from = (age: number) =>
        Effect.map(price(Composite.failover([old(age), spare], { maximumAge: "10 seconds" })), ({ source }) => source)
      assert.strictEqual(yield* from(10_000), "old")
      assert.strictEqual(yield* from(10_001), "spare")
      assert.strictEqual(yield* from(-10_001), "spare")
    }))

  it.effect("a series of candles changes its source before the first candle and never after", () =>
    Effect.gen(function*() {
      const candle = (exchange: string): Candle.Candle => ({
        exchange,
        symbol,
        interval: "1m",
        openTime: 0,
        open: Decimal.make("1"),
        high: Decimal.make("1"),
        low: Decimal.make("1"),
        close: Decimal.make("1"),
        volume: Decimal.make("1"),
        isOpen: false
      })
      const read = (first: Says["candles"]) =>
        Effect.flatMap(MarketData.MarketData, (market) =>
          Effect.either(
            Stream.runCollect(Stream.map(market.candles("BTC/USDT", "1m", { from: 0 }), ({ exchange }) => exchange))
          )).pipe(Effect.provide(Composite.failover([
            source("first", first === undefined ? {} : { candles: first }).layer,
            source("second", { candles: Stream.make(candle("second")) }).layer
          ])))
      const before = yield* read(undefined)
      assert.deepStrictEqual(before._tag === "Right" ? [...before.right] : [], ["second"])
      const after = yield* read(Stream.concat(Stream.make(candle("first")), Stream.fail(dead("first"))))
      assert.strictEqual(after._tag, "Left")
    }))
})

describe("Composite.median", () => {
  const sources = (...prices: ReadonlyArray<readonly [string, Says["price"]]>) => {
    const [first, ...rest] = prices.map(([name, price]) => source(name, price === undefined ? {} : { price }).layer)
    return first === undefined ? assert.fail("no source") : [first, ...rest] as const
  }

  it.effect("is the middle of three, exactly, and says of which", () =>
    Effect.gen(function*() {
      yield* at
      const found = yield* price(Composite.median({
        sources: sources(
          ["a", quoted("a", "100.1")],
          ["b", quoted("b", "100.3", { observedAt: now - 5 })],
          ["c", quoted("c", "100.2")]
        )
      }))
      assert.strictEqual(Decimal.format(found.amount), "100.2")
      assert.strictEqual(found.basis, "median")
      assert.strictEqual(found.observedAt, now - 5)
      assert.deepStrictEqual(found.sources?.map(({ source }) => source), ["a", "b", "c"])
      assert.deepStrictEqual(found.rejected, [])
    }))

  it.effect("of an even number it is the mean of the middle two", () =>
    Effect.gen(function*() {
      yield* at
      const found = yield* price(Composite.median({
        sources: sources(["a", quoted("a", "100.1")], ["b", quoted("b", "100.2")])
      }))
      assert.strictEqual(Decimal.format(found.amount), "100.15")
    }))

  it.effect("one that lies is rejected and named; so are one that is dead, one that is old and one that is slow", () =>
    Effect.gen(function*() {
      yield* at
      const fiber = yield* Effect.fork(price(Composite.median({
        sources: sources(
          ["honest", quoted("honest", "100")],
          ["liar", quoted("liar", "150")],
          ["dead", undefined],
          ["old", quoted("old", "100", { observedAt: now - 61_000 })],
          ["slow", Effect.never],
          ["fair", quoted("fair", "101")],
          ["same", quoted("same", "100.5")]
        ),
        patience: "2 seconds"
      })))
      yield* TestClock.adjust("2 seconds")
      const found = yield* Fiber.join(fiber)
      assert.deepStrictEqual(found.sources?.map(({ source }) => source), ["honest", "fair", "same"])
      assert.strictEqual(Decimal.format(found.amount), "100.5")
      assert.deepStrictEqual(
        new Map(found.rejected?.map(({ reason, source }) => [source, reason])),
        new Map([
          ["dead", "failed: ExchangeUnavailable"],
          ["old", "is 1m 3s old"],
          ["slow", "failed: RequestTimedOut"],
          ["liar", "deviates: it says 150"]
        ])
      )
    }))

  it.effect("fewer than minimumSources is no price, and the error says what was wrong with the others", () =>
    Effect.gen(function*() {
      yield* at
      const two = { sources: sources(["a", quoted("a", "100")], ["b", undefined]) }
      const error = yield* Effect.flip(price(Composite.median(two)))
      assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
      assert.include(error.message, "1 of 2 sources agree on BTC/USDT, 2 must: b failed: ExchangeUnavailable")
      assert.strictEqual(Decimal.format((yield* price(Composite.median({ ...two, minimumSources: 1 }))).amount), "100")
    }))

  it.effect("two that disagree have no majority", () =>
    Effect.gen(function*() {
      yield* at
      const error = yield* Effect.flip(price(Composite.median({
        sources: sources(["a", quoted("a", "100")], ["b", quoted("b", "110")]),
        maximumDeviation: "0.01"
      })))
      assert.include(error.message, "0 of 2 sources")
    }))

  it.effect("a malformed symbol is the caller's fault and not the sources'", () =>
    Effect.gen(function*() {
      yield* at
      const wrong = new ExchangeError.InvalidRequest(about("a"))
      const error = yield* Effect.flip(
        price(Composite.median({ sources: sources(["a", wrong], ["b", quoted("b", "1")]) }))
      )
      assert.instanceOf(error, ExchangeError.InvalidRequest)
    }))
})
