import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Either, Fiber, Layer, Logger, Random, Redacted, Ref, TestClock } from "effect"
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

/** Time passes in steps of a tenth of a second until the effect is done. */
const meanwhile = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(self, Effect.forever(TestClock.adjust("100 millis")))

const failed = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<E> => Effect.orDieWith(Effect.flip(self), String)

describe("Trading.place", () => {
  it.effect("sends an order as it was asked for, and gives it back as the exchange has it", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const order = yield* Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine-1" }))
      assert.strictEqual(order, store.orders[0])
      assert.deepInclude(order, { clientOrderId: "mine-1", side: "buy", type: "limit", status: "open" })
      assert.strictEqual(order.price && Decimal.format(order.price), "60000.25")
    }))

  it.effect("names it in the exchange's alphabet, seeded as Random is", () =>
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

  const wrong: ReadonlyArray<readonly [Partial<Order.LimitRequest>, says: string]> = [
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
  for (const [change, says] of wrong) {
    it.effect(`refuses ${JSON.stringify(change)} before anything is sent`, () =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const error = yield* failed(Acme.trade(store, (trading) => trading.place({ ...limit, ...change })))
        assert.instanceOf(error, ExchangeError.InvalidRequest)
        assert.include(error.message, says)
        assert.strictEqual(store.arrivals.size, 0)
      }))
  }

  it.effect("rounds when asked to: amounts down, prices in the order's favour", () =>
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

  it.effect("what the exchange has not is Unsupported, and the error names what it has", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const fok = yield* failed(Acme.trade(store, (trading) => trading.place({ ...limit, timeInForce: "FOK" })))
      assert.instanceOf(fok, ExchangeError.Unsupported)
      assert.include(fok.message, "use one of GTC, IOC")
      const reduce = yield* failed(Acme.trade(store, (trading) => trading.place({ ...limit, reduceOnly: true })))
      assert.instanceOf(reduce, ExchangeError.Unsupported)
      assert.strictEqual(store.arrivals.size, 0)
    }))

  it.effect("a refusal is the caller's, as it is", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.usual = "refused"
      const error = yield* failed(Acme.trade(store, (trading) => trading.place(limit)))
      assert.instanceOf(error, ExchangeError.InsufficientFunds)
      assert.strictEqual(store.reads, 0)
    }))

  it.effect("an acknowledgement is followed by a read", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.usual = "acknowledged"
      const order = yield* Acme.trade(store, (trading) => trading.place(atMarket))
      assert.strictEqual(order.status, "filled")
    }))

  it.effect("an order that stays invisible is pending, under the id the exchange gave", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.usual = "acknowledged"
      store.lag = 60_000
      const order = yield* meanwhile(Acme.trade(store, (trading) => trading.place(limit)))
      assert.deepInclude(order, { status: "pending", id: "n1" })
    }))

  it.effect("an order that was taken without an id is found by its name, when it shows", () =>
    Effect.gen(function*() {
      for (const lag of [0, 1000]) {
        const store = new Acme.Store()
        store.usual = "acknowledged"
        store.lag = lag
        const order = yield* meanwhile(
          Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine-1" }), { lacks: { ids: true } })
        )
        assert.deepInclude(order, { id: "n1", clientOrderId: "mine-1", status: "open" })
        assert.deepStrictEqual([...store.arrivals.values()], [1])
      }
    }))

  it.effect("an answer that is lost after the order was carried out gives the order, sent once", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.usual = "lost after it was carried out"
      store.lag = 5000
      const order = yield* meanwhile(Acme.trade(store, (trading) => trading.place(limit)))
      assert.strictEqual(order.id, "n1")
      assert.deepStrictEqual([...store.arrivals.values()], [1])
    }))

  it.effect("one that never arrived is NotPlaced, not before the exchange has shown it", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.usual = "lost before it arrived"
      const fiber = yield* Effect.fork(failed(Acme.trade(store, (trading) => trading.place(limit))))
      yield* TestClock.adjust(Duration.millis(9999))
      assert.isTrue((yield* Fiber.poll(fiber))._tag === "None")
      const error = yield* meanwhile(Fiber.join(fiber))
      assert.instanceOf(error, ExchangeError.NotPlaced)
      assert.isAtLeast(yield* Clock.currentTimeMillis, 10_000)
      assert.strictEqual(store.arrivals.size, 0)
    }))

  it.effect("one that queued for long is not said to be missing by the time it was asked for", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.queue = 25_000
      store.usual = "lost and carried out later"
      store.late = 8000
      const order = yield* meanwhile(Acme.trade(store, (trading) => trading.place(limit)))
      assert.strictEqual(order.createdAt, 33_000)
      assert.strictEqual(store.arrivals.size, 1)
    }))

  it.effect("an answer that was under way for long says nothing of the time it arrived at", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.usual = "lost and carried out later"
      store.late = 9900
      store.slow = 4000
      const order = yield* meanwhile(Acme.trade(store, (trading) => trading.place(limit)))
      assert.strictEqual(order.createdAt, 9900)
    }))

  it.effect("is NotPlaced when it is missing ten seconds after, and not before", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.usual = "lost before it arrived"
      const fiber = yield* Effect.fork(failed(Acme.trade(store, (trading) => trading.place(limit))))
      // Asked after 0, 0.2, 0.6, 1.4, 3, 5, 7, 9 and 11 seconds.
      yield* TestClock.adjust(Duration.millis(10_999))
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      assert.strictEqual(store.reads, 8)
      yield* TestClock.adjust(Duration.millis(1))
      assert.instanceOf(yield* Fiber.join(fiber), ExchangeError.NotPlaced)
      assert.strictEqual(store.reads, 9)
    }))

  it.effect("is searched for from before it was asked for, as clocks differ", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(10_000_000)
      const store = new Acme.Store()
      store.fates = ["lost after it was carried out", "acknowledged"]
      yield* Acme.trade(store, (trading) => Effect.zipRight(trading.place(limit), trading.place(limit)))
      assert.deepStrictEqual(store.since, [6_400_000, 6_400_000])
    }))

  it.effect("a name that is taken is DuplicateOrder, and nothing is placed", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const twice = { ...limit, clientOrderId: "mine-1" }
      const error = yield* failed(
        Acme.trade(store, (trading) => Effect.zipRight(trading.place(twice), trading.place(twice)))
      )
      assert.instanceOf(error, ExchangeError.DuplicateOrder)
      assert.strictEqual(store.orders.length, 1)
    }))

  it.effect("one that cannot be looked up is OutcomeUnknown, with all that is needed to find it later", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.usual = "lost after it was carried out"
      store.blind = timedOut
      const error = yield* meanwhile(failed(
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

  it.effect("tells what became of each, in their order, in as few requests as there can be", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
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
    }))

  it.effect("each order of a batch whose answer was lost is looked up", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["lost after it was carried out", "lost before it arrived"]
      const results = yield* meanwhile(
        Acme.trade(store, (trading) => trading.placeBatch([request("0.01"), request("0.02"), request("0.03")]))
      )
      assert.deepStrictEqual(results.map(Either.match({ onLeft: ({ _tag }) => _tag, onRight: ({ id }) => id })), [
        "n1",
        "n2",
        "NotPlaced"
      ])
    }))

  it.effect("is of one market, and Unsupported where there is none", () =>
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
    }))
})

describe("Trading.cancel and amend", () => {
  const placed = { symbol: "BTC/USDT", id: "n1" }

  it.effect("a canceled order is given back as it ended, by either id", () =>
    Effect.gen(function*() {
      for (const fate of ["answered", "acknowledged", "lost after it was carried out"] as const) {
        for (const reference of [placed, { symbol: "BTC/USDT", clientOrderId: "mine-1" }]) {
          const store = new Acme.Store()
          store.fates = ["answered", fate]
          const order = yield* meanwhile(Acme.trade(store, (trading) =>
            Effect.zipRight(trading.place({ ...limit, clientOrderId: "mine-1" }), trading.cancel(reference))))
          assert.strictEqual(order.status, "canceled")
        }
      }
    }))

  it.effect("one that has ended already is no error; one that never was is OrderNotFound", () =>
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

  it.effect("a cancel that is lost and shows no effect is OutcomeUnknown", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["answered", "lost before it arrived"]
      const error = yield* meanwhile(
        failed(Acme.trade(store, (trading) => Effect.zipRight(trading.place(limit), trading.cancel(placed))))
      )
      assert.instanceOf(error, ExchangeError.OutcomeUnknown)
      assert.strictEqual(error.order.id, "n1")
    }))

  it.effect("canceling all spares other markets", () =>
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

  it.effect("amends what stands, checked as an order is", () =>
    Effect.gen(function*() {
      for (const fate of ["answered", "acknowledged", "lost after it was carried out"] as const) {
        const store = new Acme.Store()
        store.fates = ["answered", fate]
        const order = yield* meanwhile(
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

  it.effect("an exchange that cannot amend says what to do instead", () =>
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

  it.effect("refuse symbols, worth and prices before anything is sent", () =>
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

  it.effect("count what an earlier run has ordered today, less what turns out not to have been placed", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      const guards = { guards: { maxNotionalPerDay: { USDT: "1201" } }, journal }
      const store = new Acme.Store()
      yield* TestClock.setTime(86_400_000)
      yield* Acme.trade(store, (trading) => trading.place(limit), guards)
      // Sent by a run that was killed before the answer came: open, so it counts.
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

  it.effect("count what an earlier run has added to orders, less what was refused", () =>
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

  it.effect("count a day of UTC, and give back what was not placed", () =>
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

  it.effect("count what all Layers of an account order in a day, in whatever order they were built", () =>
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

  it.effect("give back once what was not placed, though two Layers reconcile it at a time", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      const store = new Acme.Store()
      const guards = { guards: { maxNotionalPerDay: { USDT: "1201" } }, journal }
      store.queue = 20_000
      yield* meanwhile(Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          const placing = yield* Effect.fork(trading.place(limit))
          yield* Effect.sleep("1 second")
          yield* Fiber.interrupt(placing)
        }), guards))
      store.queue = 0
      const tags = yield* meanwhile(Acme.tradeTwice(store, (one, other) =>
        Effect.gen(function*() {
          const found = yield* Effect.all([one.reconcile, other.reconcile], { concurrency: 2 })
          yield* one.place(limit)
          yield* other.place(limit)
          yield* denied("maxNotionalPerDay", one.place(limit))
          return found.flat().map(({ _tag }) => _tag)
        }), guards))
      assert.deepStrictEqual(tags, ["NotPlaced", "NotPlaced"])
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it.effect("give back once what was not placed, though it is reconciled as well", () =>
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
      for (const [why, clientOrderId] of [["its name is taken", "mine"], ["it was refused", "other"]] as const) {
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

  it.effect("count what an amendment adds, give it back when it was refused, and nothing for one that adds nothing", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      store.fates = ["answered", "refused", "answered", "answered", "answered", "answered"]
      yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          const amend = (amount: string) => trading.amend({ symbol: "BTC/USDT", id: "n1" }, { amount })
          // 600.0025, of 1300.
          yield* trading.place(limit)
          yield* failed(amend("0.02"))
          yield* amend("0.02")
          yield* denied("maxNotionalPerDay", amend("0.022"))
          yield* amend("0.01")
          yield* amend("0.011")
          yield* denied("maxNotionalPerDay", amend("0.02"))
        }), { guards: { maxNotionalPerDay: { USDT: "1300" } } })
    }))

  it.effect("that make no sense are a configuration error", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(
        Acme.over(new Acme.Store()).layer({
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

  const open = (clientOrderId: string, account = Acme.account): OrderJournal.Intent => ({
    _tag: "Intent",
    exchange: "acme",
    environment: "here",
    account,
    clientOrderId,
    symbol: "BTC/USDT",
    side: "buy",
    type: "limit",
    amount: "0.01",
    price: "60000.25",
    timeInForce: "GTC",
    at: 0
  })

  it.effect("keeps the intent of an order that was taken without an id and does not show: never said not to be placed", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.usual = "acknowledged"
        store.lag = 600_000
        const options = { lacks: { ids: true }, journal }
        const error = yield* failed(
          meanwhile(Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "mine-1" }), options))
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
        const openAtSending = yield* Ref.make(-1)
        const watched = {
          ...journal,
          append: (entry: OrderJournal.Entry) =>
            Effect.zipRight(
              entry._tag === "Intent" ? Ref.set(openAtSending, store.arrivals.size) : Effect.void,
              journal.append(entry)
            )
        }
        yield* Acme.trade(store, (trading) => trading.place(limit), { journal: watched })
        assert.strictEqual(yield* Ref.get(openAtSending), 0)
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("what was interrupted is closed by reconciling: found, or shown never to have been", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "arrived" }))
        yield* journal.append(open("arrived"))
        yield* journal.append(open("lost"))
        yield* journal.append({ ...open("elsewhere"), environment: "testnet" })
        const found = yield* meanwhile(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag, intent }) => [intent.clientOrderId, _tag]), [
          ["arrived", "Placed"],
          ["lost", "NotPlaced"]
        ])
        assert.deepStrictEqual((yield* journal.open).map(({ clientOrderId }) => clientOrderId), ["elsewhere"])
      })
    ))

  it.effect("a hundred absences are proven in one wait, each by two looks", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.slow = 10
        const names = Array.from({ length: 100 }, (_, index) => `lost-${index}`)
        yield* Effect.forEach(names, (name) => journal.append(open(name)))
        yield* Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const reconciling = yield* Effect.fork(trading.reconcile)
            // The first looks take 250 milliseconds, four at a time; nothing is proven before ten seconds have passed.
            yield* TestClock.adjust("9999 millis")
            assert.strictEqual(store.reads, 100)
            assert.strictEqual((yield* journal.open).length, 100)
            yield* TestClock.adjust("600 millis")
            const found = yield* Fiber.join(reconciling)
            assert.deepStrictEqual(
              found.map(({ _tag, intent }) => [intent.clientOrderId, _tag]),
              names.map((name) => [name, "NotPlaced"])
            )
            assert.strictEqual(store.reads, 200)
          }), { journal })
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("interrupted while a hundred absences are proven it ends, and what was not proven stays open", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* Effect.forEach(Array.from({ length: 100 }), (_, index) => journal.append(open(`lost-${index}`)))
        yield* Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const reconciling = yield* Effect.fork(trading.reconcile)
            yield* TestClock.adjust("5 seconds")
            yield* Fiber.interrupt(reconciling)
          }), { journal })
        assert.strictEqual((yield* journal.open).length, 100)
      })
    ))

  it.effect("one account's reconciling does not answer for another's orders", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const theirs = { key: Redacted.make("their-key"), secret: Redacted.make("their-secret") }
        store.usual = "lost after it was carried out"
        store.blind = timedOut
        const place = (credentials: Credentials.Credentials) =>
          meanwhile(failed(
            Acme.trade(store, (trading) => trading.place({ ...limit, clientOrderId: "same" }), { journal, credentials })
          ))
        yield* place(theirs)
        // The store is of one account only: that of the other has no such order.
        store.forget()
        store.blind = undefined
        const mine = yield* meanwhile(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(mine, [])
        const [left, ...more] = yield* journal.open
        assert.deepStrictEqual(more, [])
        assert.strictEqual(left?.account, Credentials.fingerprint(theirs))
        assert.notStrictEqual(left?.account, Acme.account)
        assert.notInclude(JSON.stringify(left), "their-key")
        const found = yield* meanwhile(
          Acme.trade(store, (trading) => trading.reconcile, { journal, credentials: theirs })
        )
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["NotPlaced"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("orders of a key that was rotated are reconciled by who says that it was this account's", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* journal.append(open("lost", "formerly"))
        const said: Array<unknown> = []
        const reconcile = (formerAccounts: ReadonlyArray<string>) =>
          meanwhile(Acme.trade(store, (trading) => trading.reconcile, { journal, formerAccounts })).pipe(
            Effect.provide(Logger.replace(Logger.defaultLogger, Logger.make(({ message }) => said.push(message))))
          )
        assert.deepStrictEqual(yield* reconcile([]), [])
        assert.include(String(said), "1 open orders of other accounts: formerly")
        assert.deepStrictEqual((yield* reconcile(["formerly"])).map(({ _tag }) => _tag), ["NotPlaced"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("orders of before entries named accounts are unknown until somebody says whose they are", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        yield* journal.append(open("old", OrderJournal.unnamed))
        const reconcile = (formerAccounts: ReadonlyArray<string>) =>
          meanwhile(Acme.trade(store, (trading) => trading.reconcile, { journal, formerAccounts }))
        const [unknown] = yield* reconcile([])
        assert(unknown?._tag === "Unknown")
        assert.include(unknown.error.message, "formerAccounts: [OrderJournal.unnamed]")
        assert.strictEqual(store.reads, 0)
        assert.deepStrictEqual((yield* reconcile([OrderJournal.unnamed])).map(({ _tag }) => _tag), ["NotPlaced"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("a key rotated while an order is under way does not part its outcome from its intent", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.queue = 10_000
        let key = "the-key"
        const current = Effect.sync(() => ({ key: Redacted.make(key), secret: Redacted.make("s") }))
        const credentials = { get: current, reload: current }
        const written: Array<string> = []
        const watched = {
          ...journal,
          append: (entry: OrderJournal.Entry) =>
            Effect.zipRight(Effect.sync(() => written.push(`${entry._tag} ${entry.account}`)), journal.append(entry))
        }
        yield* meanwhile(Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const placing = yield* Effect.fork(trading.place(limit))
            yield* Effect.sleep("1 second")
            key = "another-key"
            yield* Fiber.join(placing)
            // What an earlier key placed is this account's for as long as the Layer stands.
            yield* journal.append(open("lost"))
            assert.deepStrictEqual((yield* trading.reconcile).map(({ _tag }) => _tag), ["NotPlaced"])
          }), { journal: watched, credentials }))
        assert.deepStrictEqual(written.slice(0, 2), [`Intent ${Acme.account}`, `Placed ${Acme.account}`])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("has what an order counted with the guards", () =>
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

  it.effect("an order whose fate is unknown stays open until it is known", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.usual = "lost after it was carried out"
        store.blind = timedOut
        yield* meanwhile(failed(Acme.trade(store, (trading) => trading.place(limit), { journal })))
        assert.strictEqual((yield* journal.open).length, 1)
        const still = yield* meanwhile(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(still.map(({ _tag }) => _tag), ["Unknown"])
        store.blind = undefined
        const found = yield* meanwhile(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["Placed"])
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))

  it.effect("a name that is taken does not cover up what is unknown of the order that took it", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const order = { ...limit, clientOrderId: "mine-1" }
        store.fates = ["lost after it was carried out"]
        store.blind = timedOut
        yield* meanwhile(failed(Acme.trade(store, (trading) => trading.place(order), { journal })))
        store.blind = undefined
        const error = yield* failed(Acme.trade(store, (trading) => trading.place(order), { journal }))
        assert.instanceOf(error, ExchangeError.DuplicateOrder)
        assert.strictEqual((yield* journal.open).length, 1)
        const found = yield* meanwhile(Acme.trade(store, (trading) => trading.reconcile, { journal }))
        assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["Placed"])
      })
    ))

  it.effect("reconciling leaves orders alone that another Layer of the account has under way", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.queue = 20_000
        const found = yield* meanwhile(Acme.tradeTwice(store, (one, other) =>
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

  it.effect("reconciling leaves an order alone that is under way, though another call of its name has ended", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.queue = 20_000
        const found = yield* meanwhile(Acme.trade(store, (trading) =>
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

  it.effect("reconciling leaves orders alone that are still under way", () =>
    withJournal((journal) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        store.queue = 20_000
        const found = yield* meanwhile(Acme.trade(store, (trading) =>
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

  it.effect("without a journal that can be written nothing is sent", () =>
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
  const verify = (permissions: Parameters<typeof Acme.over>[2], options?: Account.Account.VerifyOptions) => {
    const exchange = Acme.over(new Acme.Store(), {}, permissions)
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

  it.effect("refuses a key that can withdraw, and one that can trade where the Layer only reads", () =>
    Effect.gen(function*() {
      const withdrawing = verify({ ...key, withdraw: true })
      assert.strictEqual(permission(yield* withdrawing.reading), "withdraw")
      assert.strictEqual(permission(yield* withdrawing.trading), "withdraw")
      const trading = verify({ ...key, trade: true })
      assert.strictEqual(permission(yield* trading.reading), "trade")
      assert.strictEqual(permission(yield* trading.trading), "accepted")
      assert.strictEqual(permission(yield* verify(key).reading), "accepted")
      const told = verify({ ...key, trade: true, withdraw: true }, { allowTrade: true, allowWithdraw: true })
      assert.strictEqual(permission(yield* told.reading), "accepted")
    }))

  it.effect("a verified Layer is not built with a key that is refused", () =>
    Effect.gen(function*() {
      const layer = Acme.over(new Acme.Store(), {}, { ...key, withdraw: true })
        .layerAccount({ environment: Acme.environment, credentials: Acme.credentials })
        .pipe(Account.verified(), Layer.provide(Acme.http))
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.strictEqual("_tag" in error ? error._tag : "", "KeyRefused")
    }))
})
