import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Logger, LogLevel, Metric, TestClock } from "effect"
import { Composite, ExchangeError, Telemetry } from "../src/index.js"
import * as lastPrice from "../src/ports/internal/lastPrice.js"
import { about, at, dead, now, quoted, read, source, symbol } from "./support/sources.js"

const given = (exchange: string) =>
  Effect.map(
    Metric.value(Metric.tagged(Telemetry.lastKnownPrices, "exchange", exchange)),
    ({ count }) => count
  )

/** A source whose price can be taken away. */
const flaky = (failure: ExchangeError.MarketDataError = dead("flaky")) => {
  const state = { down: false }
  const { layer } = source("flaky", {
    price: Effect.suspend(() => state.down ? Effect.fail(failure) : quoted("flaky", "7"))
  })
  return { layer, state }
}

describe("lastKnown", () => {
  it.effect("gives the last price, as old as it is, while no source can serve, and none that was given too long ago", () =>
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

  it.effect("is none unless asked for, and none of another symbol", () =>
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

  it.effect("does not cover up what is wrong with the call, or that nobody lists the symbol any more", () =>
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

  it.effect("is warned of once an outage, with the reason, and counted each time", () =>
    Effect.gen(function*() {
      yield* at
      const { layer, state } = flaky()
      const logged: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        if (logLevel.ordinal >= LogLevel.Info.ordinal) logged.push(`${logLevel.label} ${JSON.stringify(message)}`)
      })
      const before = yield* given("failover")
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
      assert.strictEqual((yield* given("failover")) - before, 4)
    }))

  it.effect("serves a median that too few agree on", () =>
    Effect.gen(function*() {
      yield* at
      const { layer, state } = flaky()
      const other = source("other", { price: quoted("other", "7") }).layer
      yield* Effect.gen(function*() {
        const fresh = yield* read("BTC/USDT")
        state.down = true
        assert.deepStrictEqual(yield* read("BTC/USDT"), fresh)
        assert.strictEqual(yield* given("median"), 1)
      }).pipe(Effect.provide(Composite.median({ sources: [layer, other], lastKnown: "1 minute" })))
    }))

  it.effect("remembers the symbols that were given last and no more; what nobody lists drives none of them out", () =>
    Effect.gen(function*() {
      const serve = lastPrice.make({ exchange: "test", maxAge: "1 minute", capacity: 2 })
      const give = (symbol: string) => serve(symbol, quoted("a", "1"))
      const remembered = (symbol: string) =>
        Effect.isSuccess(serve(symbol, Effect.fail<ExchangeError.MarketDataError>(dead("a"))))
      yield* Effect.all([give("1"), give("2"), give("1"), give("3")])
      yield* Effect.forEach(
        ["4", "5", "6"],
        (symbol) => Effect.either(serve(symbol, new ExchangeError.SymbolNotFound(about("a"))))
      )
      assert.deepStrictEqual(yield* Effect.forEach(["1", "2", "3", "4"], remembered), [true, false, true, false])
    }))
})
