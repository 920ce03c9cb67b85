import { Deadline } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Either, Fiber, Layer, TestClock } from "effect"
import {
  Account,
  Decimal,
  ExchangeError,
  ExchangeSymbol,
  MarketData,
  type Order,
  OrderJournal,
  type Trading
} from "../src/index.js"
import * as Acme from "./support/exchange.js"

const limit: Order.LimitRequest = {
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "0.01",
  price: "60000.25",
  clientOrderId: "mine-1"
}

const timedOut = new ExchangeError.RequestTimedOut({ exchange: "acme", operation: "orders", detail: "no answer" })

const run = <A>(
  store: Acme.Store,
  use: (trading: Trading.Trading.Service) => Effect.Effect<A, ExchangeError.TradingError>,
  options?: Parameters<typeof Acme.trade>[2]
): Effect.Effect<Either.Either<A, ExchangeError.TradingError>> =>
  Effect.either(Acme.advanceUntilDone(Acme.trade(store, use, options)))

const tag = <A>(result: Either.Either<A, ExchangeError.TradingError>) =>
  Either.match(result, { onLeft: ({ _tag }): string => _tag, onRight: () => "succeeded" })

const differences: ReadonlyArray<readonly [what: string, change: Partial<Order.Order>]> = [
  ["market", { symbol: ExchangeSymbol.make("ETH/USDT") }],
  ["client order id", { clientOrderId: "another" }],
  ["side", { side: "sell" }],
  ["type", { type: "market" }],
  ["amount", { amount: Decimal.make("0.02") }],
  ["price", { price: Decimal.make("60000.26") }],
  ["age", { createdAt: 10_000_000 - 60_001 }]
]

const setClock = TestClock.setTime(10_000_000)

describe("a response is compared with the order", () => {
  for (const [what, change] of differences) {
    it.effect(`a response with another ${what} is discarded, and the order is looked up and returned`, () =>
      Effect.gen(function*() {
        yield* setClock
        const store = new Acme.Store()
        store.inResponse = (order) => ({ ...order, id: "stranger", ...change })
        const single = yield* run(store, (trading) => trading.place(limit))
        assert.strictEqual(Either.getOrThrow(single), store.orders[0])
        const [row] = Either.getOrThrow(
          yield* run(store, (trading) => trading.placeBatch([{ ...limit, clientOrderId: "mine-2" }]))
        )
        assert.strictEqual(row && Either.getOrThrow(row), store.orders[1])
      }))

    it.effect(`an order with another ${what} that is found after a lost response is never returned`, () =>
      Effect.gen(function*() {
        yield* setClock
        const store = new Acme.Store()
        store.defaultFate = "lost after it was carried out"
        store.inRead = (order) => ({ ...order, ...change })
        const result = yield* run(store, (trading) => trading.place(limit), { lacks: { deduplicates: true } })
        assert.strictEqual(tag(result), "OutcomeUnknown")
      }))

    it.effect(`an order with another ${what} that is read after an acknowledgement is never returned`, () =>
      Effect.gen(function*() {
        yield* setClock
        const store = new Acme.Store()
        store.defaultFate = "acknowledged"
        store.inRead = (order) => ({ ...order, ...change })
        const result = yield* run(store, (trading) => trading.place(limit), { lacks: { deduplicates: true } })
        assert.strictEqual(tag(result), "OutcomeUnknown")
        if (Either.isLeft(result) && result.left._tag === "OutcomeUnknown") {
          assert.instanceOf(result.left.cause, ExchangeError.MalformedResponse)
          assert.include(result.left.cause.message, what)
        }
      }))
  }

  it.effect("fields that the exchange leaves out are not compared", () =>
    Effect.gen(function*() {
      yield* setClock
      const store = new Acme.Store()
      store.defaultFate = "lost after it was carried out"
      store.inRead = (order) => ({
        ...order,
        amount: undefined,
        clientOrderId: undefined,
        createdAt: undefined,
        price: undefined
      })
      assert.strictEqual(tag(yield* run(store, (trading) => trading.place(limit))), "succeeded")
    }))

  it.effect("a client order id of an earlier order fails with DuplicateOrder, which names that order", () =>
    Effect.gen(function*() {
      yield* setClock
      const store = new Acme.Store()
      store.fates = ["answered", "lost before it arrived"]
      yield* run(store, (trading) => trading.place(limit))
      yield* TestClock.adjust("10 minutes")
      const again = yield* run(store, (trading) => trading.place(limit))
      assert.strictEqual(tag(again), "DuplicateOrder")
      assert.include(
        Either.isLeft(again) ? again.left.message : "",
        "belongs to another order, n1, which differs in its age"
      )
    }))

  it.effect("an order found with other terms is a DuplicateOrder only if the list of orders confirms them", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["answered", "lost before it arrived"]
      const again = yield* run(
        store,
        (trading) => Effect.zipRight(trading.place(limit), trading.place({ ...limit, price: "50000" }))
      )
      assert.strictEqual(tag(again), "DuplicateOrder")
      const other = new Acme.Store()
      other.defaultFate = "lost after it was carried out"
      other.inRead = (order) => ({ ...order, price: Decimal.make("50000") })
      assert.strictEqual(
        Either.getOrThrow(
          yield* run(other, (trading) => trading.place(limit))
        ),
        other.orders[0]
      )
      other.listFailure = timedOut
      const unconfirmed = yield* run(other, (trading) => trading.place({ ...limit, clientOrderId: "mine-2" }))
      assert.strictEqual(tag(unconfirmed), "OutcomeUnknown")
    }))

  it.effect("an order that another program amended shortly after its response was lost is not reported as NotPlaced", () =>
    Effect.gen(function*() {
      const reconciled = (change: Partial<Order.Order>, changedAfter?: number) =>
        Effect.gen(function*() {
          const createdAt = yield* Clock.currentTimeMillis
          const updatedAt = changedAfter === undefined ? undefined : createdAt + changedAfter
          const journal = Context.get(yield* Layer.build(OrderJournal.layerMemory), OrderJournal.OrderJournal)
          const store = new Acme.Store()
          store.fates = ["lost after it was carried out"]
          store.readFailure = timedOut
          yield* run(store, (trading) => trading.place(limit), { journal })
          store.readFailure = undefined
          const amended = (order: Order.Order): Order.Order => ({ ...order, createdAt, updatedAt, ...change })
          store.inRead = amended
          store.orders.splice(0, Infinity, ...store.orders.map(amended))
          const reconcile = run(store, (trading) => trading.reconcile, { journal })
          const soon = Either.getOrThrow(yield* reconcile)
          yield* TestClock.adjust("10 minutes")
          const later = Either.getOrThrow(yield* reconcile)
          return [...soon, ...later].map(({ _tag }) => _tag)
        })
      const price = Decimal.make("50000")
      assert.deepStrictEqual(yield* reconciled({ price }, 5000), ["Unknown", "Placed"])
      // Some exchanges do not report when an order was changed.
      assert.deepStrictEqual(yield* reconciled({ price }), ["Unknown", "Placed"])
      // No amendment changes the side, and this order was never amended.
      assert.deepStrictEqual(yield* reconciled({ side: "sell" }, 5000), ["NotPlaced"])
      assert.deepStrictEqual(yield* reconciled({ price }, 0), ["NotPlaced"])
    }).pipe(Effect.scoped))

  it.effect("an order is recognised although it was amended before the call that placed it had ended", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["lost after it was carried out"]
      store.readFailure = timedOut
      const placed = yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          const placing = yield* Effect.fork(trading.place(limit))
          yield* TestClock.adjust("100 millis")
          store.readFailure = undefined
          yield* trading.amend({ symbol: limit.symbol, clientOrderId: "mine-1" }, { price: "50000" })
          yield* TestClock.adjust("10 seconds")
          return yield* Fiber.join(placing)
        }))
      assert.strictEqual(placed.price && Decimal.format(placed.price), "50000")
    }))

  it.effect("a duplicate of a client order id that no other order can have is the order itself", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "twice"
      const { clientOrderId: _, ...unnamed } = limit
      const placed = yield* run(store, (trading) => trading.place(unnamed))
      assert.strictEqual(Either.getOrThrow(placed), store.orders[0])
      const named = yield* run(store, (trading) => trading.place(limit))
      assert.strictEqual(tag(named), "DuplicateOrder")
      store.duplicateDelay = 5
      const later = yield* run(store, (trading) => trading.place({ ...limit, clientOrderId: "mine-2" }))
      assert.strictEqual(tag(later), "succeeded")
    }))

  it.effect("reconciling recognises an amended order, and no older order with the same client order id", () =>
    Effect.gen(function*() {
      const amended = { price: Decimal.make("50000"), updatedAt: 5_000 }
      const reconciled = (change: Partial<Order.Order>) =>
        Effect.gen(function*() {
          const store = new Acme.Store()
          store.fates = ["lost after it was carried out"]
          store.readFailure = timedOut
          const at = yield* Clock.currentTimeMillis
          yield* run(store, (trading) => trading.place(limit), { journal })
          store.readFailure = undefined
          yield* TestClock.adjust("1 hours")
          store.inRead = (order) => ({ ...order, ...change, updatedAt: at + 5000 })
          const found = Either.getOrThrow(yield* run(store, (trading) => trading.reconcile, { journal }))
          return found.map(({ _tag }) => _tag)
        })
      const journal = Context.get(yield* Layer.build(OrderJournal.layerMemory), OrderJournal.OrderJournal)
      assert.deepStrictEqual(yield* reconciled(amended), ["Placed"])
      // The lookup shows the terms of another order, the list those of ours.
      assert.deepStrictEqual(yield* reconciled({ side: "sell" }), ["Placed"])
      assert.deepStrictEqual(yield* reconciled({ createdAt: 1 }), ["NotPlaced"])
    }).pipe(Effect.scoped))
})

describe("NotPlaced", () => {
  const placeLost = (change: (store: Acme.Store) => void) =>
    Effect.gen(function*() {
      yield* setClock
      const store = new Acme.Store()
      store.defaultFate = "lost before it arrived"
      change(store)
      return [yield* run(store, (trading) => trading.place(limit)), store] as const
    })
  const listed: Order.Order = {
    exchange: "acme",
    symbol: Acme.bitcoin.symbol,
    id: "n7",
    clientOrderId: "mine-1",
    side: "buy",
    type: "limit",
    status: "filled",
    price: Decimal.make("60000.25"),
    amount: Decimal.make("0.01"),
    filled: Decimal.make("0.01"),
    createdAt: 10_000_000
  }

  it.effect("is reported if the order is neither found by its client order id nor listed, after reading two lists", () =>
    Effect.gen(function*() {
      const [result, store] = yield* placeLost(() => undefined)
      assert.strictEqual(tag(result), "NotPlaced")
      assert.strictEqual(store.listCount, 2)
    }))

  it.effect("is not reported for an order that is listed: the listed order is returned", () =>
    Effect.gen(function*() {
      const [result] = yield* placeLost((store) => store.onlyListed.push(listed))
      assert.strictEqual(Either.getOrThrow(result), listed)
    }))

  it.effect("is not reported if the lists cannot be read", () =>
    Effect.gen(function*() {
      const [result] = yield* placeLost((store) => store.listFailure = timedOut)
      assert.strictEqual(tag(result), "OutcomeUnknown")
    }))

  it.effect("is not reported if an order with the same terms is listed without a client order id", () =>
    Effect.gen(function*() {
      const { clientOrderId: _, ...unnamed } = listed
      const [result] = yield* placeLost((store) => store.onlyListed.push(unnamed))
      assert.strictEqual(tag(result), "OutcomeUnknown")
      const [older] = yield* placeLost((store) => store.onlyListed.push({ ...unnamed, createdAt: 9_000_000 }))
      assert.strictEqual(tag(older), "NotPlaced")
    }))

  it.effect("is not reported if the list may be cut off before the order", () =>
    Effect.gen(function*() {
      const other = (index: number): Order.Order => ({ ...listed, id: `o${index}`, clientOrderId: `other-${index}` })
      const many = Array.from({ length: 1000 }, (_, index) => other(index))
      const unread = { id: "u", market: "BTCUSDT", clientOrderId: "other", createdAt: 10_000_000, detail: "status" }
      const cut = yield* Effect.forEach(
        [
          [],
          // The list may include open orders, or be sorted by when orders ended: such an old order proves nothing.
          [{ ...other(1000), createdAt: 9_000_000, status: "open" as const }],
          [{ ...other(1000), createdAt: 9_000_000, updatedAt: 10_000_000 }]
        ],
        (old) => placeLost((store) => store.onlyListed.push(...many, ...old))
      )
      const [obscured] = yield* placeLost((store) => {
        store.onlyListed.push(...many.slice(1))
        store.unknownRows.push(unread)
      })
      assert.deepStrictEqual([...cut.map(([result]) => result), obscured].map(tag), Array(4).fill("OutcomeUnknown"))
      const [whole] = yield* placeLost((store) =>
        store.onlyListed.push(...many, { ...other(1000), createdAt: 9_000_000 })
      )
      assert.strictEqual(tag(whole), "NotPlaced")
      const [short] = yield* placeLost((store) => {
        store.onlyListed.push(...many.slice(2))
        store.unknownRows.push(unread)
      })
      assert.strictEqual(tag(short), "NotPlaced")
    }))
})

describe("a deadline", () => {
  it.effect("around place ends its lookups with OutcomeUnknown, and never with NotPlaced", () =>
    Effect.gen(function*() {
      for (const fate of ["lost before it arrived", "lost after it was carried out"] as const) {
        const store = new Acme.Store()
        store.defaultFate = fate
        store.readFailure = fate === "lost before it arrived" ? undefined : timedOut
        const from = yield* Clock.currentTimeMillis
        const result = yield* run(store, (trading) => Deadline.within(trading.place(limit), "5 seconds"))
        assert.strictEqual(tag(result), "OutcomeUnknown")
        assert.isAtMost((yield* Clock.currentTimeMillis) - from, 6000)
      }
    }))

  it.effect("around place still returns an accepted order, as pending", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "acknowledged"
      store.visibleAfter = 60_000
      const result = yield* run(store, (trading) => Deadline.within(trading.place(limit), "1 seconds"))
      assert.strictEqual(Either.getOrThrow(result).status, "pending")
      assert.isAtMost(yield* Clock.currentTimeMillis, 2000)
    }))
})

describe("cancel and amend", () => {
  const changes = {
    cancel: (trading: Trading.Trading.Service, order: Order.Order) => trading.cancel(order),
    amend: (trading: Trading.Trading.Service, order: Order.Order) => trading.amend(order, { price: "59000" })
  }

  /** Places an order, runs `then` to change the exchange, and cancels or amends the order. */
  const changed = (store: Acme.Store, name: keyof typeof changes, then: () => void) =>
    run(
      store,
      (trading) =>
        Effect.flatMap(Effect.tap(trading.place(limit), () => Effect.sync(then)), (order) =>
          changes[name](trading, order))
    )

  for (const name of ["cancel", "amend"] as const) {
    for (const fate of ["answered", "acknowledged"] as const) {
      it.effect(`${name} that is ${fate} and has no visible effect fails with OutcomeUnknown and its cause`, () =>
        Effect.gen(function*() {
          const store = new Acme.Store()
          store.fates = ["answered", fate]
          const result = yield* changed(store, name, () => store.ignoresChanges = true)
          assert(Either.isLeft(result) && result.left._tag === "OutcomeUnknown")
          assert.instanceOf(result.left.cause, ExchangeError.RequestTimedOut)
          assert.include(result.left.message, "unchanged so far (open)")
        }))
    }

    it.effect(`${name} that is answered with another order reads the order`, () =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const result = yield* changed(store, name, () => store.inResponse = (order) => ({ ...order, id: "n9" }))
        assert.strictEqual(Either.getOrThrow(result).id, "n1")
      }))

    it.effect(`${name} whose read returns another order fails with OutcomeUnknown`, () =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.fates = ["answered", "acknowledged"]
        const result = yield* changed(store, name, () => {
          store.inRead = (order) => name === "cancel" || store.readCount > 1 ? { ...order, id: "n9" } : order
        })
        assert.strictEqual(tag(result), "OutcomeUnknown")
      }))
  }

  it.effect("amending an order that ended before the change fails with OrderRejected", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["answered", "acknowledged"]
      const result = yield* changed(store, "amend", () => {
        store.ignoresChanges = true
        store.inRead = (order) => store.readCount > 1 ? { ...order, status: "filled" } : order
      })
      assert(Either.isLeft(result) && result.left._tag === "OrderRejected")
      assert.include(result.left.message, "the order ended before it was amended: it is filled")
    }))

  it.effect("the order of an OutcomeUnknown can be used as a reference, and so can an order", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["lost after it was carried out"]
      store.readFailure = timedOut
      const built = yield* Layer.build(Acme.layer(store))
      const trading = Context.get(built, Acme.AcmeTrading)
      const account = Context.get(built, Account.Account)
      const error = yield* Acme.advanceUntilDone(Effect.flip(trading.place(limit)))
      assert(error._tag === "OutcomeUnknown")
      store.readFailure = undefined
      const order = yield* account.order(error.order)
      assert.strictEqual(order.id, "n1")
      assert.strictEqual(yield* account.order(order), order)
      assert.strictEqual((yield* trading.cancel(error.order)).status, "canceled")
      // @ts-expect-error: a symbol alone names no order
      assert.strictEqual((yield* Effect.flip(account.order({ symbol: "BTC/USDT" })))._tag, "InvalidRequest")
    }).pipe(Effect.scoped))

  it.effect("a reference with both ids uses the exchange's id", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const result = yield* run(store, (trading) =>
        Effect.zipRight(
          Effect.zipRight(trading.place(limit), trading.place({ ...limit, clientOrderId: "mine-2" })),
          trading.cancel({ symbol: "BTC/USDT", id: "n2", clientOrderId: "mine-1" })
        ))
      assert.strictEqual(Either.getOrThrow(result).id, "n2")
    }))
})

describe("reading from a market", () => {
  it.effect("fails if the order is of another market", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.inRead = (order) => ({ ...order, symbol: ExchangeSymbol.make("ETH/USDT") })
      const built = yield* Layer.build(Acme.layer(store))
      const trading = Context.get(built, Acme.AcmeTrading)
      const account = Context.get(built, Account.Account)
      const { id, symbol } = yield* trading.place(limit)
      const error = yield* Effect.flip(account.order({ symbol, id }))
      assert.instanceOf(error, ExchangeError.MalformedResponse)
    }).pipe(Effect.scoped))

  it.effect("fails if the ticker or the price is of another market", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.tickerSymbol = () => ExchangeSymbol.make("ETH/USDT")
      const built = yield* Layer.build(Acme.layer(store))
      const data = Context.get(built, MarketData.MarketData)
      for (const read of [Effect.asVoid(data.ticker("BTC/USDT")), Effect.asVoid(data.price("BTC/USDT"))]) {
        const error = yield* Effect.flip(read)
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.include(error.message, "requested BTC/USDT, but the response is about ETH/USDT")
      }
    }).pipe(Effect.scoped))
})

describe("a client order id that is in a journal twice", () => {
  it("is that of two open orders, as the exchange may have accepted either", () => {
    const intent: OrderJournal.Intent = {
      _tag: "Intent",
      exchange: "acme",
      environment: "here",
      account: "mine",
      clientOrderId: "mine-1",
      symbol: "BTC/USDT",
      side: "buy",
      type: "limit",
      amount: "0.01",
      timeInForce: "GTC",
      at: 1
    }
    assert.deepStrictEqual(OrderJournal.openOf([intent, { ...intent, at: 2 }]), [intent, { ...intent, at: 2 }])
  })
})
