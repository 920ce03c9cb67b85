import { Account, Composite, type ExchangeError, MarketData, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Either, Fiber, Layer, Ref, Stream, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import * as Support from "./support/exchanges.js"

/** A day on which the exchanges were there. */
const start = Date.UTC(2026, 0, 1)

class First extends Context.Tag("test/First")<First, MarketData.MarketData.Service>() {}
class Second extends Context.Tag("test/Second")<Second, MarketData.MarketData.Service>() {}

type Source<R = never> = Layer.Layer<MarketData.MarketData, unknown, R>

/** Two services of one application: they are built together. */
const two = <R>(first: Source<R>, second: Source<R>) =>
  Layer.merge(
    Layer.provide(Layer.effect(First, MarketData.MarketData), first),
    Layer.provide(Layer.effect(Second, MarketData.MarketData), second)
  ).pipe(Layer.orDie)

/** What an exchange allows of reads, from its documents: at most so many of them, of one kind, in so many milliseconds. */
const allowed: { readonly [Id in Exchanges.ExchangeId]: { readonly calls: number; readonly window: number } } = {
  // Books of 5000 levels weigh 250 of 6000 a minute.
  binance: { calls: 24, window: 60_000 },
  bitmex: { calls: 30, window: 1000 },
  bybit: { calls: 600, window: 5000 },
  coinbase: { calls: 10, window: 1000 },
  kraken: { calls: 1, window: 1000 },
  okx: { calls: 20, window: 2000 }
}

const read = (
  id: Exchanges.ExchangeId,
  market: MarketData.MarketData.Service
): Effect.Effect<unknown, ExchangeError.MarketDataError> =>
  id === "binance" ? market.orderBook(Support.symbol, { depth: 5000 }) : market.ticker(Support.symbol)

/** A quarter more reads than are allowed, but at least 20, by both services in turn: when each arrived. */
const arrivals = (id: Exchanges.ExchangeId, sent: ReadonlyArray<Support.Sent>) =>
  Effect.gen(function*() {
    const services = [yield* First, yield* Second] as const
    // The markets are loaded, and long enough ago not to count.
    yield* Effect.forEach(services, (service) => drive(service.market(Support.symbol)))
    yield* TestClock.adjust("2 minutes")
    const before = sent.length
    const calls = Math.max(20, Math.ceil(allowed[id].calls * 1.25))
    const fiber = yield* Effect.fork(
      Effect.forEach(
        Array.from({ length: calls }, (_, index) => services[index % 2 === 0 ? 0 : 1]),
        (service) => Effect.either(read(id, service)),
        { concurrency: "unbounded" }
      )
    )
    yield* TestClock.adjust("25 seconds")
    yield* Fiber.interrupt(fiber)
    return sent.slice(before).map(({ at }) => at)
  })

const drive = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(effect, Effect.forever(TestClock.adjust("1 second")))

const within = (id: Exchanges.ExchangeId, instants: ReadonlyArray<number>) => {
  const { calls, window } = allowed[id]
  assert.isAtLeast(instants.length, Math.min(calls, 10), "nothing was read")
  assert.isAtMost(Support.most(instants, window), calls, `reads of ${id} in ${window} ms`)
}

const simulator = (id: Exchanges.ExchangeId, sent: Array<Support.Sent>) =>
  Support.watched(sent, (answer) => answer, Simulator.layer(id))

describe("two Layers of one exchange in one application", () => {
  for (const id of Exchanges.ids) {
    it.effect(`keep to one limit: ${id}`, () => {
      const sent: Array<Support.Sent> = []
      // Made by two calls with different options: nothing but the exchange is the same.
      const layers = two(Support.marketData(id), Support.marketData(id, { marketsMaxAge: "2 hours" }))
      return Effect.map(arrivals(id, sent), (instants) => within(id, instants)).pipe(
        Effect.provide(Layer.provide(layers, simulator(id, sent)))
      )
    }, 60_000)

    it.effect(`keep to one limit where one of them also trades: ${id}`, () => {
      const sent: Array<Support.Sent> = []
      const layers = two(Support.marketData(id), Support.trading(id))
      return Effect.map(arrivals(id, sent), (instants) => within(id, instants)).pipe(
        Effect.provide(Layer.provide(layers, simulator(id, sent)))
      )
    }, 60_000)

    it.effect(`keep to one limit where one is the source of a composite: ${id}`, () => {
      const sent: Array<Support.Sent> = []
      const source = Support.marketData(id)
      const layers = two(source, Composite.failover([source], { patience: "1 hour" }))
      return Effect.map(arrivals(id, sent), (instants) => within(id, instants)).pipe(
        Effect.provide(Layer.provide(layers, simulator(id, sent)))
      )
    }, 60_000)

    it.effect(`stop both when one is told to wait: ${id}`, () =>
      Effect.gen(function*() {
        const markets = yield* listing(id)
        yield* Effect.gen(function*() {
          const [first, second] = [yield* First, yield* Second]
          const { requests } = yield* ScriptedHttp.ScriptedHttp
          assert.isTrue(Either.isLeft(yield* drive(Effect.either(first.ticker(Support.symbol)))))
          const before = (yield* requests).length
          const fiber = yield* Effect.fork(Effect.either(second.ticker(Support.symbol)))
          yield* TestClock.adjust("20 seconds")
          assert.strictEqual((yield* requests).length, before, "sent while the exchange wants to be left alone")
          yield* Fiber.interrupt(fiber)
        }).pipe(
          Effect.provide(
            Layer.provideMerge(
              two(
                Support.marketData(id, { markets, retry: { attempts: 1 } }),
                Support.marketData(id, { markets, retry: { attempts: 1 }, marketsMaxAge: "2 hours" })
              ),
              ScriptedHttp.layer(() => ScriptedHttp.text("", { status: 429, headers: { "retry-after": "40" } }))
            )
          )
        )
      }))

    it.effect(`have nothing to do with those of another application: ${id}`, () => {
      const application = (sent: Array<Support.Sent>) =>
        Effect.map(arrivals(id, sent), (instants) => Support.most(instants, allowed[id].window)).pipe(
          Effect.provide(Layer.provide(two(Support.marketData(id), Support.marketData(id)), simulator(id, sent)))
        )
      return Effect.gen(function*() {
        const [one, another] = [new Array<Support.Sent>(), new Array<Support.Sent>()]
        const counts = yield* Effect.all([application(one), application(another)], { concurrency: 2 })
        // Each of them has the whole of the limit, at the same time.
        assert.strictEqual(counts[0], counts[1])
        assert.isAbove(counts[0], 0)
      })
    }, 60_000)
  }

  it.effect("a ban learnt by one stops the other, for as long as it lasts", () =>
    Effect.gen(function*() {
      const markets = yield* listing("binance")
      yield* Effect.gen(function*() {
        const [first, second] = [yield* First, yield* Second]
        const { requests } = yield* ScriptedHttp.ScriptedHttp
        assert.strictEqual((yield* Effect.flip(first.ticker(Support.symbol)))._tag, "Banned")
        for (const after of ["0 millis", "60 seconds", "59 seconds"] as const) {
          yield* TestClock.adjust(after)
          assert.include(["Banned", "CircuitOpen"], (yield* Effect.flip(second.ticker(Support.symbol)))._tag, after)
          assert.strictEqual((yield* requests).length, 1, after)
        }
        yield* TestClock.adjust("2 seconds")
        yield* Effect.either(second.ticker(Support.symbol))
        assert.strictEqual((yield* requests).length, 2, "a ban ends")
      }).pipe(
        Effect.provide(
          Layer.provideMerge(
            two(
              Support.marketData("binance", { markets }),
              Support.marketData("binance", { markets, marketsMaxAge: "2 hours" })
            ),
            ScriptedHttp.layer(() =>
              ScriptedHttp.json({ code: -1003, msg: "Way too many requests; IP banned." }, {
                status: 418,
                headers: { "retry-after": "120" }
              })
            )
          )
        )
      )
    }))

  it.effect("twenty tickers of Kraken take about twenty seconds", () => {
    const sent: Array<Support.Sent> = []
    return Effect.map(arrivals("kraken", sent), (instants) => {
      const [first = 0] = instants
      assert.strictEqual(instants.length, 20)
      assert.isAtLeast((instants.at(-1) ?? 0) - first, 18_900)
    }).pipe(
      Effect.provide(
        Layer.provide(
          two(Support.marketData("kraken"), Support.marketData("kraken", { marketsMaxAge: "2 hours" })),
          simulator("kraken", sent)
        )
      )
    )
  })

  it.effect("the nonces of one Kraken key rise, whichever of two Layers signs", () => {
    const sent: Array<Support.Sent> = []
    class One extends Context.Tag("test/One")<One, Account.Account.Service>() {}
    class Other extends Context.Tag("test/Other")<Other, Account.Account.Service>() {}
    const layers = Layer.merge(
      Layer.provide(Layer.effect(One, Account.Account), Support.trading("kraken")),
      Layer.provide(
        Layer.effect(Other, Account.Account),
        Support.trading("kraken", { marketsMaxAge: "2 hours" })
      )
    )
    return Effect.gen(function*() {
      const accounts = [yield* One, yield* Other]
      const answers = yield* drive(
        Effect.forEach(
          Array.from({ length: 10 }),
          () => Effect.forEach(accounts, ({ openOrders }) => Effect.either(openOrders()), { concurrency: 2 }),
          { concurrency: "unbounded" }
        )
      )
      const nonces = sent.flatMap(({ body }) => new URLSearchParams(body).get("nonce") ?? []).map(BigInt)
      assert.isAtLeast(nonces.length, 20)
      assert.deepStrictEqual(
        nonces.filter((nonce, index) => index > 0 && nonce <= (nonces[index - 1] ?? 0n)),
        [],
        "nonces that did not rise"
      )
      assert.isTrue(answers.flat().every(Either.isRight))
    }).pipe(Effect.provide(Layer.provide(layers, simulator("kraken", sent))))
  })
})

/** The markets of the simulated exchange, so that a test needs not load them. */
const listing = (id: Exchanges.ExchangeId) =>
  drive(Effect.flatMap(MarketData.MarketData, ({ markets }) => markets)).pipe(
    Effect.provide(Layer.provide(Support.marketData(id), Simulator.layer(id)))
  )

/** Ways to keep an exchange busy with reads that nobody waits for. */
const busy: ReadonlyArray<{
  readonly name: string
  /** How long answers to reads take. */
  readonly slow: boolean
  readonly reads: (
    market: MarketData.MarketData.Service,
    account: Account.Account.Service
  ) => ReadonlyArray<Effect.Effect<unknown, unknown>>
}> = [
  {
    name: "600 slow reads are queued",
    slow: true,
    reads: (market, account) =>
      Array.from(
        { length: 600 },
        (_, index) => index % 3 === 0 ? account.openOrders(Support.symbol) : market.ticker(Support.symbol)
      )
  },
  {
    name: "what the exchange allows was spent on deep books",
    slow: false,
    reads: (market) => Array.from({ length: 700 }, () => market.orderBook(Support.symbol, { depth: 5000 }))
  },
  {
    name: "what the exchange allows was spent on the account",
    slow: false,
    reads: (_, account) => Array.from({ length: 200 }, () => account.openOrders(Support.symbol))
  }
]

describe("a cancel leaves at once", () => {
  for (const { name, reads, slow } of busy) {
    for (const id of Exchanges.ids) {
      it.effect(`while ${name}: ${id}`, () => {
        const sent: Array<Support.Sent> = []
        const slowly = Ref.unsafeMake(false)
        const http = Support.watched(
          sent,
          (answer, request) =>
            Effect.flatMap(
              Ref.get(slowly),
              (slowly) => slowly && !Support.isChange(request) ? Effect.delay(answer, "1 hour") : answer
            ),
          Simulator.layer(id)
        )
        return Effect.gen(function*() {
          const [market, account, trading] = [
            yield* MarketData.MarketData,
            yield* Account.Account,
            yield* Trading.Trading
          ]
          const names = Array.from({ length: 4 }, (_, index) => `busy${index}`)
          const orders = yield* drive(Effect.forEach(names, (name) => trading.place(Support.far(name))))
          yield* TestClock.adjust("3 minutes")
          yield* Ref.set(slowly, slow)
          yield* Effect.fork(
            Effect.forEach(reads(market, account), Effect.ignore, { concurrency: "unbounded", discard: true })
          )
          yield* TestClock.adjust("1 millis")
          for (const [index, { id, symbol }] of orders.entries()) {
            const clientOrderId = names[index] ?? ""
            // By its name an order may have to be looked up first, which takes as long as reads do.
            const order = slow ? { symbol, id } : { symbol, clientOrderId }
            const before = sent.filter(Support.isChange).length
            yield* Effect.fork(trading.cancel(order))
            yield* TestClock.adjust("1 millis")
            assert.strictEqual(sent.filter(Support.isChange).length, before + 1, `${index * 10} seconds later`)
            yield* TestClock.adjust("10 seconds")
          }
        }).pipe(Effect.provide(Layer.provideMerge(Support.trading(id, { deadline: "30 seconds" }), http)))
      }, 60_000)
    }
  }
})

describe("candles", () => {
  it.effect("wait for the exchange's limit however long the stream, and go on", () => {
    const pages = 3200
    return Effect.gen(function*() {
      yield* TestClock.setTime(start)
      const markets = yield* listing("binance")
      yield* Effect.gen(function*() {
        const market = yield* MarketData.MarketData
        const range = { from: start - 3_300_000 * 60_000 }
        const candles = yield* drive(
          market.candles(Support.symbol, "1m", range).pipe(Stream.take(pages), Stream.runCount)
        )
        // The exchange hands out one a page here.
        assert.strictEqual(candles, pages)
        // 3000 pages weigh all that a minute has.
        assert.isAtLeast((yield* Clock.currentTimeMillis) - start, 60_000)
      }).pipe(
        Effect.provide(
          Layer.provide(
            Support.marketData("binance", { markets, marketsMaxAge: "365 days" }),
            ScriptedHttp.layer(({ url }) => {
              const from = Number(new URL(url).searchParams.get("startTime"))
              const bar = ["1", "2", "1", "2", "3"]
              return ScriptedHttp.json([[from, ...bar, from + 59_999, "6", 1, "1", "2", "0"]])
            })
          )
        )
      )
    })
  }, 60_000)
})
