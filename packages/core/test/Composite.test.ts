import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Fiber, Layer, Logger, LogLevel, Metric, Option, Stream, TestClock } from "effect"
import {
  type Candle,
  Composite,
  Decimal,
  ExchangeError,
  FeedItem,
  MarketData,
  Telemetry,
  type Trade
} from "../src/index.js"
import { about, at, now, price, quoted, source, type SourceResponses, symbol, unavailable } from "./support/sources.js"

describe("Composite.failover", () => {
  it.effect("asks the first source, and the next only if it fails; the price names its source", () =>
    Effect.gen(function*() {
      yield* at
      const well = source("well", { price: quoted("well", "1") })
      const spare = source("spare", { price: quoted("spare", "2") })
      assert.strictEqual((yield* price(Composite.failover([well.layer, spare.layer]))).source, "well")
      assert.strictEqual(spare.asked(), 0)
      const ill = source("ill", {})
      assert.strictEqual((yield* price(Composite.failover([ill.layer, spare.layer]))).source, "spare")
    }))

  it.effect("skips a source that has none of the requested tickers, and uses one that has some", () =>
    Effect.gen(function*() {
      yield* at
      const tickers = (exchange: string) => () =>
        Effect.succeed([{ exchange, symbol, at: now, last: Decimal.make("1") }])
      const [none, some] = [
        source("none", { tickers: () => Effect.succeed([]) }),
        source("some", { tickers: tickers("some") })
      ]
      const from = (layer: Layer.Layer<MarketData.MarketData>) =>
        Effect.provide(
          Effect.flatMap(MarketData.MarketData, (market) => market.tickers([symbol, "ETH/USDT"])),
          layer
        )
      const found = yield* from(Composite.failover([none.layer, some.layer]))
      assert.deepStrictEqual(found.map(({ exchange }) => exchange), ["some"])
      const error = yield* Effect.flip(from(Composite.failover([none.layer])))
      assert.include(error.message, "no source can serve the request: none: ")
    }))

  it.effect("fails immediately if the call is invalid; if all sources fail, the error names each with its reason", () =>
    Effect.gen(function*() {
      yield* at
      const refusing = source("refusing", { price: new ExchangeError.InvalidRequest(about("refusing")) })
      const spare = source("spare", { price: quoted("spare", "2") })
      const error = yield* Effect.flip(price(Composite.failover([refusing.layer, spare.layer])))
      assert.instanceOf(error, ExchangeError.InvalidRequest)
      assert.strictEqual(spare.asked(), 0)
      const limited = new ExchangeError.RateLimited({ ...about("b"), detail: "slow down", retryAfter: Duration.zero })
      const last = yield* Effect.flip(
        price(Composite.failover([source("a", {}).layer, source("b", { price: limited }).layer]))
      )
      assert.instanceOf(last, ExchangeError.ExchangeUnavailable)
      assert.strictEqual(last.exchange, "failover")
      assert.include(last.message, "a: ExchangeUnavailable, no; b: RateLimited, slow down")
    }))

  it.effect("continues after a source that has shut down or answers with an unexpected InvalidRequest", () =>
    Effect.gen(function*() {
      yield* at
      const invalidRequest = (status: number) => new ExchangeError.InvalidRequest({ ...about("odd"), status })
      for (const status of [400, 404, 405, 410, 421]) {
        const shutDown = source("gone", { price: invalidRequest(status) })
        const coded = source("coded", { price: new ExchangeError.InvalidRequest({ ...about("coded"), code: "-1" }) })
        const spare = source("spare", { price: quoted("spare", "2") })
        assert.strictEqual(
          (yield* price(Composite.failover([shutDown.layer, coded.layer, spare.layer]))).source,
          "spare"
        )
        const median = Composite.median({ sources: [shutDown.layer, coded.layer, spare.layer], minimumSources: 1 })
        assert.strictEqual((yield* price(median)).rejected?.length, 2)
      }
    }))

  it.effect("fails with SymbolNotFound if no source lists the symbol, and with Unsupported if one does not support the call", () =>
    Effect.gen(function*() {
      yield* at
      const unlisted = (name: string) =>
        source(name, { price: new ExchangeError.SymbolNotFound({ ...about(name), symbol: "BTC/USDT" }) }).layer
      const unable = source("c", { price: new ExchangeError.Unsupported({ ...about("c"), alternative: "none" }) }).layer
      const none = yield* Effect.flip(price(Composite.failover([unlisted("a"), unlisted("b")])))
      assert.instanceOf(none, ExchangeError.SymbolNotFound)
      assert.include(none.message, "a: SymbolNotFound, no; b: SymbolNotFound, no")
      const neither = yield* Effect.flip(price(Composite.failover([unlisted("a"), unable])))
      assert.instanceOf(neither, ExchangeError.Unsupported)
    }))

  it.effect("warns of the first failover only, counts every one, and logs the switch back", () =>
    Effect.gen(function*() {
      yield* at
      let down = true
      const first = source("flaky", {
        price: Effect.suspend(() => down ? Effect.fail(unavailable("flaky")) : quoted("flaky", "1"))
      })
      const spare = source("backup", { price: quoted("backup", "2") })
      const logged: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        if (logLevel.ordinal >= LogLevel.Info.ordinal) logged.push(`${logLevel.label} ${JSON.stringify(message)}`)
      })
      const read = Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT"))
      const count = Metric.value(Telemetry.failovers.pipe(
        Metric.tagged("exchange", "flaky"),
        Metric.tagged("operation", "price"),
        Metric.tagged("error", "ExchangeUnavailable")
      ))
      const before = (yield* count).count
      yield* Effect.gen(function*() {
        yield* Effect.replicateEffect(read, 3)
        down = false
        yield* Effect.replicateEffect(read, 2)
        down = true
        yield* read
      }).pipe(
        Effect.provide(Composite.failover([first.layer, spare.layer])),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      assert.deepStrictEqual(logged.map((line) => line.replace(/^(\w+) \["([^"]*)".*$/, "$1 $2")), [
        "WARN Failed over to another source",
        "INFO Switched back to an earlier source",
        "WARN Failed over to another source"
      ])
      assert.include(logged[0], "flaky: ExchangeUnavailable")
      assert.strictEqual((yield* count).count - before, 4)
    }))

  it.effect("a Layer that is both a source and used by the program is built once if merged with the composite", () =>
    Effect.gen(function*() {
      yield* at
      let built = 0
      class Own extends Context.Tag("test/Own")<Own, MarketData.MarketData.Service>() {}
      const shared = Layer.effectContext(
        Effect.map(
          Effect.flatMap(MarketData.MarketData, (service) => Effect.sync(() => (built++, service))),
          (service) => Context.make(Own, service).pipe(Context.add(MarketData.MarketData, service))
        )
      ).pipe(Layer.provide(source("shared", { price: quoted("shared", "1") }).layer))
      const other = source("other", { price: quoted("other", "1") }).layer
      const composites = [
        Composite.failover([shared, other]),
        Composite.median({ sources: [other, shared] })
      ]
      for (const composite of composites) {
        built = 0
        yield* Effect.all([Own, MarketData.MarketData]).pipe(Effect.provide(Layer.merge(shared, composite)))
        assert.strictEqual(built, 1)
        yield* Effect.all([Own, MarketData.MarketData]).pipe(Effect.provide(Layer.provideMerge(composite, shared)))
        assert.strictEqual(built, 2)
      }
    }))

  it.effect("abandons a slow source after its patience, and not before", () =>
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

  it.effect("abandons a slow source after its patience in an uninterruptible region too, such as a finalizer", () =>
    Effect.gen(function*() {
      yield* at
      const hanging = source("slow", { price: Effect.never })
      const spare = source("spare", { price: quoted("spare", "2") })
      const program = Effect.flatMap(
        MarketData.MarketData,
        (market) => Effect.acquireRelease(Effect.void, () => Effect.ignore(market.price("BTC/USDT")))
      )
      const failover = Composite.failover([hanging.layer, spare.layer], { patience: "3 seconds" })
      const fiber = yield* Effect.fork(Effect.provide(Effect.scoped(program), failover))
      yield* TestClock.adjust("3 seconds")
      assert.isTrue(Option.isSome(yield* Fiber.poll(fiber)))
    }))

  it.effect("treats a price older than maximumAge as a failure, and one of exactly that age as valid", () =>
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

  it.effect("a stream of candles fails over before the first candle and not after it", () =>
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
      const read = (first: SourceResponses["candles"]) =>
        Effect.flatMap(MarketData.MarketData, (market) =>
          Effect.either(
            Stream.runCollect(Stream.map(market.candles("BTC/USDT", "1m", { from: 0 }), ({ exchange }) => exchange))
          )).pipe(Effect.provide(Composite.failover([
            source("first", first === undefined ? {} : { candles: first }).layer,
            source("second", { candles: Stream.make(candle("second")) }).layer
          ])))
      const before = yield* read(undefined)
      assert.deepStrictEqual(before._tag === "Right" ? [...before.right] : [], ["second"])
      const after = yield* read(Stream.concat(Stream.make(candle("first")), Stream.fail(unavailable("first"))))
      assert.strictEqual(after._tag, "Left")
    }))
})

describe("Composite.failover of a stream", () => {
  const { Connected, Data } = FeedItem.FeedItem
  const trade = (exchange: string): Trade.Trade => ({
    exchange,
    symbol,
    id: "1",
    side: "buy",
    price: Decimal.make("1"),
    amount: Decimal.make("1"),
    at: 0
  })
  const streamed = (first: SourceResponses["trades"]) =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const received: Array<string> = []
      const ended = yield* Effect.either(
        Stream.runForEach(market.streamTrades("BTC/USDT"), (item) =>
          Effect.sync(() => received.push(item._tag === "Data" ? item.value.exchange : item._tag)))
      )
      return { received, ended: ended._tag === "Left" ? ended.left._tag : "end" }
    }).pipe(Effect.provide(Composite.failover([
      source("first", first === undefined ? {} : { trades: first }).layer,
      source("second", { trades: Stream.make(Connected(), Data({ value: trade("second") })) }).layer
    ])))

  it.effect("continues with the next source if the first cannot begin", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* streamed(undefined), { received: ["Connected", "second"], ended: "end" })
    }))

  const down = FeedItem.FeedItem.Reconnecting({ since: 0, because: "could not connect" })
  const upAfter = (duration: Duration.DurationInput) =>
    Stream.concat(
      Stream.make(down),
      Stream.fromEffect(Effect.delay(Effect.succeed(Data({ value: trade("first") })), duration))
    )

  it.effect("continues with the next source if the first is not connected within the patience", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(streamed(upAfter("6 seconds")))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), { received: ["Connected", "second"], ended: "end" })
    }))

  it.effect("stays with a source that connects within the patience", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(streamed(upAfter("4 seconds")))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), { received: ["Reconnecting", "first"], ended: "end" })
    }))

  it.effect("lets the last source try for as long as it takes, and shows its status", () =>
    Effect.gen(function*() {
      const received: Array<string> = []
      const fiber = yield* Effect.flatMap(MarketData.MarketData, (market) =>
        Stream.runForEach(market.streamTrades("BTC/USDT"), ({ _tag }) =>
          Effect.sync(() => received.push(_tag)))).pipe(
          Effect.provide(Composite.failover([source("only", { trades: upAfter("1 hour") }).layer])),
          Effect.fork
        )
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(received, ["Reconnecting"])
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(received, ["Reconnecting", "Data"])
    }))

  it.effect("does not fail over after the first item, or after SlowConsumer", () =>
    Effect.gen(function*() {
      const begun = Stream.make(Connected(), Data({ value: trade("first") }))
      const after = yield* streamed(Stream.concat(begun, Stream.fail(unavailable("first"))))
      assert.deepStrictEqual(after.received, ["Connected", "first"])
      assert.notStrictEqual(after.ended, "end")
      const slow = new FeedItem.SlowConsumer({ exchange: "first", operation: "streamTrades", capacity: 1 })
      assert.deepStrictEqual(yield* streamed(Stream.fail(slow)), { received: [], ended: "SlowConsumer" })
    }))
})

describe("Composite.median", () => {
  const sources = (...prices: ReadonlyArray<readonly [string, SourceResponses["price"]]>) => {
    const [first, ...rest] = prices.map(([name, price]) => source(name, price === undefined ? {} : { price }).layer)
    return first === undefined ? assert.fail("no source") : [first, ...rest] as const
  }

  it.effect("is the exact median of three prices and names its sources", () =>
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

  it.effect("is the mean of the middle two for an even number of sources", () =>
    Effect.gen(function*() {
      yield* at
      const found = yield* price(Composite.median({
        sources: sources(["a", quoted("a", "100.1")], ["b", quoted("b", "100.2")])
      }))
      assert.strictEqual(Decimal.format(found.amount), "100.15")
    }))

  it.effect("rejects and names outlying, failing, stale and slow sources", () =>
    Effect.gen(function*() {
      yield* at
      const fiber = yield* Effect.fork(price(Composite.median({
        sources: sources(
          ["first", quoted("first", "100")],
          ["outlier", quoted("outlier", "150")],
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
      assert.deepStrictEqual(found.sources?.map(({ source }) => source), ["first", "fair", "same"])
      assert.strictEqual(Decimal.format(found.amount), "100.5")
      assert.deepStrictEqual(
        new Map(found.rejected?.map(({ reason, source }) => [source, reason])),
        new Map([
          ["dead", "failed: ExchangeUnavailable"],
          ["old", "is 1m 3s old"],
          ["slow", "failed: RequestTimedOut"],
          ["outlier", "deviates too far from the median: 150"]
        ])
      )
    }))

  it.effect("fails below minimumSources, with what was wrong with the other sources", () =>
    Effect.gen(function*() {
      yield* at
      const two = { sources: sources(["a", quoted("a", "100")], ["b", undefined]) }
      const error = yield* Effect.flip(price(Composite.median(two)))
      assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
      assert.include(
        error.message,
        "median.price: only 1 of 2 sources agree on BTC/USDT; at least 2 are required: b failed: ExchangeUnavailable"
      )
      assert.strictEqual(Decimal.format((yield* price(Composite.median({ ...two, minimumSources: 1 }))).amount), "100")
    }))

  it.effect("fails if two sources disagree", () =>
    Effect.gen(function*() {
      yield* at
      const error = yield* Effect.flip(price(Composite.median({
        sources: sources(["a", quoted("a", "100")], ["b", quoted("b", "110")]),
        maximumDeviation: "0.01"
      })))
      assert.include(error.message, "0 of 2 sources")
    }))

  it.effect("fails with InvalidRequest if the symbol is malformed, instead of rejecting the source", () =>
    Effect.gen(function*() {
      yield* at
      const wrong = new ExchangeError.InvalidRequest(about("a"))
      const error = yield* Effect.flip(
        price(Composite.median({ sources: sources(["a", wrong], ["b", quoted("b", "1")]) }))
      )
      assert.instanceOf(error, ExchangeError.InvalidRequest)
    }))
})
