import { Account, type Candle, Composite, MarketData, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Either, Fiber, Layer, Ref, Stream, TestClock } from "effect"
import type { Exchanges } from "../../src/index.js"
import * as Support from "../support/exchanges.js"
import {
  arrivals,
  assertWithinLimit,
  drive,
  First,
  listing,
  read,
  readLimit,
  readsBeyondLimit,
  Second,
  simulator,
  start,
  twoServices
} from "./application.js"

/** Ways to keep an exchange busy with reads. */
const busy: ReadonlyArray<{
  readonly name: string
  /** Whether responses to reads take an hour. */
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
    name: "deep order books have used up the rate limit",
    slow: false,
    reads: (market) => Array.from({ length: 700 }, () => market.orderBook(Support.symbol, { depth: 5000 }))
  },
  {
    name: "account requests have used up the rate limit",
    slow: false,
    reads: (_, account) => Array.from({ length: 200 }, () => account.openOrders(Support.symbol))
  }
]

/**
 * For each exchange: what two Layers of it share and do not share, that cancellations are sent first, and that streams
 * wait for rate limits.
 */
export const register = (ids: ReadonlyArray<Exchanges.ExchangeId>): void => {
  for (const id of ids) {
    describe(`two Layers of ${id} in one application`, () => limits(id))
    describe(`a cancellation on ${id} is sent immediately`, () => cancels(id))
    describe(`streams of candles on ${id}`, () => streams(id))
  }
}

const limits = (id: Exchanges.ExchangeId): void => {
  it.effect(`share one rate limit`, () => {
    const sent: Array<Support.Sent> = []
    // Built by two calls with different options: they have only the exchange in common.
    const layers = twoServices(Support.marketData(id), Support.marketData(id, { marketsMaxAge: "2 hours" }))
    return Effect.map(arrivals(id, sent), (instants) => assertWithinLimit(id, instants)).pipe(
      Effect.provide(Layer.provide(layers, simulator(id, sent)))
    )
  }, 240_000)

  it.effect(`share one rate limit if one of them also trades`, () => {
    const sent: Array<Support.Sent> = []
    const layers = twoServices(Support.marketData(id), Support.trading(id))
    return Effect.map(arrivals(id, sent), (instants) => assertWithinLimit(id, instants)).pipe(
      Effect.provide(Layer.provide(layers, simulator(id, sent)))
    )
  }, 240_000)

  it.effect(`share one rate limit if one is the source of a composite`, () => {
    const sent: Array<Support.Sent> = []
    const source = Support.marketData(id)
    const layers = twoServices(source, Composite.failover([source], { patience: "1 hour" }))
    return Effect.map(arrivals(id, sent), (instants) => assertWithinLimit(id, instants)).pipe(
      Effect.provide(Layer.provide(layers, simulator(id, sent)))
    )
  }, 240_000)

  it.effect(`both stop sending if one is rate limited`, () =>
    Effect.gen(function*() {
      const markets = yield* listing(id)
      yield* Effect.gen(function*() {
        const [first, second] = [yield* First, yield* Second]
        const { requests } = yield* ScriptedHttp.ScriptedHttp
        assert.isTrue(Either.isLeft(yield* drive(Effect.either(first.ticker(Support.symbol)))))
        const before = (yield* requests).length
        const fiber = yield* Effect.fork(Effect.either(second.ticker(Support.symbol)))
        yield* TestClock.adjust("20 seconds")
        assert.strictEqual(
          (yield* requests).length,
          before,
          "sent before the delay that the exchange asked for had passed"
        )
        yield* Fiber.interrupt(fiber)
      }).pipe(
        Effect.provide(
          Layer.provideMerge(
            twoServices(
              Support.marketData(id, { markets, retry: { attempts: 1 } }),
              Support.marketData(id, { markets, retry: { attempts: 1 }, marketsMaxAge: "2 hours" })
            ),
            ScriptedHttp.layer(() => ScriptedHttp.text("", { status: 429, headers: { "retry-after": "40" } }))
          )
        )
      )
    }))

  it.effect(`share nothing with those of another application`, () => {
    const application = (sent: Array<Support.Sent>) =>
      Effect.map(arrivals(id, sent), (instants) => Support.mostWithin(instants, readLimit(id).window)).pipe(
        Effect.provide(Layer.provide(twoServices(Support.marketData(id), Support.marketData(id)), simulator(id, sent)))
      )
    return Effect.gen(function*() {
      const [one, another] = [new Array<Support.Sent>(), new Array<Support.Sent>()]
      const counts = yield* Effect.all([application(one), application(another)], { concurrency: 2 })
      // Each of them has the whole limit at the same time.
      assert.strictEqual(counts[0], counts[1])
      assert.isAbove(counts[0], 0)
    })
  }, 240_000)
}

const cancels = (id: Exchanges.ExchangeId): void => {
  for (const { name, reads, slow } of busy) {
    it.effect(`while ${name}`, () => {
      const sent: Array<Support.Sent> = []
      const slowly = Ref.unsafeMake(false)
      const http = Support.recordRequests(
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
          // By its client order id an order may have to be looked up first, which takes as long as other reads.
          const order = slow ? { symbol, id } : { symbol, clientOrderId }
          const before = sent.filter(Support.isChange).length
          yield* Effect.fork(trading.cancel(order))
          yield* TestClock.adjust("1 millis")
          assert.strictEqual(sent.filter(Support.isChange).length, before + 1, `${index * 10} seconds later`)
          yield* TestClock.adjust("10 seconds")
        }
      }).pipe(Effect.provide(Layer.provideMerge(Support.trading(id, { deadline: "30 seconds" }), http)))
    }, 240_000)
  }
}

/** More concurrent streams than the limit allows: on Binance one costs 2, and the order books leave less than 250. */
const many: { readonly [Id in Exchanges.ExchangeId]?: number } = { binance: 150, kraken: 5 }

const streams = (id: Exchanges.ExchangeId): void => {
  it.effect("wait for the rate limit beyond the deadline of a call, and all complete", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start)
      const markets = yield* listing(id)
      const known = { markets, marketsMaxAge: "1 day" } as const
      // With the deadline of the first, a call may hardly wait.
      const layers = twoServices(
        Support.marketData(id, { ...known, deadline: "20 millis" }),
        Support.marketData(id, known)
      )
      yield* Effect.gen(function*() {
        const [impatient, patient] = [yield* First, yield* Second]
        const range = { from: start - 300_000, to: start - 60_000 }
        const [alone] = yield* drive(candles(impatient, range, 1))
        assert.isAbove(alone ?? 0, 0)
        yield* TestClock.adjust("2 minutes")
        const reads = Array.from({ length: readsBeyondLimit(id) }, () => Effect.ignore(read(id, patient)))
        yield* Effect.fork(Effect.all(reads, { concurrency: "unbounded", discard: true }))
        const begun = yield* Clock.currentTimeMillis
        const count = many[id] ?? 50
        const all = yield* drive(candles(impatient, range, count))
        assert.deepStrictEqual(all, Array.from({ length: count }, () => alone))
        assert.isAbove((yield* Clock.currentTimeMillis) - begun, 20)
      }).pipe(Effect.provide(Layer.provide(layers, Simulator.layer(id))))
    }), 120_000)
}

/** Counts the candles in a range, with `streams` concurrent streams. */
const candles = (market: MarketData.MarketData.Service, range: Candle.Range, streams: number) =>
  Effect.all(
    Array.from({ length: streams }, () => Stream.runCount(market.candles(Support.symbol, "1m", range))),
    { concurrency: "unbounded" }
  )
