import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Stream, TestClock } from "effect"
import { Composite, ExchangeError, MarketData } from "../src/index.js"
import { about, at, now, quoted, read, source, symbol, unavailable } from "./support/sources.js"

/** The price of BTC/USDT, and how long it took. */
const timed = (adjust: Duration.DurationInput) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Effect.timed(read("BTC/USDT")))
    yield* TestClock.adjust(adjust)
    const [took, price] = yield* Fiber.join(fiber)
    return [price.source, Duration.toMillis(took)]
  })

const five = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.replicateEffect(self, 5)

describe("a source that is always slow", () => {
  it.effect("delays five calls by its patience, then none; it is probed after increasing waits", () =>
    Effect.gen(function*() {
      yield* at
      const late = source("late", { price: Effect.delay(quoted("late", "1"), "6 seconds") })
      const spare = source("spare", { price: quoted("spare", "2") })
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* five(timed("5 seconds")), Array.from({ length: 5 }, () => ["spare", 5000]))
        assert.deepStrictEqual(yield* timed(0), ["spare", 0])
        assert.strictEqual(late.asked(), 5)
        yield* TestClock.adjust("1 second")
        const probe = yield* Effect.fork(read("BTC/USDT"))
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* timed(0), ["spare", 0])
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(probe)
        assert.strictEqual(late.asked(), 6)
        // The circuit breaker stays open twice as long as before.
        yield* TestClock.adjust(999)
        assert.deepStrictEqual(yield* timed(0), ["spare", 0])
        assert.strictEqual(late.asked(), 6)
      }).pipe(Effect.provide(Composite.failover([late.layer, spare.layer])))
    }))

  it.effect("is used again once a probe is answered within its patience", () =>
    Effect.gen(function*() {
      yield* at
      let takes: Duration.DurationInput = "1 minute"
      const late = source("late", { price: Effect.suspend(() => Effect.delay(quoted("late", "1"), takes)) })
      const spare = source("spare", { price: quoted("spare", "2") })
      yield* Effect.gen(function*() {
        yield* five(timed("20 seconds"))
        yield* TestClock.adjust("1 second")
        takes = "15 seconds"
        const probe = yield* Effect.fork(read("BTC/USDT"))
        yield* TestClock.adjust("14 seconds")
        assert.deepStrictEqual(yield* timed(0), ["spare", 0])
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(probe)).source, "late")
        assert.deepStrictEqual(yield* timed("15 seconds"), ["late", 15_000])
      }).pipe(Effect.provide(Composite.failover([late.layer, spare.layer], { patience: "20 seconds" })))
    }))

  it.effect("delays a median by its patience five times, then not at all", () =>
    Effect.gen(function*() {
      yield* at
      const late = source("late", { price: Effect.never })
      const sources = [
        late.layer,
        ...["a", "b"].map((name) => source(name, { price: quoted(name, "1") }).layer)
      ] as const
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* five(timed("5 seconds")), Array.from({ length: 5 }, () => ["median", 5000]))
        const { rejected, sources } = yield* read("BTC/USDT")
        assert.deepStrictEqual(rejected, [{ source: "late", reason: "failed: ExchangeUnavailable" }])
        assert.strictEqual(sources?.length, 2)
        assert.strictEqual(late.asked(), 5)
      }).pipe(Effect.provide(Composite.median({ sources })))
    }))
})

describe("a source that is always stale", () => {
  const old = { observedAt: now - 60_001 }

  it.effect("is skipped for that symbol after five answers, and probed every ten seconds", () =>
    Effect.gen(function*() {
      yield* at
      const quiet = source("quiet", {
        price: (symbol) => quoted("quiet", "1", symbol === "BTC/USDT" ? old : { observedAt: now })
      })
      const spare = source("spare", { price: quoted("spare", "2", { observedAt: now }) })
      yield* Effect.gen(function*() {
        yield* five(read("BTC/USDT"))
        assert.strictEqual((yield* read("BTC/USDT")).source, "spare")
        assert.strictEqual(quiet.asked(), 5)
        assert.strictEqual((yield* read("ETH/USDT")).source, "quiet")
        for (let probes = 7; probes < 17; probes++) {
          yield* TestClock.adjust("10 seconds")
          yield* Effect.either(read("BTC/USDT"))
          assert.strictEqual(quiet.asked(), probes)
        }
      }).pipe(Effect.provide(Composite.failover([quiet.layer, spare.layer], { maximumAge: "1 minute" })))
    }))

  it.effect("is still asked for a median on every call", () =>
    Effect.gen(function*() {
      yield* at
      const quiet = source("quiet", { price: quoted("quiet", "1", old) })
      const sources = [
        quiet.layer,
        ...["a", "b"].map((name) => source(name, { price: quoted(name, "1") }).layer)
      ] as const
      yield* Effect.replicateEffect(read("BTC/USDT"), 7).pipe(
        Effect.provide(Composite.median({ sources, maximumAge: "1 minute" }))
      )
      assert.strictEqual(quiet.asked(), 7)
    }))
})

describe("the circuit breakers of a composite", () => {
  it.effect("do not count errors that say nothing about the health of the source", () =>
    Effect.gen(function*() {
      yield* at
      const harmless = [
        new ExchangeError.RateLimited({ ...about("first"), retryAfter: Duration.zero }),
        new ExchangeError.SymbolNotFound({ ...about("first"), symbol }),
        new ExchangeError.Unsupported({ ...about("first"), alternative: "none" }),
        new ExchangeError.InvalidRequest({ ...about("first"), status: 400 }),
        new ExchangeError.InvalidRequest(about("first")),
        new ExchangeError.CircuitOpen({ ...about("first"), state: "Open", retryAfter: Duration.zero }),
        new ExchangeError.MalformedResponse({ ...about("first"), reason: "Shape" })
      ]
      for (const error of harmless) {
        const first = source("first", { price: error })
        const spare = source("spare", { price: quoted("spare", "2") })
        yield* Effect.replicateEffect(Effect.either(read("BTC/USDT")), 30).pipe(
          Effect.provide(Composite.failover([first.layer, spare.layer]))
        )
        assert.strictEqual(first.asked(), 30, error._tag)
      }
    }))

  it.effect("if all are open, the error names each source and how long it is skipped, with outcome NotSent", () =>
    Effect.gen(function*() {
      yield* at
      yield* Effect.gen(function*() {
        yield* five(Effect.either(read("BTC/USDT")))
        const error = yield* Effect.flip(read("BTC/USDT"))
        assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
        assert.strictEqual(error.outcome, "NotSent")
        const passedOver = "ExchangeUnavailable, skipped for another \\d+m?s( \\d+ms)? because it kept failing"
        assert.match(error.message, new RegExp(`a: ${passedOver}; b: ${passedOver}`))
      }).pipe(Effect.provide(Composite.failover([source("a", {}).layer, source("b", {}).layer])))
    }))

  it.effect("are per operation, and candles have none", () =>
    Effect.gen(function*() {
      yield* at
      let series = 0
      const first = source("first", {
        serverTime: Effect.succeed(1),
        candles: Stream.suspend(() => {
          series++
          return Stream.fail(unavailable("first"))
        })
      })
      const spare = source("spare", {
        price: quoted("spare", "2"),
        candles: Stream.empty,
        serverTime: Effect.succeed(2)
      })
      yield* Effect.gen(function*() {
        const market = yield* MarketData.MarketData
        yield* Effect.replicateEffect(read("BTC/USDT"), 6)
        assert.strictEqual(first.asked(), 5)
        assert.strictEqual(yield* market.serverTime, 1)
        yield* Effect.replicateEffect(Stream.runDrain(market.candles("BTC/USDT", "1m", { from: 0 })), 6)
        assert.strictEqual(series, 6)
      }).pipe(Effect.provide(Composite.failover([first.layer, spare.layer])))
    }))
})
