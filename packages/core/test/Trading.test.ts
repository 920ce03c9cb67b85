import { assert, describe, it } from "@effect/vitest"
import {
  Clock,
  Duration,
  Effect,
  Either,
  Fiber,
  Layer,
  Logger,
  Metric,
  MetricState,
  Random,
  Redacted,
  Ref,
  TestClock
} from "effect"
import { Account, Credentials, Decimal, ExchangeError, type Order, OrderJournal, type Trading } from "../src/index.js"
import * as Acme from "./support/exchange.js"

const limit: Order.LimitRequest = {
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "0.01",
  price: "60000.25"
}

const timedOut = new ExchangeError.RequestTimedOut({ exchange: "acme", operation: "order", detail: "no answer" })

const atMarket: Order.MarketRequest = { type: "market", symbol: "BTC/USDT", side: "buy", amount: "0.01" }

/** Advances the clock in steps of a tenth of a second until the effect is done. */
const advanceUntilDone = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(self, Effect.forever(TestClock.adjust("100 millis")))

const failed = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<E> => Effect.orDieWith(Effect.flip(self), String)

describe("The number of orders with an unknown outcome", () => {
  it.effect("is reported as zero before the first one, so that an alert notices the increase", () =>
    Effect.gen(function*() {
      const environment = { name: "alerted", baseUrl: "http://localhost:1" }
      yield* Acme.trade(new Acme.Store(), () => Effect.void, { environment })
      const counts = (yield* Metric.snapshot).flatMap(({ metricKey, metricState }) =>
        metricKey.name === "exchange_unknown_orders_total" && MetricState.isCounterState(metricState) &&
          metricKey.tags.some(({ value }) => value === environment.name)
          ? [[...metricKey.tags].map(({ key, value }) => `${key}=${value}`).toSorted().join(), metricState.count]
          : []
      )
      assert.deepStrictEqual(counts, ["environment=alerted,exchange=acme", 0])
    }))
})

describe("Trading.place", () => {
  it.effect("sends an order as requested, and returns it as the exchange has it", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const order = yield* Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine-1" }))
      assert.strictEqual(order, store.orders[0])
      assert.deepInclude(order, { clientOrderId: "mine-1", side: "buy", type: "limit", status: "open" })
      assert.strictEqual(order.price && Decimal.format(order.price), "60000.25")
    }))

  it.effect("generates a client order id in the exchange's format, from Random", () =>
    Effect.gen(function*() {
      const ids = (seed: string) => {
        const store = new Acme.Store()
        return Acme.trade(store, (trading) => Effect.zipRight(trading.place(limit), trading.place(limit))).pipe(
          Effect.withRandom(Random.make(seed)),
          Effect.map(() => store.orders.map(({ clientOrderId }) => clientOrderId))
        )
      }
      const [first, second] = yield* ids("seed")
      assert.match(first ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.notStrictEqual(first, second)
      assert.deepStrictEqual(yield* ids("seed"), [first, second])
      assert.notDeepEqual(yield* ids("other"), [first, second])
    }))

  const wrong: ReadonlyArray<readonly [Partial<Order.LimitRequest>, message: string]> = [
    [{ price: "60000.251" }, "not a multiple of the tick 0.01; use 60000.25, or set `round: true`"],
    [{ amount: "0.0105" }, "not a multiple of the step 0.001; use 0.010, or set `round: true`"],
    [{ amount: "0.001" }, "below the minimum for BTC/USDT, 0.002"],
    [{ amount: "11" }, "above the maximum for BTC/USDT, 10"],
    [{ price: "0.5" }, "below the minimum for BTC/USDT, 1"],
    [{ price: "100", amount: "0.002" }, "is worth 0.200 USDT, below the minimum"],
    [{ amount: "1e-2" }, "is not plain decimal notation"],
    [{ amount: "-1" }, "is not above zero"],
    [{ amount: "0.0001", round: true }, "less than one step"],
    [{ postOnly: true, timeInForce: "IOC" }, "a post-only order cannot be IOC"],
    [{ clientOrderId: "NOT MINE" }, "is invalid: expected 1 to 36 of a-z 0-9 -"]
  ]
  for (const [change, message] of wrong) {
    it.effect(`refuses ${JSON.stringify(change)} before anything is sent`, () =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const error = yield* failed(Acme.trade(store, (trading) => trading.place({ ...limit, ...change })))
        assert.instanceOf(error, ExchangeError.InvalidRequest)
        assert.include(error.message, message)
        assert.strictEqual(store.arrivals.size, 0)
      }))
  }

  it.effect("refuses an order while its market is halted, and sends it within a minute after the market is open again", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.markets = [{ ...Acme.bitcoin, status: "halted" }, Acme.ether]
      const [halted, reopened] = yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          const halted = yield* Effect.flip(trading.place(limit))
          store.markets = [Acme.bitcoin, Acme.ether]
          yield* TestClock.adjust("1 minute")
          return [halted, yield* trading.place(limit)] as const
        }))
      assert.deepStrictEqual([halted._tag, reopened.status], ["InvalidRequest", "open"])
    }))

  it.effect("with `round: true` rounds amounts down and prices in the order's favour", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const sent = (side: "buy" | "sell") =>
        Effect.map(
          Acme.trade(
            store,
            (trading) => trading.place({ ...limit, side, amount: "0.0199", price: "60000.255", round: true })
          ),
          ({ amount, price }) => [amount && Decimal.format(amount), price && Decimal.format(price)]
        )
      assert.deepStrictEqual(yield* sent("buy"), ["0.019", "60000.25"])
      assert.deepStrictEqual(yield* sent("sell"), ["0.019", "60000.26"])
    }))

  it.effect("an option that the exchange lacks fails with Unsupported, which names the supported ones", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const fok = yield* failed(Acme.trade(store, (trading) => trading.place({ ...limit, timeInForce: "FOK" })))
      assert.instanceOf(fok, ExchangeError.Unsupported)
      assert.include(fok.message, "use one of GTC, IOC")
      const reduce = yield* failed(Acme.trade(store, (trading) => trading.place({ ...limit, reduceOnly: true })))
      assert.instanceOf(reduce, ExchangeError.Unsupported)
      assert.strictEqual(store.arrivals.size, 0)
    }))

  it.effect("a refusal of the exchange fails the call unchanged, without a lookup", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "refused"
      const error = yield* failed(Acme.trade(store, (trading) => trading.place(limit)))
      assert.instanceOf(error, ExchangeError.InsufficientFunds)
      assert.strictEqual(store.readCount, 0)
    }))

  it.effect("reads the order after an acknowledgement", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "acknowledged"
      const order = yield* Acme.trade(store, (trading) => trading.place(atMarket))
      assert.strictEqual(order.status, "filled")
    }))

  it.effect("an acknowledged order that stays invisible is returned as pending, with the exchange's id", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "acknowledged"
      store.visibleAfter = 60_000
      const order = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.place(limit)))
      assert.deepInclude(order, { status: "pending", id: "n1" })
    }))

  it.effect("an order acknowledged without an id is found by its client order id when it becomes visible", () =>
    Effect.gen(function*() {
      for (const lag of [0, 1000]) {
        const store = new Acme.Store()
        store.defaultFate = "acknowledged"
        store.visibleAfter = lag
        const order = yield* advanceUntilDone(
          Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine-1" }), { lacks: { ids: true } })
        )
        assert.deepInclude(order, { id: "n1", clientOrderId: "mine-1", status: "open" })
        assert.deepStrictEqual([...store.arrivals.values()], [1])
      }
    }))

  it.effect("returns the order, sent once, if the response was lost after it was executed", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "lost after it was carried out"
      store.visibleAfter = 5000
      const order = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.place(limit)))
      assert.strictEqual(order.id, "n1")
      assert.deepStrictEqual([...store.arrivals.values()], [1])
    }))

  it.effect("an order that never arrived is NotPlaced, and not before `absentAfter` has passed", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "lost before it arrived"
      const fiber = yield* Effect.fork(failed(Acme.trade(store, (trading) => trading.place(limit))))
      yield* TestClock.adjust(Duration.millis(9999))
      assert.isTrue((yield* Fiber.poll(fiber))._tag === "None")
      const error = yield* advanceUntilDone(Fiber.join(fiber))
      assert.instanceOf(error, ExchangeError.NotPlaced)
      assert.isAtLeast(yield* Clock.currentTimeMillis, 10_000)
      assert.strictEqual(store.arrivals.size, 0)
    }))

  it.effect("an order that was queued for long is not judged absent by the time it was requested", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.queuedFor = 25_000
      store.defaultFate = "lost and carried out later"
      store.executedAfter = 8000
      const order = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.place(limit)))
      assert.strictEqual(order.createdAt, 33_000)
      assert.strictEqual(store.arrivals.size, 1)
    }))

  it.effect("a slow lookup is no proof of absence at the time its response arrived", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "lost and carried out later"
      store.executedAfter = 9900
      store.readDuration = 4000
      const order = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.place(limit)))
      assert.strictEqual(order.createdAt, 9900)
    }))

  it.effect("is NotPlaced after the first lookup that is at least ten seconds after the order, and not before", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "lost before it arrived"
      const fiber = yield* Effect.fork(failed(Acme.trade(store, (trading) => trading.place(limit))))
      // Looked up after 0, 0.2, 0.6, 1.4, 3, 5, 7, 9 and 11 seconds.
      yield* TestClock.adjust(Duration.millis(10_999))
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      assert.strictEqual(store.readCount, 8)
      yield* TestClock.adjust(Duration.millis(1))
      assert.instanceOf(yield* Fiber.join(fiber), ExchangeError.NotPlaced)
      assert.strictEqual(store.readCount, 9)
    }))

  it.effect("looks an order up from an hour before it was requested, as clocks differ", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(10_000_000)
      const store = new Acme.Store()
      store.fates = ["lost after it was carried out", "acknowledged"]
      yield* Acme.trade(store, (trading) => Effect.zipRight(trading.place(limit), trading.place(limit)))
      assert.deepStrictEqual(store.lookupsSince, [6_400_000, 6_400_000])
    }))

  it.effect("a client order id in use fails with DuplicateOrder, and nothing is placed", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const twice = { ...limit, clientOrderId: "mine-1" }
      const error = yield* failed(
        Acme.trade(store, (trading) => Effect.zipRight(trading.place(twice), trading.place(twice)))
      )
      assert.instanceOf(error, ExchangeError.DuplicateOrder)
      assert.strictEqual(store.orders.length, 1)
    }))

  it.effect("an order that cannot be looked up is OutcomeUnknown, with what is needed to find it later", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.defaultFate = "lost after it was carried out"
      store.readFailure = timedOut
      const error = yield* advanceUntilDone(failed(
        Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine-1" }), {
          lookupPatience: "20 seconds"
        })
      ))
      assert.instanceOf(error, ExchangeError.OutcomeUnknown)
      assert.deepStrictEqual({ ...error.order }, {
        symbol: "BTC/USDT",
        clientOrderId: "mine-1",
        side: "buy",
        amount: "0.01",
        price: "60000.25",
        sentAt: 0
      })
      assert.strictEqual(error.cause.message, "acme.place: no")
      assert.isAtLeast(yield* Clock.currentTimeMillis, 30_000)
      assert.deepStrictEqual([...store.arrivals.values()], [1])
    }))
})

describe("Trading.placeBatch", () => {
  const request = (amount: string): Order.Request => ({ ...limit, amount })

  it.effect("returns the result of each order, in their order", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["answered", "answered", "answered"]
      const results = yield* Acme.trade(
        store,
        (trading) => trading.placeBatch([request("0.01"), request("9"), request("0.0001"), request("0.02")])
      )
      assert.deepStrictEqual(results.map(Either.match({ onLeft: ({ _tag }) => _tag, onRight: ({ id }) => id })), [
        "n1",
        "OrderRejected",
        "InvalidRequest",
        "n2"
      ])
      // Two requests, of at most two orders each, each sent once.
      assert.strictEqual(store.fates.length, 1)
      assert.deepStrictEqual([...store.arrivals.values()], [1, 1])
    }))

  it.effect("looks up each order of a batch whose response was lost", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["lost after it was carried out", "lost before it arrived", "answered"]
      const results = yield* advanceUntilDone(
        Acme.trade(store, (trading) => trading.placeBatch([request("0.01"), request("0.02"), request("0.03")]))
      )
      assert.deepStrictEqual(results.map(Either.match({ onLeft: ({ _tag }) => _tag, onRight: ({ id }) => id })), [
        "n1",
        "n2",
        "NotPlaced"
      ])
      // Neither request was sent again.
      assert.deepStrictEqual(store.fates, ["answered"])
      assert.deepStrictEqual([...store.arrivals.values()], [1, 1])
    }))

  it.effect("refuses orders of several markets or with one client order id, and is Unsupported where the exchange has no batches", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const mixed = yield* failed(
        Acme.trade(store, (trading) => trading.placeBatch([limit, { ...limit, symbol: "ETH/USDT" }]))
      )
      assert.instanceOf(mixed, ExchangeError.InvalidRequest)
      const twice = { ...limit, clientOrderId: "mine-1" }
      const same = yield* failed(Acme.trade(store, (trading) => trading.placeBatch([twice, twice])))
      assert.instanceOf(same, ExchangeError.InvalidRequest)
      const none = yield* failed(
        Acme.trade(store, (trading) => trading.placeBatch([limit]), { lacks: { batch: true } })
      )
      assert.instanceOf(none, ExchangeError.Unsupported)
      assert.strictEqual(store.arrivals.size, 0)
    }))
})

describe("Trading.cancel and amend", () => {
  const placed = { symbol: "BTC/USDT", id: "n1" }

  it.effect("cancel returns the canceled order, by either id", () =>
    Effect.gen(function*() {
      for (const fate of ["answered", "acknowledged", "lost after it was carried out"] as const) {
        for (const reference of [placed, { symbol: "BTC/USDT", clientOrderId: "mine-1" }]) {
          const store = new Acme.Store()
          store.fates = ["answered", fate]
          const order = yield* advanceUntilDone(Acme.trade(store, (trading) =>
            Effect.zipRight(trading.place({ ...limit, clientOrderId: "mine-1" }), trading.cancel(reference))))
          assert.strictEqual(order.status, "canceled")
        }
      }
    }))

  it.effect("cancel returns an order that has already ended, and fails with OrderNotFound for an unknown one", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const order = yield* Acme.trade(
        store,
        (trading) => Effect.zipRight(trading.place(atMarket), trading.cancel(placed))
      )
      assert.strictEqual(order.status, "filled")
      const error = yield* failed(Acme.trade(store, (trading) => trading.cancel({ symbol: "BTC/USDT", id: "n9" })))
      assert.instanceOf(error, ExchangeError.OrderNotFound)
    }))

  it.effect("cancel is OutcomeUnknown if the order is not open any more, but cannot be looked up", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      yield* Acme.trade(store, (trading) => trading.place(atMarket))
      store.readFailure = new ExchangeError.RequestTimedOut({ exchange: "acme", operation: "order", detail: "slow" })
      const error = yield* failed(Acme.trade(store, (trading) => trading.cancel(placed)))
      assert.instanceOf(error, ExchangeError.OutcomeUnknown)
      assert.strictEqual(error.order.id, "n1")
      assert.strictEqual(error.cause?._tag, "OrderNotFound")
    }))

  it.effect("cancel fails with OrderRejected if the exchange does not find the order to cancel, but lists it as open", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      yield* Acme.trade(store, (trading) => trading.place(atMarket))
      store.inRead = (order) => ({ ...order, status: "open" })
      const error = yield* advanceUntilDone(failed(Acme.trade(store, (trading) => trading.cancel(placed))))
      assert.instanceOf(error, ExchangeError.OrderRejected)
    }))

  it.effect("cancel waits for an order that was just placed to be listed, if the exchange finds nothing to cancel", () =>
    Effect.gen(function*() {
      for (const reference of [placed, { symbol: "BTC/USDT", clientOrderId: "mine-1" }]) {
        const store = new Acme.Store()
        store.fates = ["answered", "twice"]
        store.visibleAfter = 1500
        const order = yield* advanceUntilDone(
          Acme.trade(
            store,
            (trading) =>
              Effect.zipRight(trading.place({ ...limit, clientOrderId: "mine-1" }), trading.cancel(reference))
          )
        )
        assert.strictEqual(order.status, "canceled")
      }
    }))

  it.effect("a lost cancel without visible effect is OutcomeUnknown", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["answered", "lost before it arrived"]
      const error = yield* advanceUntilDone(
        failed(Acme.trade(store, (trading) => Effect.zipRight(trading.place(limit), trading.cancel(placed))))
      )
      assert.instanceOf(error, ExchangeError.OutcomeUnknown)
      assert.strictEqual(error.order.id, "n1")
    }))

  it.effect("cancelAll leaves orders of other markets open", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const ids = yield* Acme.trade(store, (trading) =>
        trading.place(limit).pipe(
          Effect.zipRight(trading.place({ ...limit, symbol: "ETH/USDT" })),
          Effect.zipRight(trading.cancelAll("BTC/USDT"))
        ))
      assert.deepStrictEqual(ids, ["n1"])
      assert.deepStrictEqual(store.orders.map(({ status }) => status), ["canceled", "open"])
    }))

  it.effect("amends an open order, with the checks of a new order", () =>
    Effect.gen(function*() {
      for (const fate of ["answered", "acknowledged", "lost after it was carried out"] as const) {
        const store = new Acme.Store()
        store.fates = ["answered", fate]
        const order = yield* advanceUntilDone(
          Acme.trade(
            store,
            (trading) => Effect.zipRight(trading.place(limit), trading.amend(placed, { price: "59000" }))
          )
        )
        assert.strictEqual(order.price && Decimal.format(order.price), "59000")
      }
      const store = new Acme.Store()
      yield* Acme.trade(store, (trading) => trading.place(limit))
      for (const change of [{}, { price: "59000.001" }, { amount: "0.0001" }]) {
        const error = yield* failed(Acme.trade(store, (trading) => trading.amend(placed, change)))
        assert.instanceOf(error, ExchangeError.InvalidRequest)
      }
    }))

  it.effect("an amendment that changes nothing is not sent, and returns the order", () =>
    Effect.gen(function*() {
      for (
        const change of [{ price: limit.price }, { amount: limit.amount }, { price: limit.price, amount: limit.amount }]
      ) {
        const store = new Acme.Store()
        store.fates = ["answered", "lost before it arrived"]
        const order = yield* Acme.trade(
          store,
          (trading) => Effect.zipRight(trading.place(limit), trading.amend(placed, change))
        )
        assert.deepInclude(order, { id: placed.id, status: "open" })
        assert.strictEqual(store.fates.length, 1)
      }
    }))

  it.effect("an amendment back is sent while an earlier one may still take effect, and not sent again after that", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["answered", "lost before it arrived", "answered", "answered"]
      const back = { price: limit.price }
      const tags = yield* advanceUntilDone(
        Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            yield* trading.place(limit)
            const error = yield* Effect.flip(trading.amend(placed, { price: "59000" }))
            assert.strictEqual((yield* trading.amend(placed, back)).id, placed.id)
            const left = store.fates.length
            yield* trading.amend(placed, back)
            return [error._tag, left, store.fates.length]
          }))
      )
      assert.deepStrictEqual(tags, ["OutcomeUnknown", 1, 1])
    }))

  it.effect("rounds an amendment in the order's favour if it says so, and otherwise proposes that", () =>
    Effect.gen(function*() {
      for (const [side, price] of [["buy", "59000.00"], ["sell", "59000.01"]] as const) {
        const amended = (round: boolean) =>
          Acme.trade(new Acme.Store(), (trading) =>
            Effect.zipRight(
              trading.place({ ...limit, side }),
              trading.amend(placed, { price: "59000.001", amount: "0.02004", round })
            ))
        const order = yield* amended(true)
        assert.strictEqual(order.price && Decimal.format(order.price), price)
        assert.strictEqual(order.amount && Decimal.format(order.amount), "0.020")
        assert.include((yield* failed(amended(false))).message, "set `round: true`")
      }
    }))

  it.effect("amend is Unsupported where the exchange cannot amend, and the error names the alternative", () =>
    Effect.gen(function*() {
      const error = yield* failed(
        Acme.trade(new Acme.Store(), (trading) => trading.amend(placed, { price: "59000" }), {
          lacks: { amend: true }
        })
      )
      assert.instanceOf(error, ExchangeError.Unsupported)
      assert.include(error.message, "cancel it and place a new one")
    }))
})

describe("guards", () => {
  const guarded =
    (guards: Parameters<typeof Acme.layer>[1]) =>
    (use: (trading: Trading.Trading.Service) => Effect.Effect<void, ExchangeError.TradingError>) => {
      const store = new Acme.Store()
      return Effect.as(Acme.trade(store, use, guards), store)
    }

  const denied = (
    guard: ExchangeError.OrderDenied["guard"],
    self: Effect.Effect<unknown, ExchangeError.TradingError>
  ) =>
    Effect.map(failed(self), (error) => {
      assert.instanceOf(error, ExchangeError.OrderDenied)
      assert.strictEqual(error.guard, guard)
    })

  it.effect("refuse symbols, notionals and prices before anything is sent", () =>
    Effect.gen(function*() {
      const store = yield* guarded({
        guards: { symbols: ["BTC/USDT"], maxNotionalPerOrder: { USDT: "700" }, priceBand: "0.05" }
      })((trading) =>
        Effect.gen(function*() {
          yield* denied("symbols", trading.place({ ...limit, symbol: "ETH/USDT" }))
          yield* denied("maxNotionalPerOrder", trading.place({ ...limit, amount: "0.02" }))
          yield* denied("maxNotionalPerOrder", trading.place({ ...atMarket, amount: "0.02" }))
          yield* denied("priceBand", trading.place({ ...limit, price: "63000.01" }))
          yield* denied("priceBand", trading.place({ ...limit, price: "56999.99" }))
          yield* trading.place({ ...limit, price: "63000" })
          yield* denied("maxNotionalPerOrder", trading.amend({ symbol: "BTC/USDT", id: "n1" }, { amount: "0.02" }))
        })
      )
      assert.strictEqual(store.orders.length, 1)
    }))

  it.effect("count the orders of an earlier run of the day, and release one that reconciling finds NotPlaced", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      const guards = { guards: { maxNotionalPerDay: { USDT: "1201" } }, journal }
      const store = new Acme.Store()
      yield* TestClock.setTime(86_400_000)
      yield* Acme.trade(store, (trading) => trading.place(limit), guards)
      // Sent by a run that was killed before the response came: it is open, so it counts.
      yield* journal.append({
        _tag: "Intent",
        exchange: "acme",
        environment: Acme.environment.name,
        account: Acme.account,
        clientOrderId: "killed",
        symbol: limit.symbol,
        side: limit.side,
        type: "limit",
        amount: "0.01",
        price: "60000.25",
        timeInForce: "GTC",
        worth: { currency: "USDT", amount: "600" },
        at: 86_400_000
      })
      yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          yield* denied("maxNotionalPerDay", trading.place(limit))
          const reconciling = yield* Effect.fork(trading.reconcile)
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual((yield* Fiber.join(reconciling)).map(({ _tag }) => _tag), ["NotPlaced"])
          yield* trading.place(limit)
          yield* denied("maxNotionalPerDay", trading.place(limit))
        }), guards)
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("count what an earlier run added by amendments, and not what was refused", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      const guards = { guards: { maxNotionalPerDay: { USDT: "1801" } }, journal }
      const store = new Acme.Store()
      const amend = (amount: string) => (trading: Trading.Trading.Service) =>
        trading.amend({ symbol: "BTC/USDT", id: "n1" }, { amount })
      yield* Acme.trade(store, (trading) => Effect.zipRight(trading.place(limit), amend("0.02")(trading)), guards)
      store.fates = ["refused"]
      yield* failed(Acme.trade(store, amend("0.03"), guards))
      assert.deepStrictEqual(yield* journal.open, [])
      yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          yield* trading.place(limit)
          yield* denied("maxNotionalPerDay", trading.place(limit))
          yield* denied("maxNotionalPerDay", amend("0.021")(trading))
        }), guards)
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("count per day of UTC, and release what was not placed", () =>
    Effect.gen(function*() {
      yield* guarded({ guards: { maxNotionalPerDay: { USDT: "1201" } } })((trading) =>
        Effect.gen(function*() {
          yield* TestClock.setTime(86_400_000 - 1)
          yield* trading.place(limit)
          yield* trading.place(limit)
          yield* denied("maxNotionalPerDay", trading.place(limit))
          yield* TestClock.adjust("1 millis")
          yield* trading.place(limit)
        })
      )
      const store = new Acme.Store()
      store.fates = ["refused", "refused", "answered", "answered"]
      yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          yield* failed(trading.place(limit))
          yield* failed(trading.place(limit))
          yield* trading.place(limit)
          yield* trading.place(limit)
          yield* denied("maxNotionalPerDay", trading.place(limit))
        }), { guards: { maxNotionalPerDay: { USDT: "1201" } } })
    }))

  it.effect("count the orders of all Layers of an account together, and those of another account separately", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      const store = new Acme.Store()
      const guards = { guards: { maxNotionalPerDay: { USDT: "1801" } }, journal }
      yield* Acme.trade(store, (trading) => trading.place(limit), guards)
      yield* Acme.tradeTwice(store, (one, other) =>
        Effect.gen(function*() {
          yield* one.place(limit)
          yield* other.place(limit)
          yield* denied("maxNotionalPerDay", one.place(limit))
          yield* denied("maxNotionalPerDay", other.place(limit))
          yield* TestClock.adjust("1 day")
          yield* other.place(limit)
        }), guards)
      const credentials = { ...Acme.credentials, key: Redacted.make("another-key") }
      yield* Acme.trade(store, (trading) => trading.place(limit), { ...guards, credentials })
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("release a NotPlaced order only once, though two Layers reconcile it concurrently", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      const store = new Acme.Store()
      const guards = { guards: { maxNotionalPerDay: { USDT: "1201" } }, journal }
      store.queuedFor = 20_000
      yield* advanceUntilDone(Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          const placing = yield* Effect.fork(trading.place(limit))
          yield* Effect.sleep("1 second")
          yield* Fiber.interrupt(placing)
        }), guards))
      store.queuedFor = 0
      const tags = yield* advanceUntilDone(Acme.tradeTwice(store, (one, other) =>
        Effect.gen(function*() {
          const found = yield* Effect.all([one.reconcile, other.reconcile], { concurrency: 2 })
          yield* one.place(limit)
          yield* other.place(limit)
          yield* denied("maxNotionalPerDay", one.place(limit))
          return found.flat().map(({ _tag }) => _tag)
        }), guards))
      assert.deepStrictEqual(tags, ["NotPlaced", "NotPlaced"])
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("release a NotPlaced order only once, though it is also reconciled afterwards", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      let fails = false
      const failing = {
        ...journal,
        append: (entry: OrderJournal.Entry) =>
          fails && entry._tag === "NotPlaced"
            ? new OrderJournal.JournalFailed({ path: "journal", detail: "the disk is full" })
            : journal.append(entry)
      }
      const guards = { guards: { maxNotionalPerDay: { USDT: "1201" } }, journal: failing }
      for (
        const [why, clientOrderId] of [["its client order id is in use", "mine"], ["it was refused", "other"]] as const
      ) {
        const store = new Acme.Store()
        yield* TestClock.adjust("1 day")
        yield* Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            yield* trading.place({ ...limit, clientOrderId: "mine" })
            yield* TestClock.adjust("10 minutes")
            store.fates = clientOrderId === "mine" ? [] : ["refused"]
            fails = true
            const placing = yield* Effect.fork(Effect.either(trading.place({ ...limit, clientOrderId })))
            yield* TestClock.adjust("1 minute")
            assert.isTrue(Either.isLeft(yield* Fiber.join(placing)), why)
            fails = false
            const reconciling = yield* Effect.fork(trading.reconcile)
            yield* TestClock.adjust("1 minute")
            assert.deepStrictEqual((yield* Fiber.join(reconciling)).map(({ _tag }) => _tag), ["NotPlaced"], why)
            yield* trading.place(limit)
            yield* denied("maxNotionalPerDay", trading.place(limit))
          }), guards)
      }
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("release a NotPlaced order although reconcile is interrupted while the journal writes that", () =>
    Effect.gen(function*() {
      const inner = yield* OrderJournal.OrderJournal
      const journal = {
        ...inner,
        append: (entry: OrderJournal.Entry) =>
          entry._tag === "NotPlaced"
            ? Effect.uninterruptible(Effect.delay(inner.append(entry), "1 second"))
            : inner.append(entry)
      }
      const store = new Acme.Store()
      yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          store.queuedFor = 20_000
          const placing = yield* Effect.fork(trading.place(limit))
          yield* TestClock.adjust("1 second")
          yield* Fiber.interrupt(placing)
          store.queuedFor = 0
          const reconciling = yield* Effect.fork(trading.reconcile)
          yield* TestClock.adjust("10 seconds")
          assert.strictEqual((yield* inner.open).length, 1)
          yield* Effect.fork(Fiber.interrupt(reconciling))
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* inner.open, [])
          yield* trading.place(limit)
          yield* denied("maxNotionalPerDay", trading.place(limit))
        }), { guards: { maxNotionalPerDay: { USDT: "1000" } }, journal })
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("release a refused order only once, though it ends while reconcile reads the journal", () =>
    Effect.gen(function*() {
      const inner = yield* OrderJournal.OrderJournal
      // As a journal in a database: the response takes a second.
      const journal = { ...inner, open: Effect.zipLeft(inner.open, Effect.sleep("1 second")) }
      const store = new Acme.Store()
      yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          store.fates = ["refused"]
          store.queuedFor = 500
          const placing = yield* Effect.fork(Effect.flip(trading.place(limit)))
          yield* TestClock.adjust(0)
          store.queuedFor = 0
          const reconciling = yield* Effect.fork(trading.reconcile)
          yield* TestClock.adjust("1 minute")
          assert.strictEqual((yield* Fiber.join(placing))._tag, "InsufficientFunds")
          assert.deepStrictEqual(yield* Fiber.join(reconciling), [])
          yield* trading.place(limit)
          yield* denied("maxNotionalPerDay", trading.place(limit))
        }), { guards: { maxNotionalPerDay: { USDT: "1000" } }, journal })
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("count what an amendment adds, release it if refused, and count nothing for one that reduces the order", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["answered", "refused", "answered", "answered", "answered", "answered"]
      yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          const amend = (amount: string) => trading.amend({ symbol: "BTC/USDT", id: "n1" }, { amount })
          // Counts 600.0025 of 1300.
          yield* trading.place(limit)
          yield* failed(amend("0.02"))
          yield* amend("0.02")
          yield* denied("maxNotionalPerDay", amend("0.022"))
          yield* amend("0.01")
          yield* amend("0.011")
          yield* denied("maxNotionalPerDay", amend("0.02"))
        }), { guards: { maxNotionalPerDay: { USDT: "1300" } } })
    }))

  it.effect("fail the Layer with a configuration error if they are invalid", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(
        Acme.makeExchange(new Acme.Store()).layer({
          environment: Acme.environment,
          credentials: Acme.credentials,
          guards: { priceBand: "five" }
        })
      ))).pipe(Effect.provide([Acme.http, OrderJournal.layerNone]))
      assert.include(String(error), "priceBand")
    }))
})

describe("the journal", () => {
  const withJournal = <A, E>(use: (journal: OrderJournal.OrderJournal["Type"]) => Effect.Effect<A, E>) =>
    Effect.flatMap(OrderJournal.OrderJournal, use).pipe(Effect.provide(OrderJournal.layerMemory))

  it.effect("keeps the intent of an order that was acknowledged without an id and stays invisible", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.defaultFate = "acknowledged"
        store.visibleAfter = 600_000
        const options = { lacks: { ids: true }, journal }
        const error = yield* failed(
          advanceUntilDone(
            Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine-1" }), options)
          )
        )
        assert.instanceOf(error, ExchangeError.OutcomeUnknown)
        assert.include(error.message, "accepted the order mine-1")
        assert.deepStrictEqual((yield* journal.open).map(({ clientOrderId }) => clientOrderId), ["mine-1"])
      })
    ))

  it.effect("has the intent before the order is sent, and the outcome after", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const arrivalsAtIntent = yield* Ref.make(-1)
        const watched = {
          ...journal,
          append: (entry: OrderJournal.Entry) =>
            Effect.zipRight(
              entry._tag === "Intent" ? Ref.set(arrivalsAtIntent, store.arrivals.size) : Effect.void,
              journal.append(entry)
            )
        }
        yield* Acme.trade(store, (trading) => trading.place(limit), { journal: watched })
        assert.strictEqual(yield* Ref.get(arrivalsAtIntent), 0)
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("reconciling closes the open intents of its environment as Placed or NotPlaced", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "arrived" }))
        yield* journal.append(Acme.intent("arrived"))
        yield* journal.append(Acme.intent("lost"))
        yield* journal.append({ ...Acme.intent("elsewhere"), environment: "testnet" })
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag, intent }) => [intent.clientOrderId, _tag]), [
          ["arrived", "Placed"],
          ["lost", "NotPlaced"]
        ])
        assert.deepStrictEqual((yield* journal.open).map(({ clientOrderId }) => clientOrderId), ["elsewhere"])
      })
    ))

  it.effect("reconciling does not take a known order for that of a later call with the same client order id", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const named = (trading: Trading.Trading.Service) => trading.place({ ...limit, clientOrderId: "mine" })
        yield* Acme.trade(store, named, { journal })
        // The process is killed while it places the next order, which never arrives.
        yield* TestClock.adjust("20 seconds")
        yield* journal.append({ ...Acme.intent("mine"), at: 20_000 })
        const again = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(again.map(({ _tag }) => _tag), ["NotPlaced"])
      })
    ))

  for (const deduplicates of [true, false]) {
    it.effect(`reconciling finds one order to be that of one call only: ${deduplicates ? "one" : "any"} per id`, () =>
      withJournal((journal) =>
        Effect.gen(function*() {
          const store = new Acme.Store()
          const options = { journal, lacks: { deduplicates: !deduplicates } }
          // The process is killed while it places two orders with the same client order id. Only one arrives.
          yield* Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine" }))
          yield* journal.append(Acme.intent("mine"))
          yield* journal.append({ ...Acme.intent("mine"), at: 1 })
          yield* TestClock.adjust("20 seconds")
          store.readDuration = 100
          const reconcile = advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, options))
          assert.sameMembers((yield* reconcile).map(({ _tag }) => _tag), ["Placed", "NotPlaced"])
          assert.deepStrictEqual(yield* journal.open, [])
        })
      ))
  }

  it.effect("reconciling finds one order to be that of one call only, though both lookups end in the same instant", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine" }))
        yield* journal.append(Acme.intent("mine"))
        yield* journal.append({ ...Acme.intent("mine"), at: 1 })
        yield* TestClock.adjust("20 seconds")
        // The fibers take turns in steps of a few operations, so both calls find the order before either is settled.
        const reconciling = yield* Effect.fork(Acme.trade(
          store,
          (trading) => Effect.withMaxOpsBeforeYield(trading.reconcile, 16),
          { journal }
        ))
        yield* TestClock.adjust("1 minute")
        const found = yield* Fiber.join(reconciling)
        assert.sameMembers(found.map(({ _tag }) => _tag), ["Placed", "NotPlaced"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("reconciling finds both orders of two calls with the same client order id, if there are two", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const other = new Acme.Store()
        for (const one of [store, other]) {
          yield* Acme.trade(one, (trading) => trading.place({ ...limit, clientOrderId: "mine" }))
        }
        store.orders.push(...other.orders.map((order) => ({ ...order, id: "n2" })))
        yield* journal.append(Acme.intent("mine"))
        yield* journal.append({ ...Acme.intent("mine"), at: 1 })
        yield* TestClock.adjust("20 seconds")
        const options = { journal, lacks: { deduplicates: true } }
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, options))
        assert.sameMembers(found.map((one) => one._tag === "Placed" ? one.order.id : one._tag), ["n1", "n2"])
      })
    ))

  it.effect("reconciling reports an order as Unknown if its market has got another id since", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.markets = [{ ...Acme.bitcoin, id: "BTCUSDT2" }]
        yield* journal.append({ ...Acme.intent("mine"), market: "BTCUSDT" })
        yield* journal.append({ ...Acme.intent("other"), market: "BTCUSDT2" })
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["Unknown", "NotPlaced"])
      })
    ))

  // Only an amendment that makes the order larger is in the journal.
  for (const [change, first] of [[{ amount: "0.02" }, "Placed"], [{ price: "59000" }, "Unknown"]] as const) {
    it.effect(`reconciling says ${first} of an order whose ${Object.keys(change).join()} an earlier run has amended`, () =>
      withJournal((journal) =>
        Effect.gen(function*() {
          const store = new Acme.Store()
          const full = {
            ...journal,
            append: (entry: OrderJournal.Entry) =>
              entry._tag === "Placed"
                ? new OrderJournal.JournalFailed({ path: "journal", detail: "the disk is full" })
                : journal.append(entry)
          }
          yield* Acme.trade(store, (trading) =>
            Effect.gen(function*() {
              const { id } = yield* trading.place(limit)
              yield* trading.amend({ symbol: "BTC/USDT", id }, change)
            }), { journal: full, guards: { maxNotionalPerDay: { USDT: "10000" } } })
          const reconcile = Effect.map(
            advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal })),
            (found) => found.map(({ _tag }) => _tag)
          )
          assert.deepStrictEqual(yield* reconcile, [first])
          yield* TestClock.adjust("10 minutes")
          assert.deepStrictEqual(yield* reconcile, first === "Placed" ? [] : ["Placed"])
        })
      ))
  }

  it.effect("reconciling proves a hundred absences in one wait, with two lookups each", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.readDuration = 10
        const names = Array.from({ length: 100 }, (_, index) => `lost-${index}`)
        yield* Effect.forEach(names, (name) => journal.append(Acme.intent(name)))
        yield* Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const reconciling = yield* Effect.fork(trading.reconcile)
            // The first lookups take 250 milliseconds, four at a time; nothing is proven before ten seconds.
            yield* TestClock.adjust("9999 millis")
            assert.strictEqual(store.readCount, 100)
            assert.strictEqual((yield* journal.open).length, 100)
            yield* TestClock.adjust("600 millis")
            const found = yield* Fiber.join(reconciling)
            assert.deepStrictEqual(
              found.map(({ _tag, intent }) => [intent.clientOrderId, _tag]),
              names.map((name) => [name, "NotPlaced"])
            )
            assert.strictEqual(store.readCount, 200)
          }), { journal })
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("an interrupted reconcile leaves the intents open that it has not proven absent", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* Effect.forEach(Array.from({ length: 100 }), (_, index) => journal.append(Acme.intent(`lost-${index}`)))
        yield* Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const reconciling = yield* Effect.fork(trading.reconcile)
            yield* TestClock.adjust("5 seconds")
            yield* Fiber.interrupt(reconciling)
          }), { journal })
        assert.strictEqual((yield* journal.open).length, 100)
      })
    ))

  it.effect("reconciling one account leaves the orders of another open", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const theirs = { key: Redacted.make("their-key"), secret: Redacted.make("their-secret") }
        store.defaultFate = "lost after it was carried out"
        store.readFailure = timedOut
        const place = (credentials: Credentials.Credentials) =>
          advanceUntilDone(failed(
            Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "same" }), { journal, credentials })
          ))
        yield* place(theirs)
        // The store holds one account only: the other account has no such order.
        store.clear()
        store.readFailure = undefined
        const mine = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(mine, [])
        const [left, ...more] = yield* journal.open
        assert.deepStrictEqual(more, [])
        assert.strictEqual(left?.account, Credentials.fingerprint(theirs))
        assert.notStrictEqual(left?.account, Acme.account)
        assert.notInclude(JSON.stringify(left), "their-key")
        const found = yield* advanceUntilDone(
          Acme.trade(store, (trading) => trading.reconcile, { journal, credentials: theirs })
        )
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["NotPlaced"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("orders of a rotated key are reconciled if `formerAccounts` names its account", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* journal.append(Acme.intent("lost", "formerly"))
        const logged: Array<unknown> = []
        const reconcile = (formerAccounts: ReadonlyArray<string>) =>
          advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal, formerAccounts })).pipe(
            Effect.provide(Logger.replace(Logger.defaultLogger, Logger.make(({ message }) => logged.push(message))))
          )
        assert.deepStrictEqual(yield* reconcile([]), [])
        assert.include(String(logged), "1 open orders of other accounts: formerly")
        assert.deepStrictEqual((yield* reconcile(["formerly"])).map(({ _tag }) => _tag), ["NotPlaced"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("entries without an account are Unknown until `formerAccounts` includes OrderJournal.unnamed", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* journal.append(Acme.intent("old", OrderJournal.unnamed))
        const reconcile = (formerAccounts: ReadonlyArray<string>) =>
          advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal, formerAccounts }))
        const [unknown] = yield* reconcile([])
        assert(unknown?._tag === "Unknown")
        assert.include(unknown.error.message, "formerAccounts: [OrderJournal.unnamed]")
        assert.strictEqual(store.readCount, 0)
        assert.deepStrictEqual((yield* reconcile([OrderJournal.unnamed])).map(({ _tag }) => _tag), ["NotPlaced"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("a key rotated while an order is in flight does not separate its outcome from its intent", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.queuedFor = 10_000
        let key = "the-key"
        const current = Effect.sync(() => ({ key: Redacted.make(key), secret: Redacted.make("s") }))
        const credentials = { get: current, reload: current }
        const written: Array<string> = []
        const watched = {
          ...journal,
          append: (entry: OrderJournal.Entry) =>
            Effect.zipRight(Effect.sync(() => written.push(`${entry._tag} ${entry.account}`)), journal.append(entry))
        }
        yield* advanceUntilDone(Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const placing = yield* Effect.fork(trading.place(limit))
            yield* Effect.sleep("1 second")
            key = "another-key"
            yield* Fiber.join(placing)
            // The orders of an earlier key belong to this account for the lifetime of the Layer.
            yield* journal.append(Acme.intent("lost"))
            assert.deepStrictEqual((yield* trading.reconcile).map(({ _tag }) => _tag), ["NotPlaced"])
          }), { journal: watched, credentials }))
        assert.deepStrictEqual(written.slice(0, 2), [`Intent ${Acme.account}`, `Placed ${Acme.account}`])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("has the notional that an order counted with the guards", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* Acme.trade(store, (trading) => trading.place({ ...limit, amount: "0.01", price: "60000" }), {
          journal,
          guards: { maxNotionalPerDay: { USDT: "1000" } }
        })
        const [begun] = yield* journal.since(Acme.account, "acme", "here", 0)
        assert.deepStrictEqual(begun?.worth, { currency: "USDT", amount: "600.00" })
        assert.strictEqual(begun?.outcome, "Placed")
      })
    ))

  it.effect("an order with an unknown outcome stays open until the outcome is known", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.defaultFate = "lost after it was carried out"
        store.readFailure = timedOut
        yield* advanceUntilDone(failed(Acme.trade(store, (trading) => trading.place(limit), { journal })))
        assert.strictEqual((yield* journal.open).length, 1)
        const still = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(still.map(({ _tag }) => _tag), ["Unknown"])
        store.readFailure = undefined
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["Placed"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("DuplicateOrder does not close the open intent of the order that has the client order id", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const order = { ...limit, clientOrderId: "mine-1" }
        store.fates = ["lost after it was carried out"]
        store.readFailure = timedOut
        yield* advanceUntilDone(failed(Acme.trade(store, (trading) => trading.place(order), { journal })))
        store.readFailure = undefined
        const error = yield* failed(Acme.trade(store, (trading) => trading.place(order), { journal }))
        assert.instanceOf(error, ExchangeError.DuplicateOrder)
        assert.strictEqual((yield* journal.open).length, 1)
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["Placed"])
      })
    ))

  it.effect("a refusal does not close the open intent of an earlier order with the same client order id", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const order = { ...limit, clientOrderId: "mine-1" }
        store.fates = ["lost after it was carried out", "refused"]
        store.readFailure = timedOut
        yield* advanceUntilDone(failed(Acme.trade(store, (trading) => trading.place(order), { journal })))
        store.readFailure = undefined
        const error = yield* failed(Acme.trade(store, (trading) => trading.place(order), { journal }))
        assert.instanceOf(error, ExchangeError.InsufficientFunds)
        assert.deepStrictEqual(
          (yield* journal.since(Acme.account, "acme", "here", 0)).map(({ outcome }) => outcome),
          ["Open", "NotPlaced"]
        )
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["Placed"])
      })
    ))

  it.effect("a refusal does not close the open intent of an order that was begun at the same time with the same id", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const order = { ...limit, clientOrderId: "mine-1" }
        store.fates = ["lost after it was carried out", "refused"]
        store.readFailure = timedOut
        const results = yield* advanceUntilDone(
          Acme.trade(store, (trading) => {
            const placing = failed(trading.place(order))
            return Effect.all([placing, placing], { concurrency: 2 })
          }, { journal })
        )
        assert.deepStrictEqual(results.map(({ _tag }) => _tag), ["OutcomeUnknown", "InsufficientFunds"])
        store.readFailure = undefined
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["Placed"])
      })
    ))

  it.effect("reconciling skips orders that another Layer of the account has in flight", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.queuedFor = 20_000
        const found = yield* advanceUntilDone(Acme.tradeTwice(store, (one, other) =>
          Effect.gen(function*() {
            const placing = yield* Effect.fork(one.place(limit))
            yield* Effect.sleep("1 second")
            const during = yield* other.reconcile
            yield* Fiber.interrupt(placing)
            return [during, yield* other.reconcile]
          }), { journal }))
        assert.deepStrictEqual(found.map((reconciled) => reconciled.map(({ _tag }) => _tag)), [[], ["NotPlaced"]])
      })
    ))

  it.effect("reconciling skips an order in flight, though another call with its client order id was interrupted", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.queuedFor = 20_000
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const placing = yield* Effect.fork(trading.place({ ...limit, clientOrderId: "mine" }))
            const again = yield* Effect.fork(trading.place({ ...limit, clientOrderId: "mine" }))
            yield* Effect.sleep("1 second")
            yield* Fiber.interrupt(again)
            const during = yield* trading.reconcile
            yield* Fiber.interrupt(placing)
            return during
          }), { journal }))
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), [])
      })
    ))

  it.effect("reconciling skips orders in flight", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.queuedFor = 20_000
        const found = yield* advanceUntilDone(Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const placing = yield* Effect.fork(trading.place(limit))
            yield* Effect.sleep("1 second")
            assert.strictEqual((yield* journal.open).length, 1)
            const during = yield* trading.reconcile
            yield* Fiber.interrupt(placing)
            return [during, yield* trading.reconcile]
          }), { journal }))
        assert.deepStrictEqual(found.map((reconciled) => reconciled.map(({ _tag }) => _tag)), [[], ["NotPlaced"]])
      })
    ))

  it.effect("sends nothing if the journal cannot be written", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const broken = new OrderJournal.JournalFailed({ path: "/full", detail: "no space left" })
      const journal = { append: () => Effect.fail(broken), open: Effect.fail(broken), since: () => Effect.fail(broken) }
      const error = yield* failed(Acme.trade(store, (trading) => trading.place(limit), { journal }))
      assert.instanceOf(error, ExchangeError.OrderDenied)
      assert.include(error.message, "no space left")
      assert.strictEqual(store.arrivals.size, 0)
    }))
})

describe("verifyKey", () => {
  const verify = (permissions: Parameters<typeof Acme.makeExchange>[2], options?: Account.Account.VerifyOptions) => {
    const exchange = Acme.makeExchange(new Acme.Store(), {}, permissions)
    const use = Effect.flatMap(Account.Account, (account) => Effect.either(account.verifyKey(options)))
    return {
      reading: use.pipe(
        Effect.provide(exchange.layerAccount({ environment: Acme.environment, credentials: Acme.credentials })),
        Effect.provide(Acme.http)
      ),
      trading: use.pipe(
        Effect.provide(exchange.layer({ environment: Acme.environment, credentials: Acme.credentials })),
        Effect.provide([Acme.http, OrderJournal.layerNone])
      )
    }
  }
  const key = { read: true, trade: false, withdraw: false, ipRestricted: true } as const
  const permission = Either.match({
    onLeft: (error: ExchangeError.AccountError | ExchangeError.KeyRefused) =>
      error._tag === "KeyRefused" ? error.permission : error._tag,
    onRight: () => "accepted"
  })

  it.effect("fails with InvalidRequest if expiresWithin is negative or no number", () =>
    Effect.gen(function*() {
      for (const expiresWithin of [-1, Number.NaN, "-1 days"] as const) {
        const error = yield* Effect.flatMap(verify(key, { expiresWithin }).reading, Effect.flip)
        assert.strictEqual(error._tag, "InvalidRequest")
        assert.include(error.message, "expiresWithin")
      }
    }))

  it.effect("refuses a key that can withdraw, and for a Layer that only reads one that can trade, unless allowed", () =>
    Effect.gen(function*() {
      const withdrawing = verify({ ...key, withdraw: true })
      assert.strictEqual(permission(yield* withdrawing.reading), "withdraw")
      assert.strictEqual(permission(yield* withdrawing.trading), "withdraw")
      const trading = verify({ ...key, trade: true })
      assert.strictEqual(permission(yield* trading.reading), "trade")
      assert.strictEqual(permission(yield* trading.trading), "accepted")
      assert.strictEqual(permission(yield* verify(key).reading), "accepted")
      const allowed = verify({ ...key, trade: true, withdraw: true }, { allowTrade: true, allowWithdraw: true })
      assert.strictEqual(permission(yield* allowed.reading), "accepted")
    }))

  it.effect("a verified Layer fails to build with a refused key", () =>
    Effect.gen(function*() {
      const layer = Acme.makeExchange(new Acme.Store(), {}, { ...key, withdraw: true })
        .layerAccount({ environment: Acme.environment, credentials: Acme.credentials })
        .pipe(Account.verified(), Layer.provide(Acme.http))
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.strictEqual("_tag" in error ? error._tag : "", "KeyRefused")
    }))
})
