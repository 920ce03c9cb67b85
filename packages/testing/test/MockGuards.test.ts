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

/** A mock with a journal in memory that the test can read. */
const journaled = (given: Mock.TradingOptions = {}) =>
  Layer.provideMerge(Mock.layerTradingJournaled(tickers, options(given)), OrderJournal.layerMemory)

const journalEntries = Effect.map(
  Effect.flatMap(OrderJournal.OrderJournal, (journal) => journal.since("mock", "mock", "mock", 0)),
  (entries) => entries.map(({ clientOrderId, outcome, worth }) => [clientOrderId, outcome, worth?.amount])
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

/** A journal that an earlier run left with the intent of an order and no outcome. */
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
    it.effect(`deny an order by ${guard} before it is sent or journaled (${index + 1})`, () =>
      Effect.gen(function*() {
        const trading = yield* Mock.MockTrading
        const error = yield* Effect.flip(trading.place(request))
        assertInstanceOf(error, ExchangeError.OrderDenied)
        assert.deepStrictEqual([error.guard, error.outcome], [guard, "NotSent"])
        assert.deepStrictEqual(yield* trading.calls, [])
        assert.deepStrictEqual(yield* journalEntries, [])
      }).pipe(Effect.provide(journaled({ guards }))))
  })

  it.effect("let an order pass that is within the limits", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      assert.strictEqual((yield* trading.place(limit)).status, "open")
    }).pipe(Effect.provide(guarded({
      symbols: ["BTC/USDT"],
      maxNotionalPerOrder: { USDT: "90" },
      maxNotionalPerDay: { USDT: "90" },
      priceBand: "0.1"
    }))))

  it.effect("count the orders of a day without those that were not placed, and start at zero the next day", () =>
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

  it.effect("count the growth of an amended order unless the amendment fails", () =>
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

  it.effect("check each order of a batch separately", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const results = yield* trading.placeBatch([limit, { ...limit, amount: "2" }])
      assert.deepStrictEqual(
        results.map((result) => Either.isRight(result) ? result.right.status : result.left._tag),
        ["open", "OrderDenied"]
      )
    }).pipe(Effect.provide(guarded({ maxNotionalPerOrder: { USDT: "90" } }))))

  it.effect("fail an order without sending it when the price they need is not available", () =>
    Effect.gen(function*() {
      const market = yield* Mock.Mock
      const trading = yield* Mock.MockTrading
      yield* market.failOn("price", Mock.errors.timeout())
      assert.strictEqual((yield* Effect.flip(trading.place(limit)))._tag, "RequestTimedOut")
      assert.deepStrictEqual(yield* trading.calls, [])
    }).pipe(Effect.provide(guarded({ priceBand: "0.5" }))))

  it.effect("that are invalid make the layer die with InvalidMock", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(guarded({ maxNotionalPerDay: { usdt: "1" } }))))
      assert(Exit.isFailure(exit))
      const error = Chunk.unsafeHead(Cause.defects(exit.cause))
      assertInstanceOf(error, Mock.InvalidMock)
      assertInclude(error.message, "usdt")
    }))
})

describe("the journal of a mock", () => {
  it.effect("records the outcome of each order: placed, not placed or still open", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.place({ ...limit, clientOrderId: "taken" })
      yield* trading.failNext(Mock.errors.orderRejected())
      yield* Effect.flip(trading.place({ ...limit, clientOrderId: "refused" }))
      yield* trading.failNext(Mock.errors.outcomeUnknown())
      yield* Effect.flip(trading.place({ ...limit, clientOrderId: "unknown" }))
      assert.deepStrictEqual(yield* journalEntries, [
        ["taken", "Placed", "90"],
        ["refused", "NotPlaced", "90"],
        ["unknown", "Open", "90"]
      ])
    }).pipe(Effect.provide(journaled())))

  it.effect("keeps the entry of an earlier order when its client order id is used again", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      yield* trading.place({ ...limit, clientOrderId: "mine" })
      assert.strictEqual(
        (yield* Effect.flip(trading.place({ ...limit, amount: "2", clientOrderId: "mine" })))._tag,
        "DuplicateOrder"
      )
      assert.deepStrictEqual(yield* journalEntries, [["mine", "Placed", "90"], ["mine", "NotPlaced", "180"]])
      assert.deepStrictEqual(yield* tagsOf(trading), [])
    }).pipe(Effect.provide(journaled())))

  it.effect("denies an order without sending it when the journal cannot be written", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      const error = yield* Effect.flip(trading.place(limit))
      assertInstanceOf(error, ExchangeError.OrderDenied)
      assert.strictEqual(error.guard, "journal")
      assert.strictEqual(
        (yield* Effect.flip(trading.place(limit))).detail,
        error.detail,
        "and does not count towards the limit of the day"
      )
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

  it.effect("finds an order whose response was lost when it reconciles, and closes its entry", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      const account = yield* Account.Account
      yield* trading.loseNext
      const error = yield* Effect.flip(trading.place(limit))
      assertInstanceOf(error, ExchangeError.OutcomeUnknown)
      const [openOrder] = yield* account.openOrders()
      assert.strictEqual(openOrder?.id, (yield* account.order(error.order)).id)
      const [found, ...others] = yield* trading.reconcile
      assert(found?._tag === "Placed")
      assert.deepStrictEqual([found.order.id, others.length], [openOrder?.id, 0])
      assert.deepStrictEqual(yield* tagsOf(trading), [])
      assert.strictEqual((yield* trading.place(limit)).status, "open")
    }).pipe(Effect.provide(Mock.layerTrading(tickers, options({})))))

  it.effect("finds an order whose response was lost, although it has been amended", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.loseNext
      const error = yield* Effect.flip(trading.place(limit))
      assertInstanceOf(error, ExchangeError.OutcomeUnknown)
      const { symbol } = limit
      yield* trading.amend({ symbol, clientOrderId: error.order.clientOrderId ?? "" }, { price: "59000" })
      assert.deepStrictEqual(yield* tagsOf(trading), ["Placed"])
    }).pipe(Effect.provide(Mock.layerTrading(tickers, options({})))))

  it.effect("finds that an order of an earlier run was never placed, and no longer counts it", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      assert.strictEqual((yield* Effect.flip(trading.place(limit)))._tag, "OrderDenied")
      assert.deepStrictEqual(yield* tagsOf(trading), ["NotPlaced"])
      assert.strictEqual((yield* trading.place(limit)).status, "open")
    }).pipe(Effect.provide(leftOpen({ guards: { maxNotionalPerDay: { USDT: "100" } } }))))

  it.effect("counts in the next run what amendments of the day added, without those that were rejected", () =>
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

  it.effect("reports an order as unknown while the exchange cannot be queried", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.failOn("reconcile", Mock.errors.timeout())
      const [found] = yield* trading.reconcile
      assert(found?._tag === "Unknown")
      assert.strictEqual(found.error._tag, "RequestTimedOut")
      assert.deepStrictEqual(yield* tagsOf(trading), ["NotPlaced"])
    }).pipe(Effect.provide(leftOpen())))

  it.effect("is separate for each Layer: a mock does not see the orders of another", () =>
    Effect.gen(function*() {
      // Builds both with one memo map, as one application does.
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
  it("exist for each tag, with defaults that can be overridden", () => {
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

  it.effect("fail one operation with failOn, and the next call of any operation with failNext", () =>
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

  it.effect("do not change the balances when orders fail", () =>
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
