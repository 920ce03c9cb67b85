import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Logger, LogLevel, Metric, TestClock } from "effect"
import { Composite, ExchangeError, Telemetry } from "../src/index.js"
import * as lastPrice from "../src/ports/internal/lastPrice.js"
import { about, at, now, quoted, read, source, symbol, unavailable } from "./support/sources.js"

const lastKnownCount = (exchange: string) =>
  Effect.map(
    Metric.value(Metric.tagged(Telemetry.lastKnownPrices, "exchange", exchange)),
    ({ count }) => count
  )

/** A source that can be made to fail. */
const flaky = (failure: ExchangeError.MarketDataError = unavailable("flaky")) => {
  const state = { down: false }
  const { layer } = source("flaky", {
    price: Effect.suspend(() => state.down ? Effect.fail(failure) : quoted("flaky", "7"))
  })
  return { layer, state }
}

describe("lastKnown", () => {
  it.effect("serves the last price with its original timestamp during an outage, until it is older than the option", () =>
    Effect.gen(function*() {
      yield* at
      const { layer, state } = flaky()
      yield* Effect.gen(function*() {
        const fresh = yield* read("BTC/USDT")
        state.down = true
        yield* TestClock.adjust("30 seconds")
        assert.deepStrictEqual(yield* read("BTC/USDT"), fresh)
        assert.strictEqual(fresh.observedAt, now)
        yield* TestClock.adjust(Duration.millis(1))
        const error = yield* Effect.flip(read("BTC/USDT"))
        assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
        assert.include(error.message, "flaky: ExchangeUnavailable, no")
      }).pipe(Effect.provide(Composite.failover([layer], { lastKnown: "30 seconds" })))
    }))

  it.effect("applies only if configured, and only to the same symbol", () =>
    Effect.gen(function*() {
      yield* at
      const { layer, state } = flaky()
      const unknown = Effect.gen(function*() {
        state.down = false
        yield* read("BTC/USDT")
        state.down = true
        return yield* Effect.all([Effect.either(read("BTC/USDT")), Effect.either(read("ETH/USDT"))])
      })
      const [without] = yield* Effect.provide(unknown, Composite.failover([layer]))
      assert.strictEqual(without._tag, "Left")
      const [same, other] = yield* Effect.provide(unknown, Composite.failover([layer], { lastKnown: "1 minute" }))
      assert.deepStrictEqual([same._tag, other._tag], ["Right", "Left"])
    }))

  it.effect("does not hide InvalidRequest, SymbolNotFound or Unsupported", () =>
    Effect.gen(function*() {
      yield* at
      const failures = [
        new ExchangeError.InvalidRequest(about("flaky")),
        new ExchangeError.SymbolNotFound({ ...about("flaky"), symbol }),
        new ExchangeError.Unsupported({ ...about("flaky"), alternative: "none" })
      ]
      for (const failure of failures) {
        const { layer, state } = flaky(failure)
        yield* Effect.gen(function*() {
          yield* read("BTC/USDT")
          state.down = true
          assert.strictEqual((yield* Effect.flip(read("BTC/USDT")))._tag, failure._tag)
        }).pipe(Effect.provide(Composite.failover([layer], { lastKnown: "1 minute" })))
      }
    }))

  it.effect("is logged once per outage, with the reason, and counted each time", () =>
    Effect.gen(function*() {
      yield* at
      const { layer, state } = flaky()
      const logged: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        if (logLevel.ordinal >= LogLevel.Info.ordinal) logged.push(`${logLevel.label} ${JSON.stringify(message)}`)
      })
      const before = yield* lastKnownCount("failover")
      yield* Effect.gen(function*() {
        yield* read("BTC/USDT")
        state.down = true
        yield* Effect.replicateEffect(read("BTC/USDT"), 3)
        state.down = false
        yield* Effect.replicateEffect(read("BTC/USDT"), 2)
        state.down = true
        yield* read("BTC/USDT")
      }).pipe(
        Effect.provide(Composite.failover([layer], { lastKnown: "1 minute" })),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      assert.deepStrictEqual(logged.map((line) => line.replace(/^(\w+) \["([^"]*)".*$/, "$1 $2")), [
        "WARN No source is available; serving the last known price",
        "INFO A current price is available again",
        "WARN No source is available; serving the last known price"
      ])
      assert.include(logged[0], "flaky: ExchangeUnavailable, no")
      assert.strictEqual((yield* lastKnownCount("failover")) - before, 4)
    }))

  it.effect("serves the last median if too few sources agree", () =>
    Effect.gen(function*() {
      yield* at
      const { layer, state } = flaky()
      const other = source("other", { price: quoted("other", "7") }).layer
      yield* Effect.gen(function*() {
        const fresh = yield* read("BTC/USDT")
        state.down = true
        assert.deepStrictEqual(yield* read("BTC/USDT"), fresh)
        assert.strictEqual(yield* lastKnownCount("median"), 1)
      }).pipe(Effect.provide(Composite.median({ sources: [layer, other], lastKnown: "1 minute" })))
    }))

  it.effect("remembers only the most recently served symbols; unlisted symbols evict none of them", () =>
    Effect.gen(function*() {
      const serve = lastPrice.make({ exchange: "test", maxAge: "1 minute", capacity: 2 })
      const give = (symbol: string) => serve(symbol, quoted("a", "1"))
      const remembered = (symbol: string) =>
        Effect.isSuccess(serve(symbol, Effect.fail<ExchangeError.MarketDataError>(unavailable("a"))))
      yield* Effect.all([give("1"), give("2"), give("1"), give("3")])
      yield* Effect.forEach(
        ["4", "5", "6"],
        (symbol) => Effect.either(serve(symbol, new ExchangeError.SymbolNotFound(about("a"))))
      )
      assert.deepStrictEqual(yield* Effect.forEach(["1", "2", "3", "4"], remembered), [true, false, true, false])
    }))
})
