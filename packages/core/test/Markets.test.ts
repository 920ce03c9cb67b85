import { Deadline } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Fiber, Option, Scope, TestClock } from "effect"
import { Markets } from "../src/adapter.js"
import { ExchangeError, type Market } from "../src/index.js"
import * as Hostile from "./support/hostile.js"
import { market } from "./support/markets.js"
import { assertRunning, settle, start } from "./support/time.js"

const outage = new ExchangeError.ExchangeUnavailable({
  exchange: "acme",
  operation: "markets",
  detail: "down",
  outcome: "Unknown"
})

const bitcoin = [market("BTC/USDT")]
const both = [market("BTC/USDT"), market("ETH/USDT")]

/** Loads what `answer` says each time, and counts. */
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
  it.scoped("nothing is loaded before it is asked for", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup(() => Effect.succeed(both))
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(counted.loads, 0)
      assert.deepStrictEqual(yield* markets.all, both)
      assert.strictEqual(counted.loads, 1)
    }))

  it.scoped("given beforehand they serve until they are old, and no load before", () =>
    Effect.gen(function*() {
      const markets = yield* Markets.make({
        exchange: "acme",
        load: Effect.succeed(both),
        maxAge: "1 hour",
        given: bitcoin
      })
      yield* TestClock.adjust("59 minutes")
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* markets.all, both)
    }))

  it.scoped("are found by the exchange's own id, unless it is that of several", () =>
    Effect.gen(function*() {
      const perpetual: Market.Market = { ...market("BTC/USDT"), kind: "perpetual" }
      const { markets } = yield* setup(() => Effect.succeed([...both, perpetual]))
      assertSome(yield* markets.byId("ETHUSDT"), market("ETH/USDT"))
      assertNone(yield* markets.byId("BTCUSDT"))
      assertNone(yield* markets.byId("XRPUSDT"))
    }))

  it.scoped("100 callers share one load", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>>()
      const { counted, markets } = yield* setup(() => Deferred.await(gate))
      const callers = yield* start(
        Effect.all(Array.from({ length: 100 }, () => markets.find("price", "BTC/USDT")), { concurrency: "unbounded" })
      )
      assert.strictEqual(counted.loads, 1)
      yield* Deferred.succeed(gate, both)
      const found = yield* Fiber.join(callers)
      assert.strictEqual(found.length, 100)
      assert.isTrue(found.every(({ id }) => id === "BTCUSDT"))
      assert.strictEqual(counted.loads, 1)
    }))

  it.scoped("a load that fails fails all who wait for it, and the next one asks again", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>, ExchangeError.MarketDataError>()
      const { counted, markets } = yield* setup((load) => load === 1 ? Deferred.await(gate) : Effect.succeed(both))
      const first = yield* start(Effect.flip(markets.all))
      const second = yield* start(Effect.flip(markets.all))
      yield* Deferred.fail(gate, outage)
      assert.strictEqual(yield* Fiber.join(first), outage)
      assert.strictEqual(yield* Fiber.join(second), outage)
      assert.deepStrictEqual(yield* markets.all, both)
      assert.strictEqual(counted.loads, 2)
    }))

  it.scoped("interrupting the caller who began the load hurts nobody else", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>>()
      const { counted, markets } = yield* setup(() => Deferred.await(gate))
      const first = yield* start(markets.all)
      const second = yield* start(markets.all)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(first)))
      yield* assertRunning(second)
      yield* Deferred.succeed(gate, both)
      assert.deepStrictEqual(yield* Fiber.join(second), both)
      assert.deepStrictEqual(yield* markets.all, both)
      assert.strictEqual(counted.loads, 1)
    }))

  it.scoped("a load goes on although all who asked were interrupted", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>>()
      const { counted, markets } = yield* setup(() => Deferred.await(gate))
      yield* Fiber.interrupt(yield* start(markets.all))
      yield* Deferred.succeed(gate, both)
      yield* settle
      assert.deepStrictEqual(yield* markets.all, both)
      assert.strictEqual(counted.loads, 1)
    }))

  it.scoped("are believed until maxAge, and loaded again at that very millisecond", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup((load) => Effect.succeed(load === 1 ? bitcoin : both))
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      yield* TestClock.adjust(3_599_999)
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      assert.strictEqual(counted.loads, 1)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* markets.all, both)
      assert.strictEqual(counted.loads, 2)
    }))

  it.scoped("old ones serve on when they cannot be loaded again, until they can", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup((load) =>
        load === 1 ? Effect.succeed(bitcoin) : load === 2 ? Effect.fail(outage) : Effect.succeed(both)
      )
      yield* markets.all
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* markets.all, bitcoin)
      assert.strictEqual(counted.loads, 2)
      assert.deepStrictEqual(yield* markets.all, both)
      assert.strictEqual(counted.loads, 3)
    }))

  it.scoped("a load that dies takes its callers with it, and no more", () =>
    Effect.gen(function*() {
      const { markets } = yield* setup((load) => load === 1 ? Effect.die("bug") : Effect.succeed(both))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(markets.all)))
      assert.deepStrictEqual(yield* markets.all, both)
    }))

  it.effect("a caller whom nobody can interrupt, as in a finalizer, waits until its deadline, and the load ends with the scope", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { markets } = yield* Scope.extend(setup(() => Effect.never), scope)
      const caller = yield* start(Effect.uninterruptible(Deadline.within(Effect.exit(markets.all), "5 seconds")))
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(Option.isSome(yield* Fiber.poll(caller)))
      const closed = yield* start(Scope.close(scope, Exit.void))
      assert.isTrue(Option.isSome(yield* Fiber.poll(closed)))
    }))

  it.effect("a load that nobody waits for goes on, and ends with the scope", () =>
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
        const { counted, markets } = yield* setup(() => Effect.succeed(both))
        const error = yield* Effect.flip(markets.find("price", symbol))
        assert.instanceOf(error, ExchangeError.InvalidRequest)
        assert.strictEqual(error.operation, "price")
        assert.isBelow(error.message.length, 500)
        assert.strictEqual(counted.loads, 0)
      }))
  }

  it.scoped("a symbol that is not listed is not found, and near ones are named", () =>
    Effect.gen(function*() {
      const { markets } = yield* setup(() =>
        Effect.succeed([...both, market("BTC/EUR"), market("BTC/TRY"), market("BTC/BRL")])
      )
      const error = yield* Effect.flip(markets.find("price", "BTC/USD"))
      assert.instanceOf(error, ExchangeError.SymbolNotFound)
      assert.strictEqual(error.symbol, "BTC/USD")
      assert.include(error.message, "similar symbols are BTC/USDT, BTC/EUR, BTC/TRY")
      assert.notInclude((yield* Effect.flip(markets.find("price", "XRP/USD"))).message, "listed")
      const lower = yield* Effect.flip(markets.find("price", "btc/try"))
      assert.include(lower.message, "no market btc/try; similar symbols are BTC/TRY, BTC/USDT, BTC/EUR")
    }))

  const listing = (load: number) => Effect.succeed(load === 1 ? bitcoin : both)

  it.scoped("what was listed since is found, by its symbol and by its id", () =>
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

  it.scoped("what is missed loads them again at most every five seconds", () =>
    Effect.gen(function*() {
      const { counted, markets } = yield* setup(() => Effect.succeed(bitcoin))
      const missed = Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(markets.find("ticker", "XRP/USDT")))._tag, "SymbolNotFound")
        assertNone(yield* markets.byId("XRPUSDT"))
      })
      yield* missed
      yield* TestClock.adjust(4_999)
      yield* missed
      assert.strictEqual(counted.loads, 1)
      yield* TestClock.adjust(1)
      yield* missed
      assert.strictEqual(counted.loads, 2)
      yield* TestClock.adjust("5 seconds")
      yield* missed
      assert.strictEqual(counted.loads, 3)
    }))

  it.scoped("a hundred who miss something share one load", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<ReadonlyArray<Market.Market>>()
      const { counted, markets } = yield* setup((load) => load === 1 ? Effect.succeed(bitcoin) : Deferred.await(gate))
      yield* markets.all
      yield* TestClock.adjust("5 seconds")
      const callers = yield* start(
        Effect.all(Array.from({ length: 100 }, () => markets.find("price", "ETH/USDT")), { concurrency: "unbounded" })
      )
      // Those who miss nothing do not wait for it.
      assert.strictEqual((yield* markets.find("price", "BTC/USDT")).id, "BTCUSDT")
      yield* Deferred.succeed(gate, both)
      assert.strictEqual((yield* Fiber.join(callers)).length, 100)
      assert.strictEqual(counted.loads, 2)
    }))

  it.scoped("what is missed while they cannot be loaded is missing, and they are not asked for again at once", () =>
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

  it.scoped("an id that is that of several is not missed", () =>
    Effect.gen(function*() {
      const perpetual: Market.Market = { ...market("BTC/USDT"), kind: "perpetual" }
      const { counted, markets } = yield* setup(() => Effect.succeed([...bitcoin, perpetual]))
      yield* markets.all
      yield* TestClock.adjust("1 minute")
      assertNone(yield* markets.byId("BTCUSDT"))
      assert.strictEqual(counted.loads, 1)
    }))
})
