import { Account, Decimal, ExchangeError, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude, assertInstanceOf } from "@effect/vitest/utils"
import { Cause, Chunk, Effect, Either, Exit, Layer, Ref, TestClock } from "effect"
import { Mock } from "../src/index.js"

const tickers = { "BTC/USDT": { last: "100" }, "ETH/USDT": { last: "10" } } as const

const limit = { type: "limit", symbol: "BTC/USDT", side: "buy", amount: "1", price: "90" } as const

const options = (given: Mock.TradingOptions): Mock.TradingOptions => ({
  balances: { USDT: { free: "100000" }, BTC: { free: "10" } },
  ...given
})

const guarded = (guards: NonNullable<Mock.TradingOptions["guards"]>) => Mock.layerTrading(tickers, options({ guards }))

/** A mock over a journal in memory that the test can see. */
const journaled = (given: Mock.TradingOptions = {}) =>
  Layer.provideMerge(Mock.layerTradingJournaled(tickers, options(given)), OrderJournal.layerMemory)

const begun = Effect.map(
  Effect.flatMap(OrderJournal.OrderJournal, (journal) => journal.since("mock", "mock", "mock", 0)),
  (begun) => begun.map(({ clientOrderId, outcome, worth }) => [clientOrderId, outcome, worth?.amount])
)

const intent: OrderJournal.Intent = {
  _tag: "Intent",
  exchange: "mock",
  environment: "mock",
  account: "mock",
  clientOrderId: "left-open",
  symbol: "BTC/USDT",
  side: "buy",
  type: "limit",
  amount: "1",
  price: "90",
  timeInForce: "GTC",
  worth: { currency: "USDT", amount: "90" },
  at: 0
}

/** As a run before left it: an order was about to be sent, and nothing is known since. */
const leftOpen = (given: Mock.TradingOptions = {}) =>
  Mock.layerTradingJournaled(tickers, options(given)).pipe(
    Layer.provideMerge(Layer.tap(OrderJournal.layerMemory, (context) =>
      Effect.flatMap(OrderJournal.OrderJournal, (journal) =>
        journal.append(intent)).pipe(Effect.provide(context))))
  )

const tagsOf = (trading: Trading.Trading.Service) =>
  Effect.map(trading.reconcile, (found) => found.map(({ _tag }) => _tag))

describe("the guards of a mock", () => {
  const denials = [
    ["symbols", { symbols: ["ETH/USDT"] }, limit],
    ["maxNotionalPerOrder", { maxNotionalPerOrder: { USDT: "89" } }, limit],
    ["maxNotionalPerOrder", { maxNotionalPerOrder: { USDT: "99" } }, {
      type: "market",
      symbol: "BTC/USDT",
      side: "buy",
      amount: "1"
    }],
    ["maxNotionalPerOrder", { maxNotionalPerOrder: { USDC: "1000" } }, limit],
    ["maxNotionalPerDay", { maxNotionalPerDay: { USDT: "89" } }, limit],
    ["priceBand", { priceBand: "0.05" }, limit]
  ] as const
  denials.forEach(([guard, guards, request], index) => {
    it.effect(`deny an order by ${guard}, before anything is sent or written down (${index + 1})`, () =>
      Effect.gen(function*() {
        const trading = yield* Mock.MockTrading
        const error = yield* Effect.flip(trading.place(request))
        assertInstanceOf(error, ExchangeError.OrderDenied)
        assert.deepStrictEqual([error.guard, error.outcome], [guard, "NotSent"])
        assert.deepStrictEqual(yield* trading.calls, [])
        assert.deepStrictEqual(yield* begun, [])
      }).pipe(Effect.provide(journaled({ guards }))))
  })

  it.effect("let through what they allow", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      assert.strictEqual((yield* trading.place(limit)).status, "open")
    }).pipe(Effect.provide(guarded({
      symbols: ["BTC/USDT"],
      maxNotionalPerOrder: { USDT: "90" },
      maxNotionalPerDay: { USDT: "90" },
      priceBand: "0.1"
    }))))

  it.effect("count a day together, give back what was not placed, and begin anew the next", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.failNext(Mock.errors.orderRejected())
      yield* Effect.flip(trading.place(limit))
      yield* Effect.flip(trading.place({ ...limit, side: "sell", amount: "100", price: "1" }))
      yield* trading.place(limit)
      const denied = yield* Effect.flip(trading.place(limit))
      assert.strictEqual(denied._tag, "OrderDenied")
      yield* TestClock.adjust("1 day")
      assert.strictEqual((yield* trading.place(limit)).status, "open")
    }).pipe(Effect.provide(guarded({ maxNotionalPerDay: { USDT: "179" } }))))

  it.effect("count what an amended order grows by, and give it back where it was not amended", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      const { id } = yield* trading.place(limit)
      const reference = { symbol: "BTC/USDT", id }
      assert.strictEqual((yield* Effect.flip(trading.amend(reference, { amount: "2" })))._tag, "OrderDenied")
      yield* trading.failOn("amend", Mock.errors.orderRejected())
      yield* Effect.flip(trading.amend(reference, { price: "99" }))
      assert.strictEqual(
        Decimal.format((yield* trading.amend(reference, { price: "99" })).price ?? Decimal.make("0")),
        "99"
      )
      assert.strictEqual((yield* trading.amend(reference, { amount: "0.5" })).status, "open")
    }).pipe(Effect.provide(guarded({ maxNotionalPerDay: { USDT: "100" } }))))

  it.effect("judge each order of a batch", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const results = yield* trading.placeBatch([limit, { ...limit, amount: "2" }])
      assert.deepStrictEqual(
        results.map((result) => Either.isRight(result) ? result.right.status : result.left._tag),
        ["open", "OrderDenied"]
      )
    }).pipe(Effect.provide(guarded({ maxNotionalPerOrder: { USDT: "90" } }))))

  it.effect("cannot judge by a price that cannot be had: the order is not sent", () =>
    Effect.gen(function*() {
      const market = yield* Mock.Mock
      const trading = yield* Mock.MockTrading
      yield* market.failOn("price", Mock.errors.timeout())
      assert.strictEqual((yield* Effect.flip(trading.place(limit)))._tag, "RequestTimedOut")
      assert.deepStrictEqual(yield* trading.calls, [])
    }).pipe(Effect.provide(guarded({ priceBand: "0.5" }))))

  it.effect("are a defect of the test where they cannot be right", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(guarded({ maxNotionalPerDay: { usdt: "1" } }))))
      assert(Exit.isFailure(exit))
      const error = Chunk.unsafeHead(Cause.defects(exit.cause))
      assertInstanceOf(error, Mock.InvalidMock)
      assertInclude(error.message, "usdt")
    }))
})

describe("the journal of a mock", () => {
  it.effect("has each order before it is sent, and what became of it after", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.place({ ...limit, clientOrderId: "taken" })
      yield* trading.failNext(Mock.errors.orderRejected())
      yield* Effect.flip(trading.place({ ...limit, clientOrderId: "refused" }))
      yield* trading.failNext(Mock.errors.outcomeUnknown())
      yield* Effect.flip(trading.place({ ...limit, clientOrderId: "unknown" }))
      assert.deepStrictEqual(yield* begun, [
        ["taken", "Placed", "90"],
        ["refused", "NotPlaced", "90"],
        ["unknown", "Open", "90"]
      ])
    }).pipe(Effect.provide(journaled())))

  it.effect("leaves an earlier order as it is when its name is used again", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      yield* trading.place({ ...limit, clientOrderId: "mine" })
      assert.strictEqual(
        (yield* Effect.flip(trading.place({ ...limit, amount: "2", clientOrderId: "mine" })))._tag,
        "DuplicateOrder"
      )
      assert.deepStrictEqual(yield* begun, [["mine", "Placed", "90"], ["mine", "Open", "180"]])
      assert.deepStrictEqual(yield* tagsOf(trading), ["NotPlaced"])
    }).pipe(Effect.provide(journaled())))

  it.effect("that cannot be written keeps an order from being sent", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      const error = yield* Effect.flip(trading.place(limit))
      assertInstanceOf(error, ExchangeError.OrderDenied)
      assert.strictEqual(error.guard, "journal")
      assert.strictEqual((yield* Effect.flip(trading.place(limit))).detail, error.detail, "and counts for nothing")
      assert.deepStrictEqual(yield* trading.calls, [])
      assert.strictEqual((yield* Effect.flip(trading.reconcile)).guard, "journal")
    }).pipe(Effect.provide(Layer.provide(
      Mock.layerTradingJournaled(tickers, options({ guards: { maxNotionalPerDay: { USDT: "100" } } })),
      Layer.succeed(OrderJournal.OrderJournal, {
        append: () => new OrderJournal.JournalFailed({ path: "orders.jsonl", detail: "the disk is full" }),
        open: new OrderJournal.JournalFailed({ path: "orders.jsonl", detail: "the disk is full" }),
        since: () => Effect.succeed([])
      })
    ))))

  it.effect("finds an order whose answer was lost, and closes it", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      const account = yield* Account.Account
      yield* trading.loseNext
      const error = yield* Effect.flip(trading.place(limit))
      assertInstanceOf(error, ExchangeError.OutcomeUnknown)
      const [standing] = yield* account.openOrders()
      assert.strictEqual(standing?.id, (yield* account.order(error.order)).id)
      const [found, ...others] = yield* trading.reconcile
      assert(found?._tag === "Placed")
      assert.deepStrictEqual([found.order.id, others.length], [standing?.id, 0])
      assert.deepStrictEqual(yield* tagsOf(trading), [])
      assert.strictEqual((yield* trading.place(limit)).status, "open")
    }).pipe(Effect.provide(Mock.layerTrading(tickers, options({})))))

  it.effect("proves that what a run before had begun was never placed, and counts it no more", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      assert.strictEqual((yield* Effect.flip(trading.place(limit)))._tag, "OrderDenied")
      assert.deepStrictEqual(yield* tagsOf(trading), ["NotPlaced"])
      assert.strictEqual((yield* trading.place(limit)).status, "open")
    }).pipe(Effect.provide(leftOpen({ guards: { maxNotionalPerDay: { USDT: "100" } } }))))

  it.effect("has what an amendment adds, and not what one added that was refused, for the day of the next run", () =>
    Effect.gen(function*() {
      const run = <A, E>(use: (trading: Mock.MockTrading.Service) => Effect.Effect<A, E>) =>
        Effect.flatMap(Mock.MockTrading, use).pipe(Effect.provide(Layer.fresh(
          Mock.layerTradingJournaled(tickers, options({ guards: { maxNotionalPerDay: { USDT: "300" } } }))
        )))
      yield* run((trading) =>
        Effect.gen(function*() {
          const { id } = yield* trading.place(limit)
          yield* trading.failOn("amend", Mock.errors.orderRejected())
          yield* Effect.flip(trading.amend({ symbol: "BTC/USDT", id }, { amount: "2" }))
          yield* trading.amend({ symbol: "BTC/USDT", id }, { amount: "2" })
        })
      )
      yield* run((trading) =>
        Effect.gen(function*() {
          yield* trading.place(limit)
          assert.strictEqual((yield* Effect.flip(trading.place(limit)))._tag, "OrderDenied")
        })
      )
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("leaves an order unknown while the exchange cannot be asked", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.failOn("reconcile", Mock.errors.timeout())
      const [found] = yield* trading.reconcile
      assert(found?._tag === "Unknown")
      assert.strictEqual(found.error._tag, "RequestTimedOut")
      assert.deepStrictEqual(yield* tagsOf(trading), ["NotPlaced"])
    }).pipe(Effect.provide(leftOpen())))

  it.effect("is one a Layer: two mocks know nothing of each other's orders", () =>
    Effect.gen(function*() {
      // As in one application.
      const [memo, scope] = yield* Effect.all([Layer.makeMemoMap, Effect.scope])
      const build = Layer.buildWithMemoMap(memo, scope)
      const first = yield* build(Mock.layerTrading(tickers, options({})))
      const second = yield* build(Mock.layerTrading(tickers, options({})))
      const lose = Effect.flatMap(Mock.MockTrading, (trading) =>
        Effect.zipRight(trading.loseNext, Effect.flip(trading.place(limit))))
      yield* Effect.provide(lose, first)
      const found = Effect.flatMap(Trading.Trading, tagsOf)
      assert.deepStrictEqual(yield* Effect.provide(found, second), [])
      assert.deepStrictEqual(yield* Effect.provide(found, first), ["Placed"])
    }).pipe(Effect.scoped))
})

describe("the errors of a mock", () => {
  it("are there for each tag, say what was given, and answer for themselves", () => {
    for (const [name, make] of Object.entries(Mock.errors)) {
      const error = make()
      const tag = name === "timeout" ? "RequestTimedOut" : `${name[0]?.toUpperCase()}${name.slice(1)}`
      assert.strictEqual(error._tag, tag)
      assert.strictEqual(error.exchange, "mock")
      assert.isAbove(error.detail.length, 5)
      assert.strictEqual(make({ operation: "elsewhere" }).operation, "elsewhere")
    }
    assert.strictEqual(Object.keys(Mock.errors).length, Object.keys(ExchangeError.policies).length + 1)
  })

  it.effect("befall one operation by failOn, and the next of any by failNext", () =>
    Effect.gen(function*() {
      const market = yield* Mock.Mock
      const seen = yield* Ref.make<ReadonlyArray<string>>([])
      const ask = <A>(call: Effect.Effect<A, ExchangeError.MarketDataError>) =>
        Effect.matchEffect(call, {
          onFailure: ({ _tag }) => Ref.update(seen, (all) => [...all, _tag]),
          onSuccess: () => Ref.update(seen, (all) => [...all, "answered"])
        })
      yield* market.failNext(Mock.errors.rateLimited())
      yield* market.failOn("ticker", Mock.errors.timeout(), Mock.errors.banned())
      yield* ask(market.ticker("BTC/USDT"))
      yield* ask(market.price("BTC/USDT"))
      yield* ask(market.price("BTC/USDT"))
      yield* ask(market.ticker("BTC/USDT"))
      yield* ask(market.ticker("BTC/USDT"))
      yield* market.failOn("ticker", Mock.errors.timeout())
      yield* market.recover
      yield* ask(market.ticker("BTC/USDT"))
      assert.deepStrictEqual(yield* Ref.get(seen), [
        "RequestTimedOut",
        "RateLimited",
        "answered",
        "Banned",
        "answered",
        "answered"
      ])
    }).pipe(Effect.provide(Mock.layer(tickers))))

  it.effect("take nothing from the account where an order fails", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      const market = yield* MarketData.MarketData
      yield* trading.failOn("placeBatch", Mock.errors.rateLimited())
      const results = yield* trading.placeBatch([limit, limit])
      assert.deepStrictEqual(results.map((result) => Either.isLeft(result) && result.left._tag), [
        "RateLimited",
        "RateLimited"
      ])
      assert.strictEqual((yield* market.price("BTC/USDT")).currency, "USDT")
      const [balance] = yield* Effect.flatMap(Account.Account, ({ balances }) => balances)
      assert.strictEqual(Decimal.format(balance?.free ?? Decimal.make("0")), "100000")
    }).pipe(Effect.provide(Mock.layerTrading(tickers, options({})))))
})
