import { Deadline } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Fiber, Option, Scope, TestClock } from "effect"
import { Markets } from "../src/adapter.js"
import { ExchangeError, type Market } from "../src/index.js"
import * as Hostile from "./support/hostile.js"
import { market } from "./support/markets.js"
import { assertDone, assertRunning, settle, start } from "./support/time.js"

const outage = new ExchangeError.ExchangeUnavailable({
  exchange: "acme",
  operation: "markets",
  detail: "down",
  outcome: "Unknown"
})

const bitcoin = [market("BTC/USDT")]
const bothMarkets = [market("BTC/USDT"), market("ETH/USDT")]

/** Markets that load what `answer` returns, and count the loads. */
const setup = (answer: (load: number) => Effect.Effect<ReadonlyArray<Market.Market>, ExchangeError.MarketDataError>) =>
  Effect.gen(function*() {
    const counted = { loads: 0 }
    const markets = yield* Markets.make({
      exchange: "acme",
      load: Effect.suspend(() => answer(++counted.loads)),
      maxAge: "1 hour"
    })
    return { markets, counted }
  })

describe("Markets", () => {
  it.scoped("are loaded on first use", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup(() => Effect.succeed(bothMarkets))
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(counted.loads, 0)
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
      assert.strictEqual(counted.loads, 1)
    }))

  it.scoped("given initially are used until maxAge, then loaded", () =>
    Effect.gen(function*() {
      const markets = yield* Markets.make({
        exchange: "acme",
        load: Effect.succeed(bothMarkets),
        maxAge: "1 hour",
        given: bitcoin
      })
      yield* TestClock.adjust("59 minutes")
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
    }))

  it.scoped("`recent` loads a list that is older than a minute again, and fails if the market is no longer listed", () =>
    Effect.gen(function*() {
      const renamed = { ...market("BTC/USDT"), id: "XBTUSDT" }
      const { counted, markets } = yield* setup((load) =>
        Effect.succeed(load === 1 ? bothMarkets : load === 2 ? [renamed] : [])
      )
      assert.deepStrictEqual(yield* markets.recent("book", "BTC/USDT"), market("BTC/USDT"))
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(yield* markets.recent("book", "BTC/USDT"), market("BTC/USDT"))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* markets.recent("book", "BTC/USDT"), renamed)
      assert.strictEqual(counted.loads, 2)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Effect.flip(markets.recent("book", "BTC/USDT")))._tag, "SymbolNotFound")
    }))

  it.scoped("are loaded again after the local clock was set back, and found if they were listed since", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("2 days")
      const { counted, markets } = yield* setup((load) => Effect.succeed(load === 1 ? bitcoin : bothMarkets))
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      yield* TestClock.setTime(0)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* markets.find("price", "ETH/USDT"), market("ETH/USDT"))
      assert.strictEqual(counted.loads, 2)
      yield* markets.all
      assert.strictEqual(counted.loads, 2)
    }))

  it.scoped("that cannot be loaded again after the local clock was set back are requested once in five seconds", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("2 days")
      const { counted, markets } = yield* setup((load) => load === 1 ? Effect.succeed(bitcoin) : Effect.fail(outage))
      yield* markets.all
      yield* TestClock.setTime(0)
      for (const loads of [2, 2, 3, 3]) {
        assert.deepStrictEqual(yield* markets.find("cancel", "BTC/USDT"), market("BTC/USDT"))
        assert.strictEqual((yield* Effect.flip(markets.find("price", "XRP/USDT")))._tag, "SymbolNotFound")
        assert.strictEqual(counted.loads, loads)
        yield* TestClock.adjust("4 seconds")
      }
    }))

  it.scoped("are loaded for every call with a maxAge of 0", () =>
    Effect.gen(function*() {
      let listed = bitcoin
      const markets = yield* Markets.make({ exchange: "acme", load: Effect.sync(() => listed), maxAge: 0 })
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      listed = bothMarkets
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
    }))

  it.scoped("are found by the exchange's id, unless several have it", () =>
    Effect.gen(function*() {
      const perpetual: Market.Market = { ...market("BTC/USDT"), kind: "perpetual" }
      const { markets } = yield* setup(() => Effect.succeed([...bothMarkets, perpetual]))
      assertSome(yield* markets.byId("ETHUSDT"), market("ETH/USDT"))
      assertNone(yield* markets.byId("BTCUSDT"))
      assertNone(yield* markets.byId("XRPUSDT"))
    }))

  it.scoped("100 concurrent callers share one load", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>>()
      const { counted, markets } = yield* setup(() => Deferred.await(gate))
      const callers = yield* start(
        Effect.all(Array.from({ length: 100 }, () => markets.find("price", "BTC/USDT")), { concurrency: "unbounded" })
      )
      assert.strictEqual(counted.loads, 1)
      yield* Deferred.succeed(gate, bothMarkets)
      const found = yield* Fiber.join(callers)
      assert.strictEqual(found.length, 100)
      assert.isTrue(found.every(({ id }) => id === "BTCUSDT"))
      assert.strictEqual(counted.loads, 1)
    }))

  it.scoped("a failed load fails all who wait for it, and the next call loads again", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>, ExchangeError.MarketDataError>()
      const { counted, markets } = yield* setup((load) =>
        load === 1 ? Deferred.await(gate) : Effect.succeed(bothMarkets)
      )
      const first = yield* start(Effect.flip(markets.all))
      const second = yield* start(Effect.flip(markets.all))
      yield* Deferred.fail(gate, outage)
      assert.strictEqual(yield* Fiber.join(first), outage)
      assert.strictEqual(yield* Fiber.join(second), outage)
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
      assert.strictEqual(counted.loads, 2)
    }))

  it.scoped("interrupting the caller who started the load does not affect the others", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>>()
      const { counted, markets } = yield* setup(() => Deferred.await(gate))
      const first = yield* start(markets.all)
      const second = yield* start(markets.all)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(first)))
      yield* assertRunning(second)
      yield* Deferred.succeed(gate, bothMarkets)
      assert.deepStrictEqual(yield* Fiber.join(second), bothMarkets)
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
      assert.strictEqual(counted.loads, 1)
    }))

  it.scoped("a load continues although its only caller was interrupted", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>>()
      const { counted, markets } = yield* setup(() => Deferred.await(gate))
      yield* Fiber.interrupt(yield* start(markets.all))
      yield* Deferred.succeed(gate, bothMarkets)
      yield* settle
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
      assert.strictEqual(counted.loads, 1)
    }))

  it.scoped("are used until exactly maxAge, then loaded again", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup((load) => Effect.succeed(load === 1 ? bitcoin : bothMarkets))
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      yield* TestClock.adjust(3_599_999)
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      assert.strictEqual(counted.loads, 1)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
      assert.strictEqual(counted.loads, 2)
    }))

  it.scoped("outdated markets are used while loading fails", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup((load) =>
        load === 1 ? Effect.succeed(bitcoin) : load === 2 ? Effect.fail(outage) : Effect.succeed(bothMarkets)
      )
      yield* markets.all
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      assert.strictEqual(counted.loads, 2)
      // A listing that fails is not requested for every call.
      yield* TestClock.adjust("4999 millis")
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      assert.strictEqual(counted.loads, 2)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
      assert.strictEqual(counted.loads, 3)
    }))

  it.scoped("outdated markets are used while loading takes longer than two seconds", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup((load) =>
        load === 1 ? Effect.succeed(bitcoin) : Effect.delay(Effect.succeed(bothMarkets), "20 seconds")
      )
      yield* markets.all
      yield* TestClock.adjust("1 hour")
      const first = yield* start(markets.find("cancel", "BTC/USDT"))
      yield* TestClock.adjust("1 second")
      const second = yield* start(markets.find("cancel", "BTC/USDT"))
      yield* TestClock.adjust("999 millis")
      yield* Effect.zip(assertRunning(first), assertRunning(second))
      yield* TestClock.adjust("1 millis")
      yield* Effect.zip(assertDone(first), assertDone(second))
      // No further call waits for it.
      yield* assertDone(yield* start(markets.find("cancel", "BTC/USDT")))
      yield* TestClock.adjust("18 seconds")
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
      assert.strictEqual(counted.loads, 2)
    }))

  it.scoped("a load that dies fails its callers, and the next call loads again", () =>
    Effect.gen(function*() {
      const { markets } = yield* setup((load) => load === 1 ? Effect.die("bug") : Effect.succeed(bothMarkets))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(markets.all)))
      assert.deepStrictEqual(yield* markets.all, bothMarkets)
    }))

  it.effect("an uninterruptible caller waits until its deadline, and closing the scope ends the load", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { markets } = yield* Scope.extend(setup(() => Effect.never), scope)
      const caller = yield* start(Effect.uninterruptible(Deadline.within(Effect.exit(markets.all), "5 seconds")))
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(Option.isSome(yield* Fiber.poll(caller)))
      const closed = yield* start(Scope.close(scope, Exit.void))
      assert.isTrue(Option.isSome(yield* Fiber.poll(closed)))
    }))

  it.effect("a load without callers continues until the scope closes", () =>
    Effect.gen(function*() {
      let interrupted = false
      yield* Effect.scoped(Effect.gen(function*() {
        const { markets } = yield* setup(() =>
          Effect.onInterrupt(Effect.never, () =>
            Effect.sync(() => {
              interrupted = true
            }))
        )
        const caller = yield* start(markets.all)
        yield* Fiber.interrupt(caller)
        assert.isFalse(interrupted)
      }))
      assert.isTrue(interrupted)
    }))

  for (const symbol of Hostile.symbols) {
    it.scoped(`${JSON.stringify(symbol.slice(0, 30))} is refused before anything is loaded`, () =>
      Effect.gen(function*() {
        const { counted, markets } = yield* setup(() => Effect.succeed(bothMarkets))
        const error = yield* Effect.flip(markets.find("price", symbol))
        assert.instanceOf(error, ExchangeError.InvalidRequest)
        assert.strictEqual(error.operation, "price")
        assert.isBelow(error.message.length, 500)
        assert.strictEqual(counted.loads, 0)
      }))
  }

  it.scoped("a symbol that is not listed fails with SymbolNotFound and similar symbols", () =>
    Effect.gen(function*() {
      const { markets } = yield* setup(() =>
        Effect.succeed([...bothMarkets, market("BTC/EUR"), market("BTC/TRY"), market("BTC/BRL")])
      )
      const error = yield* Effect.flip(markets.find("price", "BTC/USD"))
      assert.instanceOf(error, ExchangeError.SymbolNotFound)
      assert.strictEqual(error.symbol, "BTC/USD")
      assert.include(error.message, "similar symbols are BTC/USDT, BTC/EUR, BTC/TRY")
      assert.notInclude((yield* Effect.flip(markets.find("price", "XRP/USD"))).message, "listed")
      const lower = yield* Effect.flip(markets.find("price", "btc/try"))
      assert.include(lower.message, "no market btc/try; similar symbols are BTC/TRY, BTC/USDT, BTC/EUR")
    }))

  const listing = (load: number) => Effect.succeed(load === 1 ? bitcoin : bothMarkets)

  it.scoped("a market listed since the last load is found by its symbol and by its id", () =>
    Effect.gen(function*() {
      for (const byId of [false, true]) {
        const { counted, markets } = yield* setup(listing)
        yield* markets.all
        yield* TestClock.adjust("5 minutes")
        if (byId) assertSome(yield* markets.byId("ETHUSDT"), market("ETH/USDT"))
        else assert.deepStrictEqual(yield* markets.find("ticker", "ETH/USDT"), market("ETH/USDT"))
        assert.strictEqual(counted.loads, 2)
        yield* markets.find("ticker", "BTC/USDT")
        assert.strictEqual(counted.loads, 2)
      }
    }))

  it.scoped("unknown symbols and ids cause a load at most every five seconds", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup(() => Effect.succeed(bitcoin))
      const lookUpUnknown = Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(markets.find("ticker", "XRP/USDT")))._tag, "SymbolNotFound")
        assertNone(yield* markets.byId("XRPUSDT"))
      })
      yield* lookUpUnknown
      yield* TestClock.adjust(4_999)
      yield* lookUpUnknown
      assert.strictEqual(counted.loads, 1)
      yield* TestClock.adjust(1)
      yield* lookUpUnknown
      assert.strictEqual(counted.loads, 2)
      yield* TestClock.adjust("5 seconds")
      yield* lookUpUnknown
      assert.strictEqual(counted.loads, 3)
    }))

  it.scoped("a hundred callers with an unknown symbol share one load", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>>()
      const { counted, markets } = yield* setup((load) => load === 1 ? Effect.succeed(bitcoin) : Deferred.await(gate))
      yield* markets.all
      yield* TestClock.adjust("5 seconds")
      const callers = yield* start(
        Effect.all(Array.from({ length: 100 }, () => markets.find("price", "ETH/USDT")), { concurrency: "unbounded" })
      )
      // Callers with a known symbol do not wait for the load.
      assert.strictEqual((yield* markets.find("price", "BTC/USDT")).id, "BTCUSDT")
      yield* Deferred.succeed(gate, bothMarkets)
      assert.strictEqual((yield* Fiber.join(callers)).length, 100)
      assert.strictEqual(counted.loads, 2)
    }))

  it.scoped("an unknown symbol fails with SymbolNotFound if the load fails, and is not loaded again immediately", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup((load) => load === 1 ? Effect.succeed(bitcoin) : Effect.fail(outage))
      yield* markets.all
      yield* TestClock.adjust("1 minute")
      for (let count = 0; count < 3; count++) {
        assert.strictEqual((yield* Effect.flip(markets.find("ticker", "ETH/USDT")))._tag, "SymbolNotFound")
      }
      assert.strictEqual(counted.loads, 2)
      assert.deepStrictEqual(yield* markets.all, bitcoin)
    }))

  it.scoped("an id that several markets have does not cause a load", () =>
    Effect.gen(function*() {
      const perpetual: Market.Market = { ...market("BTC/USDT"), kind: "perpetual" }
      const { counted, markets } = yield* setup(() => Effect.succeed([...bitcoin, perpetual]))
      yield* markets.all
      yield* TestClock.adjust("1 minute")
      assertNone(yield* markets.byId("BTCUSDT"))
      assert.strictEqual(counted.loads, 1)
    }))
})
