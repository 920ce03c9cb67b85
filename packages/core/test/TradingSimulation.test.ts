import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Fiber, Option, TestClock } from "effect"
import { ExchangeError, type Order, OrderJournal, type Trading } from "../src/index.js"
import * as Acme from "./support/exchange.js"

/** Between the end of a request and the moment its order shows there are less than the ten seconds of `absentAfter`. */
const Weather = FastCheck.record({
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
      /** When the caller loses interest, if it does. */
      interruptedAfter: FastCheck.option(FastCheck.integer({ min: 0, max: 40_000 }))
    }),
    { minLength: 1, maxLength: 4 }
  ),
  queue: FastCheck.constantFrom(0, 100, 12_000, 29_000),
  late: FastCheck.integer({ min: 0, max: 5900 }),
  lag: FastCheck.integer({ min: 0, max: 4000 }),
  slow: FastCheck.constantFrom(0, 50, 4000),
  blindFrom: FastCheck.integer({ min: 0, max: 30_000 }),
  blindFor: FastCheck.constantFrom(0, 5000, 120_000),
  reconciledAt: FastCheck.integer({ min: 0, max: 60_000 }),
  batch: FastCheck.boolean()
})

type Weather = typeof Weather extends FastCheck.Arbitrary<infer A> ? A : never

type Ending = Option.Option<Either.Either<Order.Order, ExchangeError.TradingError>>

const name = (index: number): string => `order-${index}`

const request = (index: number): Order.LimitRequest => ({
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "0.01",
  price: "60000",
  clientOrderId: name(index)
})

/** One at a time, or those that go together as a batch; none for whoever did not wait for the end. */
const run = (weather: Weather, trading: Trading.Trading.Service): Effect.Effect<ReadonlyArray<Ending>> => {
  const [first] = weather.orders
  if (weather.batch && first !== undefined) {
    return trading.placeBatch(weather.orders.map((_, index) => request(index))).pipe(
      Effect.orDie,
      Effect.timeoutOption(first.interruptedAfter ?? 10_000_000),
      Effect.map((results) => weather.orders.map((_, index) => Option.map(results, (all) => all[index] ?? unheardOf)))
    )
  }
  return Effect.forEach(
    weather.orders,
    ({ at, interruptedAfter }, index) =>
      Effect.either(trading.place(request(index))).pipe(
        Effect.timeoutOption(interruptedAfter ?? 10_000_000),
        Effect.delay(at)
      ),
    { concurrency: "unbounded" }
  )
}

const unheardOf = Either.left(
  new ExchangeError.MalformedResponse({ exchange: "acme", operation: "placeBatch", detail: "no result" })
)

const ids = (rows: ReadonlyArray<{ readonly clientOrderId?: string | undefined }>) =>
  rows.map(({ clientOrderId = "" }) => clientOrderId)

const timedOut = new ExchangeError.RequestTimedOut({ exchange: "acme", operation: "order", detail: "no answer" })

describe("simulation: orders under lost, late, slow and refused answers, blindness and interruption", () => {
  it.effect.prop(
    "no order is lost or doubled, and none is called NotPlaced that the exchange has",
    [Weather],
    ([weather]) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        Object.assign(store, { queue: weather.queue, late: weather.late, lag: weather.lag, slow: weather.slow })
        store.fates = weather.orders.map(({ fate }) => fate)
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
              Effect.sync(() => store.blind = timedOut).pipe(
                Effect.delay(weather.blindFrom),
                Effect.zipRight(Effect.sleep(weather.blindFor)),
                Effect.zipRight(Effect.sync(() => store.blind = undefined))
              )
            )
            const early = yield* Effect.fork(Effect.delay(trading.reconcile, weather.reconciledAt))
            const endings = yield* run(weather, trading)
            const during = yield* Fiber.join(early)
            // Until whatever was under way has been carried out, and the exchange can be seen again.
            yield* Effect.sleep("4 minutes")
            return { endings, during, open: yield* journal.open, after: yield* trading.reconcile }
          }), { journal })
        const fiber = yield* Effect.fork(everything)
        yield* TestClock.adjust("20 minutes")
        const { after, during, endings, open } = yield* Fiber.join(fiber)

        const executed = ids(store.orders)
        assert.deepStrictEqual([...store.arrivals.values()].filter((times) => times !== 1), [], "sent more than once")
        for (const [index, ending] of endings.entries()) {
          const id = name(index)
          const has = executed.includes(id)
          const known = during.find(({ intent }) => intent.clientOrderId === id)?._tag
          const isOpen = ids(open).includes(id)
          if (Option.isNone(ending)) {
            // Nobody was told, but the journal knows.
            const placed = written.some(({ _tag, clientOrderId }) => _tag === "Placed" && clientOrderId === id)
            if (has) assert.isTrue(isOpen || placed, `${id} is lost`)
          } else if (Either.isRight(ending.value)) {
            assert.isTrue(has, `${id} was returned`)
            assert.strictEqual(ending.value.right.clientOrderId, id)
          } else if (ending.value.left._tag === "OutcomeUnknown") {
            assert.strictEqual(ending.value.left.order.clientOrderId, id)
            assert.isTrue(isOpen || known !== undefined)
          } else {
            assert.isFalse(has, `${id} is there in spite of ${ending.value.left._tag}`)
          }
        }
        for (const { _tag, intent } of [...during, ...after]) {
          if (_tag === "Unknown") continue
          assert.strictEqual(_tag === "Placed", executed.includes(intent.clientOrderId), `${intent.clientOrderId}`)
        }
        assert.deepStrictEqual(ids(after.map(({ intent }) => intent)), ids(open))
        assert.deepStrictEqual(yield* journal.open, [])
      }).pipe(Effect.provide(OrderJournal.layerMemory)),
    { fastCheck: { numRuns: 60 } }
  )
})
