import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import type * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as ClientOrderId from "../../model/ClientOrderId.js"
import * as Decimal from "../../model/Decimal.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import { beforeWriting } from "../../model/internal/beforeSending.js"
import { quote } from "../../model/internal/quote.js"
import type { Market } from "../../model/Market.js"
import type { Checked, Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import * as Telemetry from "../../ports/Telemetry.js"
import * as OrderCheck from "../OrderCheck.js"
import * as OrderGuards from "../OrderGuards.js"
import * as DailyTotals from "./dailyTotals.js"
import { type Begun, begunOf, type Desk, intentOf, notePlaced, type Ready } from "./desk.js"
import * as Identity from "./identity.js"
import { writeIntent, writeOutcome } from "./journaling.js"
import * as Lookup from "./lookup.js"
import * as OrderReading from "./orderReading.js"

type Result = Effect.Effect<Order, ExchangeError.TradingError>

/** @internal */
export const place = (desk: Desk, request: unknown): Result =>
  Effect.scoped(
    Effect.flatMap(prepare(desk, "place", request), (ready) =>
      Effect.matchEffect(OrderReading.answered(desk.adapter.place(ready.order), reportedByFeed(desk, ready)), {
        onSuccess: (placed) =>
          confirm(desk, "place", ready, placed),
        onFailure: (error) => settle(desk, "place", ready, error)
      }))
  )

/** Waits until a feed reports an order that is being sent. */
const reportedByFeed = (desk: Desk, ready: Ready): Effect.Effect<Adapter.Placed> =>
  Effect.gen(function*() {
    const asked = yield* Lookup.asked(desk, ready.order, ready)
    return { _tag: "Order", order: yield* desk.seen.first("next", (seen) => Identity.matchesExactly(asked, seen)) }
  })

/**
 * Prepares an order for sending: checks it, has the guards count it, and records it in the journal.
 *
 * @internal
 */
export const prepare = (
  desk: Desk,
  operation: string,
  input: unknown
): Effect.Effect<Ready, ExchangeError.TradingError, Scope.Scope> =>
  Effect.gen(function*() {
    const valid = Either.mapLeft((detail: string) =>
      new ExchangeError.InvalidRequest({ exchange: desk.exchange, operation, detail })
    )
    const request = yield* valid(OrderCheck.decode(input))
    const market = yield* beforeWriting(marketOf(desk, operation, request.symbol))
    const checked = yield* valid(OrderCheck.check(market, request))
    yield* supported(desk, operation, checked)
    desk.seen.visit(market)
    const clientOrderId = yield* nameOf(desk, operation, request.clientOrderId)
    const price = yield* priceFor(desk, checked)
    const { at } = yield* underWay(desk, clientOrderId)
    const skew = yield* desk.skew
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(admit(desk, operation, checked, price, at), (worth) => {
        const ready: Ready = {
          order: { ...checked, clientOrderId },
          isNamed: request.clientOrderId !== undefined,
          worth,
          at,
          skew
        }
        return restore(writeIntent(desk, operation, ready)).pipe(
          // Nothing was sent. After a failure the journal has no intent either; after an interruption it may have one.
          Effect.onError((cause) =>
            Cause.isInterrupted(cause) ? release(desk, ready) : giveBack(desk, market, worth, at)
          ),
          Effect.as(ready)
        )
      })
    )
  })

/** Returns the market of an order, from a recent list if it was not open in the cached one. It may have opened since. */
const marketOf = (
  { markets }: Desk,
  operation: string,
  symbol: string
): Effect.Effect<Market, ExchangeError.MarketDataError> =>
  Effect.flatMap(markets.find(operation, symbol), (market) =>
    market.status === "halted" || market.status === "closed"
      ? Effect.orElseSucceed(markets.recent(operation, symbol), () => market)
      : Effect.succeed(market))

/** Adds a call to those in progress. It begins later than the others with its client order id, to tell them apart. */
const underWay = (desk: Desk, clientOrderId: string): Effect.Effect<Begun, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.map(Clock.currentTimeMillis, (now) => {
      const namesakes = Array.from(desk.underWay).filter((call) => call.clientOrderId === clientOrderId)
      const call = { clientOrderId, at: Math.max(now, ...namesakes.map(({ at }) => at + 1)) }
      desk.underWay.add(call)
      return call
    }),
    (call) => Effect.sync(() => desk.underWay.delete(call))
  )

/**
 * Returns the price of the last trade if the guards need it to judge the order.
 *
 * @internal
 */
export const priceFor = (
  desk: Desk,
  checked: Checked
): Effect.Effect<BigDecimal.BigDecimal | undefined, ExchangeError.AccountError> =>
  OrderGuards.needsPrice(desk.guards, checked)
    ? beforeWriting(desk.lastPrice(checked.market))
    : Effect.succeed(undefined)

/**
 * Has the guards judge and count an order. Returns the worth that was counted. For a change of an open order, given as
 * `before`, only the growth is counted.
 *
 * @internal
 */
export const admit = (
  desk: Desk,
  operation: string,
  checked: Checked | undefined,
  price: BigDecimal.BigDecimal | undefined,
  at: number,
  before?: Checked
): Effect.Effect<BigDecimal.BigDecimal, ExchangeError.OrderDenied> =>
  Effect.flatten(
    Ref.modify(desk.spent, (totals) =>
      Either.match(OrderGuards.admit(desk.guards, DailyTotals.of(totals, at), checked, price, at, before), {
        onLeft: (
          denial
        ): readonly [Effect.Effect<BigDecimal.BigDecimal, ExchangeError.OrderDenied>, DailyTotals.DailyTotals] => [
          new ExchangeError.OrderDenied({ exchange: desk.exchange, operation, ...denial }),
          totals
        ],
        onRight: ([worth, next]) => [Effect.succeed(worth), DailyTotals.set(totals, next)]
      }))
  )

const supported = (
  desk: Desk,
  operation: string,
  order: Checked
): Effect.Effect<void, ExchangeError.Unsupported> => {
  const { name, reduceOnly, timeInForce } = desk.features
  const unsupported = (detail: string, alternative: string) =>
    new ExchangeError.Unsupported({ exchange: desk.exchange, operation, detail, alternative })
  if (order.type === "limit" && !timeInForce.includes(order.timeInForce)) {
    return unsupported(`${name} does not support ${order.timeInForce} orders`, `use one of ${timeInForce.join(", ")}`)
  }
  if (order.reduceOnly && (!reduceOnly || order.market.kind === "spot")) {
    return unsupported(
      `${name} does not support reduce-only orders for ${order.market.symbol}`,
      "order no more than the balance or the position"
    )
  }
  return Effect.void
}

const nameOf = (
  desk: Desk,
  operation: string,
  given: string | undefined
): Effect.Effect<string, ExchangeError.InvalidRequest> => {
  const { clientOrderId } = desk.adapter
  if (given === undefined) return ClientOrderId.make(clientOrderId)
  return clientOrderId.pattern.test(given)
    ? Effect.succeed(given)
    : new ExchangeError.InvalidRequest({
      exchange: desk.exchange,
      operation,
      detail: `the client order id ${quote(given)} is invalid: expected ${clientOrderId.described}`
    })
}

/**
 * Returns an order that the exchange accepted, as the exchange shows it. An answer about another order counts as no
 * answer.
 *
 * @internal
 */
export const confirm = (desk: Desk, operation: string, ready: Ready, placed: Adapter.Placed): Result =>
  Effect.gen(function*() {
    const asked = yield* Lookup.asked(desk, ready.order, ready)
    const reference = { market: ready.order.market, since: Lookup.since(asked) }
    const id = placed._tag === "Order" ? placed.order.id : placed.id
    const named = id === undefined ? { clientOrderId: ready.order.clientOrderId } : { id }
    const shown = placed._tag === "Order"
      ? Option.some(placed.order)
      : (yield* Concurrent.raceFirst(
        OrderReading.read(desk.account.order({ ...reference, ...named }), OrderReading.isListed),
        OrderReading.reported(
          desk.seen.first(
            // An earlier order may have had the same client order id.
            id === undefined ? "next" : "known",
            (seen) => OrderReading.isListed(seen) && Identity.isNamed({ ...reference, ...named }, seen)
          )
        )
      )).order
    const differences = Option.match(shown, {
      onNone: () => [],
      onSome: (order) => [...Identity.differences(asked, order), ...id === undefined || order.id === id ? [] : ["id"]]
    })
    if (differences.length > 0) {
      const about = { exchange: desk.exchange, operation, detail: Lookup.another(differences) }
      return yield* settle(desk, operation, ready, new ExchangeError.MalformedResponse(about))
    }
    const known = id ?? Option.getOrUndefined(shown)?.id
    if (known === undefined) return yield* nameless(desk, operation, ready)
    yield* recordPlaced(desk, ready, known)
    return Option.getOrElse(shown, () => pending(desk, ready, known))
  })

const recordPlaced = (desk: Desk, ready: Ready, id: string): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (knownAt) => {
    notePlaced(desk.placed, { ...begunOf(ready), symbol: ready.order.market.symbol, id, knownAt })
    return writeOutcome(desk, begunOf(ready), { _tag: "Placed", orderId: id })
  })

/**
 * Fails with `OutcomeUnknown`: the exchange accepted the order but has not shown its id. No absence could disprove
 * that, so the intent is left to `reconcile`.
 */
const nameless = (desk: Desk, operation: string, ready: Ready): Result => {
  const about = { exchange: desk.exchange, operation }
  const { clientOrderId } = ready.order
  const cause = new ExchangeError.MalformedResponse({
    ...about,
    detail: "the exchange accepted an order without returning its id"
  })
  return Effect.zipRight(
    countUnknown(desk),
    new ExchangeError.OutcomeUnknown({
      ...about,
      order: inQuestion(ready),
      cause: ExchangeError.causeOf(cause),
      detail: `the exchange accepted the order ${clientOrderId} but did not return its id, and does not list it yet`
    })
  )
}

const pending = (desk: Desk, { at, order }: Ready, id: string): Order => ({
  exchange: desk.exchange,
  symbol: order.market.symbol,
  id,
  clientOrderId: order.clientOrderId,
  side: order.side,
  type: order.type,
  status: "pending",
  price: order.price,
  amount: order.amount,
  filled: Decimal.zero,
  timeInForce: order.timeInForce,
  postOnly: order.postOnly,
  reduceOnly: order.reduceOnly,
  createdAt: at
})

/**
 * Settles an order that the exchange refused, or about which it gave no reliable answer. In the latter case the order
 * is looked up.
 *
 * @internal
 */
export const settle = (desk: Desk, operation: string, ready: Ready, error: ExchangeError.TradingError): Result => {
  const { clientOrderId } = ready.order
  if (error._tag === "DuplicateOrder") return taken(desk, ready, error)
  if (error.outcome !== "Unknown") {
    return Effect.zipRight(notPlaced(desk, ready, error.message), Effect.fail(error))
  }
  const about = { exchange: desk.exchange, operation, order: inQuestion(ready), cause: ExchangeError.causeOf(error) }
  return Effect.matchEffect(
    Effect.flatMap(
      Lookup.asked(desk, ready.order, ready),
      (asked) =>
        Concurrent.raceFirst(
          Lookup.search(desk, operation, asked),
          Effect.asSome(desk.seen.first("known", (seen) =>
            Identity.matchesExactly(asked, seen) &&
            // An earlier order may have had the same client order id, and feeds do not always report when an order was
            // created.
            (seen.createdAt !== undefined || !ready.isNamed)))
        )
    ),
    {
      onFailure: (obstacle): Result =>
        obstacle._tag === "DuplicateOrder"
          ? nameTaken(desk, ready, obstacle)
          : Effect.zipRight(
            countUnknown(desk),
            new ExchangeError.OutcomeUnknown({
              ...about,
              detail: `the order ${clientOrderId} was sent, but could not be looked up: ${obstacle.message}`
            })
          ),
      onSuccess: Option.match({
        onNone: () =>
          Effect.zipRight(
            notPlaced(desk, ready, error.message),
            new ExchangeError.NotPlaced({
              ...about,
              detail: `the exchange never accepted the order ${clientOrderId}; it can be placed again`
            })
          ),
        onSome: (order) => Effect.as(recordPlaced(desk, ready, order.id), order)
      })
    }
  )
}

/**
 * Settles an order whose client order id is already in use. That order is this very one if the request reached the
 * exchange twice. It is if nobody else can have used the id, because the library chose it, or if the order was created
 * after this call began.
 */
const taken = (desk: Desk, ready: Ready, error: ExchangeError.DuplicateOrder): Result =>
  Effect.gen(function*() {
    const asked = yield* Lookup.asked(desk, ready.order, ready)
    const from = ready.isNamed ? (yield* Lookup.theirs(desk, ready.at)) + 1 : asked.from
    const lookup = desk.account.order({
      market: asked.market,
      clientOrderId: asked.clientOrderId,
      since: Lookup.since(asked)
    })
    const { order } = yield* OrderReading.read(lookup, () => true)
    const ours = Option.filter(order, (order) => Identity.differences({ ...asked, from }, order).length === 0)
    if (Option.isNone(ours)) return yield* nameTaken(desk, ready, error)
    yield* recordPlaced(desk, ready, ours.value.id)
    return ours.value
  })

const nameTaken = (
  desk: Desk,
  ready: Ready,
  error: ExchangeError.DuplicateOrder
): Effect.Effect<never, ExchangeError.DuplicateOrder> =>
  Effect.zipRight(notPlaced(desk, ready, error.message), Effect.fail(error))

const countUnknown = ({ environment, exchange }: Desk): Effect.Effect<void> =>
  Metric.increment(Telemetry.unknownOrders).pipe(
    Effect.tagMetrics({ exchange, environment })
  )

const notPlaced = (desk: Desk, ready: Ready, reason: string): Effect.Effect<void> =>
  Effect.zipRight(
    release(desk, ready),
    Effect.map(writeOutcome(desk, begunOf(ready), { _tag: "NotPlaced", reason }), (isWritten) => {
      if (isWritten) desk.givenBack.delete(intentOf(begunOf(ready)))
    })
  )

// Reconciling the intent, if it is still open, must not give the same worth back again.
const release = (desk: Desk, ready: Ready): Effect.Effect<void> =>
  Effect.zipRight(
    Effect.sync(() => desk.givenBack.add(intentOf(begunOf(ready)))),
    giveBack(desk, ready.order.market, ready.worth, ready.at)
  )

/**
 * Subtracts the worth of an order from what the guards have counted.
 *
 * @internal
 */
export const giveBack = (desk: Desk, market: Market, worth: BigDecimal.BigDecimal, at: number): Effect.Effect<void> =>
  Ref.update(desk.spent, (totals) => DailyTotals.release(totals, market.quote, worth, at))

const inQuestion = ({ at, order }: Ready): ExchangeError.OrderInQuestion => ({
  symbol: order.market.symbol,
  clientOrderId: order.clientOrderId,
  side: order.side,
  amount: Decimal.format(order.amount),
  price: order.price === undefined ? undefined : Decimal.format(order.price),
  sentAt: at
})
