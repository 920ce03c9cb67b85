import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Either, Fiber, Layer, Ref, Scope, TestClock } from "effect"
import { ExchangeError, type Order, OrderJournal, Trading } from "../src/index.js"
import * as Acme from "./support/exchange.js"
import { interruptSampled, settle } from "./support/interruption.js"

const limit: Order.LimitRequest = {
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "0.01",
  price: "60000",
  clientOrderId: "mine-1"
}

/** The trading of an exchange whose markets are loaded, and its whole journal. */
const setup = (store: Acme.Store, options: Parameters<typeof Acme.layer>[1] = {}) =>
  Effect.gen(function*() {
    const entries = yield* Ref.make<ReadonlyArray<OrderJournal.Entry>>([])
    const journal: OrderJournal.OrderJournal["Type"] = {
      append: (entry) => Ref.update(entries, (all) => [...all, entry]),
      open: Effect.map(Ref.get(entries), OrderJournal.openOf),
      since: (...of) => Effect.map(Ref.get(entries), (entries) => OrderJournal.sinceOf(entries, ...of))
    }
    const built = yield* Layer.build(Acme.layer(store, { ...options, journal }))
    const trading = Context.get(built, Trading.Trading)
    // Loads the markets.
    yield* Effect.either(trading.cancelAll("BTC/USDT"))
    return { trading, journal, entries }
  })

/** Begins a new day, so that no total is reset while a run lasts. */
const nextMidnight = Effect.flatMap(
  Clock.currentTimeMillis,
  (now) => TestClock.setTime((Math.floor(now / 86_400_000) + 1) * 86_400_000)
)

const tags = (reconciled: ReadonlyArray<Trading.Reconciled>) => reconciled.map(({ _tag }) => _tag)

describe("interrupting the placing of an order at every yield point", () => {
  for (const fate of ["answered", "acknowledged", "lost after it was carried out"] as const) {
    it.scoped(
      `leaves either an open intent or an outcome of an order that is ${fate}`,
      () =>
        Effect.gen(function*() {
          const store = new Acme.Store()
          const { entries, journal, trading } = yield* setup(store)
          store.defaultFate = fate
          yield* interruptSampled(Effect.gen(function*() {
            store.clear()
            yield* Ref.set(entries, [])
            return {
              victim: trading.place(limit),
              meanwhile: Effect.void,
              verify: Effect.gen(function*() {
                const open = yield* journal.open
                const outcomes = (yield* Ref.get(entries)).filter(({ _tag }) => _tag !== "Intent")
                if (store.orders.length === 0) {
                  assert.deepStrictEqual(outcomes, [])
                  return
                }
                assert.strictEqual(store.arrivals.get("mine-1"), 1)
                assert.strictEqual(open.length + outcomes.length, 1)
                assert.deepStrictEqual(tags(yield* trading.reconcile), open.map(() => "Placed"))
                assert.deepStrictEqual(yield* journal.open, [])
              })
            }
          }))
        }),
      60_000
    )
  }

  it.scoped(
    "releases the notional of an order that was not journaled, and not that of one that was sent",
    () =>
      Effect.flatMap(Effect.scope, (scope) =>
        interruptSampled(Effect.gen(function*() {
          const store = new Acme.Store()
          const guards = { maxNotionalPerDay: { USDT: "600" } }
          const { entries, trading } = yield* Scope.extend(setup(store, { guards }), scope)
          return {
            victim: trading.place(limit),
            meanwhile: Effect.void,
            verify: Effect.gen(function*() {
              const written = (yield* Ref.get(entries)).length > 0
              const sent = store.orders.length > 0
              const again = yield* Effect.either(trading.place({ ...limit, clientOrderId: "mine-2" }))
              if (!written) assert.isTrue(Either.isRight(again))
              if (sent) assert.strictEqual(Either.isLeft(again) ? again.left._tag : "", "OrderDenied")
            })
          }
        }))),
    60_000
  )

  it.scoped("leaves each order of a batch in the journal that the exchange has", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const { entries, trading } = yield* setup(store)
      const batch = ["one", "two", "three"].map((clientOrderId) => ({ ...limit, clientOrderId }))
      yield* interruptSampled(Effect.gen(function*() {
        store.clear()
        yield* Ref.set(entries, [])
        return {
          victim: trading.placeBatch(batch),
          meanwhile: Effect.void,
          verify: Effect.gen(function*() {
            const known = (yield* Ref.get(entries)).map(({ clientOrderId }) => clientOrderId)
            for (const { clientOrderId = "" } of store.orders) {
              assert.strictEqual(store.arrivals.get(clientOrderId), 1)
              assert.include(known, clientOrderId)
            }
          })
        }
      }))
    }), 60_000)
})

describe("interrupting the reconciliation of an order at every yield point", () => {
  for (const isPlaced of [true, false]) {
    it.scoped(
      `leaves its intent open or settled, and counts it ${isPlaced ? "once" : "no more"}`,
      () =>
        Effect.flatMap(Effect.scope, (scope) =>
          interruptSampled(Effect.gen(function*() {
            yield* nextMidnight
            const store = new Acme.Store()
            const guards = { maxNotionalPerDay: { USDT: "1200" } }
            const { entries, journal, trading } = yield* Scope.extend(setup(store, { guards }), scope)
            store.fates = [isPlaced ? "lost after it was carried out" : "lost before it arrived"]
            store.readFailure = new ExchangeError.TransportFailed({
              exchange: "acme",
              operation: "order",
              detail: "no",
              outcome: "Unknown"
            })
            const placing = yield* Effect.fork(Effect.either(trading.place(limit)))
            yield* settle
            yield* TestClock.adjust("5 minutes")
            yield* Fiber.join(placing)
            store.readFailure = undefined
            const outcome = isPlaced ? "Placed" : "NotPlaced"
            return {
              victim: trading.reconcile,
              meanwhile: TestClock.adjust("5 minutes"),
              verify: Effect.gen(function*() {
                const open = yield* journal.open
                const again = yield* Effect.fork(trading.reconcile)
                yield* settle
                yield* TestClock.adjust("5 minutes")
                assert.deepStrictEqual(tags(yield* Fiber.join(again)), open.map(() => outcome))
                assert.deepStrictEqual(yield* journal.open, [])
                const written = (yield* Ref.get(entries)).filter(({ _tag }) => _tag !== "Intent")
                assert.deepStrictEqual(written.map(({ _tag }) => _tag), [outcome])
                // Two orders of 600 are within the limit of the day, and a third one is not.
                const others = yield* Effect.forEach(
                  ["mine-2", "mine-3"],
                  (clientOrderId) => Effect.either(trading.place({ ...limit, clientOrderId }))
                )
                assert.deepStrictEqual(others.map(Either.isRight), [true, !isPlaced])
              })
            }
          }))),
      60_000
    )
  }
})

describe("interrupting a change of an order at every yield point", () => {
  const reference = { symbol: "BTC/USDT", clientOrderId: "mine-1" }
  type Change = (trading: Trading.Trading["Type"]) => Effect.Effect<unknown, ExchangeError.TradingError>
  const changes: Readonly<Record<string, Change>> = {
    cancel: (trading) => trading.cancel(reference),
    cancelAll: (trading) => trading.cancelAll("BTC/USDT"),
    amend: (trading) => trading.amend(reference, { amount: "0.02" })
  }
  for (const [name, change] of Object.entries(changes)) {
    for (const fate of ["answered", "acknowledged", "lost after it was carried out"] as const) {
      it.scoped(
        `leaves an order that can still be canceled: ${name} (${fate})`,
        () =>
          Effect.flatMap(Effect.scope, (scope) =>
            interruptSampled(Effect.gen(function*() {
              const store = new Acme.Store()
              const { trading } = yield* Scope.extend(setup(store), scope)
              yield* trading.place(limit)
              store.fates = [fate]
              return {
                victim: Effect.either(change(trading)),
                meanwhile: TestClock.adjust("5 minutes"),
                verify: Effect.gen(function*() {
                  store.fates = []
                  const canceled = yield* trading.cancel(reference)
                  assert.strictEqual(canceled.status, "canceled")
                  assert.deepStrictEqual(store.orders.map(({ status }) => status), ["canceled"])
                  assert.strictEqual(store.arrivals.get("mine-1"), 1)
                })
              }
            }))),
        60_000
      )
    }
  }
})
