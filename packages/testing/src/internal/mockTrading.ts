import { ExchangeError, Order, type OrderJournal, type Trading } from "@effect-exchange/core"
import { ClientOrderId, OrderCheck } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type { CallLog } from "./callLog.js"
import { entry, validateReference } from "./mockAccount.js"
import * as Desk from "./mockDesk.js"
import type { MockExchange } from "./mockExchange.js"
import * as Venue from "./venue.js"

type Result<A> = Effect.Effect<A, ExchangeError.TradingError>

/** @internal */
export const make = (
  mock: MockExchange,
  desk: Desk.Desk,
  calls: CallLog<ExchangeError.TradingError>,
  losing: Ref.Ref<number>
): Trading.Trading.Service => {
  const { exchange, features, find, venue } = mock
  return {
    exchange,
    place: (request) =>
      Effect.scoped(Effect.gen(function*() {
        const ready = yield* prepare(mock, desk, "place", request)
        const sent = Effect.zipRight(calls.record("place", [request.symbol]), send(mock, "place", ready))
        const isLost = yield* Ref.modify(losing, (left) => [left > 0, Math.max(0, left - 1)])
        return yield* concluded(desk, ready, isLost ? Effect.flatMap(sent, lost) : sent)
      })),
    placeBatch: (requests) =>
      Effect.scoped(Effect.gen(function*() {
        const about = { exchange, operation: "placeBatch" }
        if (features.batch === 0) {
          return yield* unsupported(mock, "placeBatch", "the mock is configured without batches")
        }
        if (new Set(requests.map(({ symbol }) => symbol)).size > 1) {
          const detail = "the orders of a batch must be of one market"
          return yield* new ExchangeError.InvalidRequest({ ...about, detail })
        }
        const named = requests.flatMap(({ clientOrderId }) => clientOrderId ?? [])
        if (new Set(named).size < named.length) {
          const detail = "two orders of the batch have the same client order id"
          return yield* new ExchangeError.InvalidRequest({ ...about, detail })
        }
        const prepared = yield* Effect.forEach(
          requests,
          (request) => Effect.either(prepare(mock, desk, "placeBatch", request))
        )
        const answer = yield* Effect.either(
          prepared.some(Either.isRight)
            ? calls.record("placeBatch", requests.map(({ symbol }) => symbol))
            : Effect.void
        )
        // A failure of the request fails each of its orders.
        return yield* Effect.forEach(prepared, (ready) =>
          Effect.either(Effect.flatMap(ready, (ready) =>
            concluded(desk, ready, Effect.zipRight(answer, send(mock, "placeBatch", ready))))))
      })),
    cancel: (reference) =>
      Effect.gen(function*() {
        yield* validateReference(mock, "cancel", reference)
        yield* calls.record("cancel", [reference.symbol])
        const found = yield* entry(mock, "cancel", reference)
        return yield* canceled(mock, found)
      }),
    cancelAll: (symbol) =>
      Effect.gen(function*() {
        const market = yield* find("cancelAll", symbol)
        yield* calls.record("cancelAll", [market.symbol])
        const open = Venue.entriesOf(yield* Ref.get(venue)).filter(({ order }) =>
          order.symbol === market.symbol && !Order.isClosed(order)
        )
        return yield* Effect.forEach(open, (each) => Effect.map(canceled(mock, each), ({ id }) => id))
      }),
    amend: (reference, amendment) =>
      Effect.gen(function*() {
        const about = { exchange, operation: "amend" }
        yield* validateReference(mock, "amend", reference)
        const market = yield* find("amend", reference.symbol)
        if (!features.amend) {
          return yield* unsupported(mock, "amend", "the mock is configured without amend")
        }
        const before = yield* Effect.tapError(
          entry(mock, "amend", reference),
          () => calls.record("amend", [market.symbol])
        )
        const change = yield* Either.mapLeft(
          OrderCheck.checkAmendment(market, amendment, before.order.side),
          (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
        )
        const after = amended(before, change)
        const counted = yield* Desk.admit(desk, "amend", after, amended(before, unchanged))
        yield* Effect.onError(
          Desk.writeAmendment(desk, before.order, after, counted),
          () => Desk.release(desk, market, counted)
        )
        const changed = Effect.gen(function*() {
          yield* calls.record("amend", [market.symbol])
          const found = yield* entry(mock, "amend", reference)
          if (Order.isClosed(found.order)) {
            const detail = `the order is already ${found.order.status}`
            return yield* new ExchangeError.OrderRejected({ ...about, detail })
          }
          return yield* trade(mock, "amend", market.symbol, (venue, quote, now) =>
            Venue.amend(venue, found, change, quote, now))
        })
        const takeBack = Effect.zipRight(
          Desk.release(desk, market, counted),
          Effect.ignoreLogged(
            Desk.writeAmendment(desk, before.order, after, { ...counted, worth: BigDecimal.negate(counted.worth) })
          )
        )
        return yield* Effect.tapError(changed, (error) =>
          error.outcome === "Unknown" ? Effect.void : takeBack)
      }),
    reconcile: Effect.flatMap(
      Desk.open(desk),
      (intents) => Effect.forEach(intents, (intent) => reconciled(mock, desk, calls, intent))
    )
  }
}

/** Determines the outcome of an order that is open in the journal. A planned failure leaves it unknown. */
const reconciled = (
  mock: MockExchange,
  desk: Desk.Desk,
  calls: CallLog<ExchangeError.TradingError>,
  intent: OrderJournal.Intent
): Effect.Effect<Trading.Reconciled> =>
  Effect.gen(function*() {
    yield* calls.record("reconcile", [intent.symbol])
    const order = Venue.entriesOf(yield* Ref.get(mock.venue)).find(({ order }) => Desk.matches(intent, order))?.order
    if (order === undefined) {
      yield* Desk.closeNotPlaced(desk, intent)
      return { _tag: "NotPlaced" as const, intent }
    }
    yield* Desk.writeOutcome(desk, intent, { _tag: "Placed", orderId: order.id })
    return { _tag: "Placed" as const, intent, order }
  }).pipe(
    Effect.catchAll((error) => Effect.succeed({ _tag: "Unknown" as const, intent, error }))
  )

const concluded = (desk: Desk.Desk, ready: Desk.Ready, sent: Result<Order.Order>): Result<Order.Order> =>
  Effect.flatMap(Effect.either(sent), (result) => Effect.zipRight(Desk.conclude(desk, ready, result), result))

const lost = ({ clientOrderId, exchange, id, side, symbol }: Order.Order) => {
  const about = { exchange, operation: "place", detail: "the response was lost" }
  return new ExchangeError.OutcomeUnknown({
    ...about,
    order: clientOrderId === undefined ? { symbol, side, id } : { symbol, side, clientOrderId },
    cause: new ExchangeError.RequestTimedOut(about)
  })
}

const unchanged = { price: undefined, amount: undefined }

/** Returns the changed order as a request, for the guards to check. */
const amended = (
  { market, order }: Venue.Entry,
  change: { readonly price: BigDecimal.BigDecimal | undefined; readonly amount: BigDecimal.BigDecimal | undefined }
): Order.Checked => ({
  market,
  side: order.side,
  type: "limit",
  amount: change.amount ?? order.amount ?? order.filled,
  price: change.price ?? order.price,
  timeInForce: order.timeInForce ?? "GTC",
  postOnly: order.postOnly === true,
  reduceOnly: order.reduceOnly === true
})

const alphabet = ClientOrderId.upTo(36, "A-Z a-z 0-9 _ -")

const prepare = (
  mock: MockExchange,
  desk: Desk.Desk,
  operation: string,
  request: Order.Request
): Effect.Effect<Desk.Ready, ExchangeError.TradingError, Scope.Scope> =>
  Effect.gen(function*() {
    const about = { exchange: mock.exchange, operation }
    const valid = Either.mapLeft((detail: string) => new ExchangeError.InvalidRequest({ ...about, detail }))
    const { symbol } = yield* valid(OrderCheck.decode(request))
    const market = yield* mock.find(operation, symbol)
    const checked = yield* valid(OrderCheck.check(market, request))
    if (market.kind !== "spot" || checked.reduceOnly) {
      return yield* unsupported(
        mock,
        operation,
        "the mock supports only spot markets, and no reduce-only orders"
      )
    }
    if (checked.type === "limit" && !mock.features.timeInForce.includes(checked.timeInForce)) {
      return yield* unsupported(mock, operation, `the mock is configured without ${checked.timeInForce} orders`)
    }
    const given = request.clientOrderId
    if (given !== undefined && !alphabet.pattern.test(given)) {
      const detail = `the client order id ${JSON.stringify(given.slice(0, 60))} is not ${alphabet.described}`
      return yield* new ExchangeError.InvalidRequest({ ...about, detail })
    }
    return yield* Desk.begin(desk, operation, checked, given ?? (yield* ClientOrderId.make(alphabet)))
  })

const unsupported = (
  { exchange }: MockExchange,
  operation: string,
  detail: string
): Effect.Effect<never, ExchangeError.Unsupported> =>
  new ExchangeError.Unsupported({
    exchange,
    operation,
    detail,
    alternative: "configure other features in the mock, or use the simulator"
  })

const send = (mock: MockExchange, operation: string, { checked, clientOrderId }: Desk.Ready): Result<Order.Order> =>
  trade(
    mock,
    operation,
    checked.market.symbol,
    (venue, quote, now) => Venue.place(venue, checked, clientOrderId, quote, now)
  )

const refusals = {
  InsufficientFunds: ExchangeError.InsufficientFunds,
  DuplicateOrder: ExchangeError.DuplicateOrder,
  OrderRejected: ExchangeError.OrderRejected
}

const trade = (
  mock: MockExchange,
  operation: string,
  symbol: string,
  step: (
    venue: Venue.Venue,
    quote: Venue.Quote,
    now: number
  ) => Either.Either<readonly [Order.Order, Venue.Venue], Venue.Refusal>
): Result<Order.Order> =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const quote = (yield* Ref.get(mock.listings)).get(symbol)?.quote ?? {}
    const result = yield* Ref.modify(
      mock.venue,
      (before): [Either.Either<Order.Order, Venue.Refusal>, Venue.Venue] =>
        Either.match(step(before, quote, now), {
          onLeft: (refusal) => [Either.left(refusal), before],
          onRight: ([order, after]) => [Either.right(order), after]
        })
    )
    return yield* Either.mapLeft(
      result,
      ({ detail, tag }) => new refusals[tag]({ exchange: mock.exchange, operation, detail })
    )
  })

const canceled = (mock: MockExchange, found: Venue.Entry): Effect.Effect<Order.Order> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Ref.modify(mock.venue, (before) => {
      const [order, after] = Venue.cancel(before, found, now)
      return [order, after]
    }))
