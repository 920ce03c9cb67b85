import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Fiber, Option, TestClock } from "effect"
import { runs } from "../../resilience/test/support/sample.js"
import { ExchangeError, type Order, OrderJournal, type Trading } from "../src/index.js"
import * as Acme from "./support/exchange.js"

/** An order becomes visible less than the ten seconds of `absentAfter` after the end of its request. */
const Conditions = FastCheck.record({
  orders: FastCheck.array(
    FastCheck.record({
      fate: FastCheck.constantFrom<Array<Acme.Fate>>(
        "answered",
        "acknowledged",
        "refused",
        "lost before it arrived",
        "lost after it was carried out",
        "lost and carried out later"
      ),
      at: FastCheck.integer({ min: 0, max: 30_000 }),
      /** After how many milliseconds the caller interrupts the call, if it does. */
      interruptedAfter: FastCheck.option(FastCheck.integer({ min: 0, max: 40_000 }))
    }),
    { minLength: 1, maxLength: 4 }
  ),
  queuedFor: FastCheck.constantFrom(0, 100, 12_000, 29_000),
  executedAfter: FastCheck.integer({ min: 0, max: 5900 }),
  visibleAfter: FastCheck.integer({ min: 0, max: 4000 }),
  readDuration: FastCheck.constantFrom(0, 50, 4000),
  readsFailFrom: FastCheck.integer({ min: 0, max: 30_000 }),
  readsFailFor: FastCheck.constantFrom(0, 5000, 120_000),
  reconciledAt: FastCheck.integer({ min: 0, max: 60_000 }),
  batch: FastCheck.boolean()
})

type Conditions = typeof Conditions extends FastCheck.Arbitrary<infer A> ? A : never

type CallResult = Option.Option<Either.Either<Order.Order, ExchangeError.TradingError>>

const name = (index: number): string => `order-${index}`

const request = (index: number): Order.LimitRequest => ({
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "0.01",
  price: "60000",
  clientOrderId: name(index)
})

/** Places the orders one by one or as a batch; `None` for a call that was interrupted. */
const run = (conditions: Conditions, trading: Trading.Trading.Service): Effect.Effect<ReadonlyArray<CallResult>> => {
  const [first] = conditions.orders
  if (conditions.batch && first !== undefined) {
    return trading.placeBatch(conditions.orders.map((_, index) => request(index))).pipe(
      Effect.orDie,
      Effect.timeoutOption(first.interruptedAfter ?? 10_000_000),
      Effect.map((results) => conditions.orders.map((_, index) => Option.map(results, (all) => all[index] ?? noResult)))
    )
  }
  return Effect.forEach(
    conditions.orders,
    ({ at, interruptedAfter }, index) =>
      Effect.either(trading.place(request(index))).pipe(
        Effect.timeoutOption(interruptedAfter ?? 10_000_000),
        Effect.delay(at)
      ),
    { concurrency: "unbounded" }
  )
}

const noResult = Either.left(
  new ExchangeError.MalformedResponse({ exchange: "acme", operation: "placeBatch", detail: "no result" })
)

const ids = (rows: ReadonlyArray<{ readonly clientOrderId?: string | undefined }>) =>
  rows.map(({ clientOrderId = "" }) => clientOrderId)

const timedOut = new ExchangeError.RequestTimedOut({ exchange: "acme", operation: "order", detail: "no answer" })

describe("simulated orders with lost, late, slow and refused responses, failing reads and interruptions", () => {
  it.effect.prop(
    "loses or duplicates no order, and reports none as NotPlaced that the exchange has",
    [Conditions],
    ([conditions]) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        Object.assign(store, {
          queuedFor: conditions.queuedFor,
          executedAfter: conditions.executedAfter,
          visibleAfter: conditions.visibleAfter,
          readDuration: conditions.readDuration
        })
        store.fates = conditions.orders.map(({ fate }) => fate)
        const inner = yield* OrderJournal.OrderJournal
        const written: Array<OrderJournal.Entry> = []
        const journal = {
          ...inner,
          append: (entry: OrderJournal.Entry) =>
            Effect.zipRight(inner.append(entry), Effect.sync(() => written.push(entry)))
        }
        const everything = Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            yield* Effect.fork(
              Effect.sync(() => store.readFailure = timedOut).pipe(
                Effect.delay(conditions.readsFailFrom),
                Effect.zipRight(Effect.sleep(conditions.readsFailFor)),
                Effect.zipRight(Effect.sync(() => store.readFailure = undefined))
              )
            )
            const early = yield* Effect.fork(Effect.delay(trading.reconcile, conditions.reconciledAt))
            const callResults = yield* run(conditions, trading)
            const during = yield* Fiber.join(early)
            // Until all orders in flight were executed, and reads succeed again.
            yield* Effect.sleep("4 minutes")
            return { callResults, during, open: yield* journal.open, after: yield* trading.reconcile }
          }), { journal })
        const fiber = yield* Effect.fork(everything)
        yield* TestClock.adjust("20 minutes")
        const { after, callResults, during, open } = yield* Fiber.join(fiber)

        const executed = ids(store.orders)
        assert.deepStrictEqual([...store.arrivals.values()].filter((times) => times !== 1), [], "sent more than once")
        for (const [index, callResult] of callResults.entries()) {
          const id = name(index)
          const has = executed.includes(id)
          const known = during.find(({ intent }) => intent.clientOrderId === id)?._tag
          const isOpen = ids(open).includes(id)
          if (Option.isNone(callResult)) {
            // The caller got no result, but the journal has the order.
            const placed = written.some(({ _tag, clientOrderId }) => _tag === "Placed" && clientOrderId === id)
            if (has) assert.isTrue(isOpen || placed, `${id} is lost`)
          } else if (Either.isRight(callResult.value)) {
            assert.isTrue(has, `${id} was returned`)
            assert.strictEqual(callResult.value.right.clientOrderId, id)
          } else if (callResult.value.left._tag === "OutcomeUnknown") {
            assert.strictEqual(callResult.value.left.order.clientOrderId, id)
            assert.isTrue(isOpen || known !== undefined)
          } else {
            assert.isFalse(has, `${id} exists in spite of ${callResult.value.left._tag}`)
          }
        }
        for (const { _tag, intent } of [...during, ...after]) {
          if (_tag === "Unknown") continue
          assert.strictEqual(_tag === "Placed", executed.includes(intent.clientOrderId), `${intent.clientOrderId}`)
        }
        assert.deepStrictEqual(ids(after.map(({ intent }) => intent)), ids(open))
        assert.deepStrictEqual(yield* journal.open, [])
      }).pipe(Effect.provide(OrderJournal.layerMemory)),
    { fastCheck: { numRuns: runs(60) } }
  )
})
