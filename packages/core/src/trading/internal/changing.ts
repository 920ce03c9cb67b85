import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Departure from "../../engine/internal/departure.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import { beforeWriting } from "../../model/internal/beforeSending.js"
import { dropOldest } from "../../model/internal/dropOldest.js"
import type { Market } from "../../model/Market.js"
import { type Amendment, type Checked, isClosed, type Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import * as OrderCheck from "../OrderCheck.js"
import { type Desk, maxRecent, orderKey } from "./desk.js"
import * as Identity from "./identity.js"
import { writeAmendment } from "./journaling.js"
import * as Lookup from "./lookup.js"
import * as OrderReading from "./orderReading.js"
import * as placing from "./placing.js"

type Result = Effect.Effect<Order, ExchangeError.TradingError>

/**
 * Cancels an order. Returns the order as it ended, once the exchange shows that.
 *
 * @internal
 */
export const cancel = (desk: Desk, reference: Adapter.Reference): Result =>
  Effect.matchEffect(answered(desk, reference, desk.adapter.cancel(reference), isClosed), {
    onSuccess: (answer) => shown(desk, "cancel", reference, answer, isClosed),
    onFailure: (error): Result => {
      if (error.outcome === "Unknown") return lost(desk, "cancel", reference, error, isClosed)
      // An order that has ended, or is about to, cannot be canceled, and exchanges report that in many ways.
      return error._tag === "OrderNotFound"
        ? notOpen(desk, reference, error)
        : error._tag === "OrderRejected"
        ? endedOr(desk, reference, error)
        : Effect.fail(error)
    }
  })

/** Returns the order if it has ended, or does so within the time of a read. Otherwise fails with the error. */
const endedOr = (desk: Desk, reference: Adapter.Reference, error: ExchangeError.TradingError): Result =>
  Effect.flatMap(
    OrderReading.read(Lookup.byReference(desk, "cancel", reference), isClosed),
    ({ order }): Result =>
      Option.match(order, {
        onNone: () => Effect.fail(error),
        onSome: (order) =>
          isClosed(order)
            ? Effect.succeed(order)
            : Effect.fail(error._tag === "OrderNotFound" ? stillOpen(error, order) : error)
      })
  )

const stillOpen = (
  { code, detail, exchange, operation, status }: ExchangeError.OrderNotFound,
  order: Order
): ExchangeError.OrderRejected =>
  new ExchangeError.OrderRejected({
    exchange,
    operation,
    code,
    status,
    detail: `the exchange did not find the order to cancel, but lists it as ${order.status}: ${detail}`
  })

/**
 * Cancels an order that was placed here but that the exchange does not list, as it may for a moment: by the id from its
 * placement, and waits for it to be listed.
 */
const cancelPlaced = (desk: Desk, reference: Adapter.Reference, error: ExchangeError.OrderNotFound): Result => {
  const { clientOrderId, id, market } = reference
  if (id === undefined) {
    const placed = Array.from(desk.placed.values()).findLast((order) =>
      order.symbol === market.symbol && order.clientOrderId === clientOrderId
    )
    return placed === undefined ? Effect.fail(error) : cancel(desk, { market, id: placed.id })
  }
  return desk.placed.has(orderKey({ id, symbol: market.symbol }))
    ? endedOr(desk, reference, error)
    : Effect.fail(error)
}

/**
 * Finds out how an order ended that the exchange did not find to cancel. That alone proves neither that the order never
 * existed nor that it ended.
 */
const notOpen = (desk: Desk, reference: Adapter.Reference, error: ExchangeError.OrderNotFound): Result =>
  Effect.matchEffect(Lookup.byReference(desk, "cancel", reference), {
    onFailure: (obstacle): Result =>
      obstacle._tag === "OrderNotFound"
        ? cancelPlaced(desk, reference, error)
        : new ExchangeError.OutcomeUnknown({
          exchange: desk.exchange,
          operation: "cancel",
          order: inQuestion(reference, Option.none()),
          cause: ExchangeError.causeOf(error),
          detail: `the order is not open, but how it ended could not be looked up: ${obstacle.message}`
        }),
    onSuccess: (order) =>
      isClosed(order)
        ? Effect.succeed(order)
        : endedOr(desk, reference, error)
  })

/**
 * Changes an open order. Returns the order as changed, once the exchange shows that.
 *
 * @internal
 */
export const amend = (desk: Desk, reference: Adapter.Reference, amendment: Amendment): Result =>
  Effect.gen(function*() {
    const about = { exchange: desk.exchange, operation: "amend" }
    const { amend: send } = desk.adapter
    if (send === undefined) {
      return yield* new ExchangeError.Unsupported({
        ...about,
        detail: `${desk.features.name} cannot amend open orders`,
        alternative: "cancel it and place a new one"
      })
    }
    const current = yield* beforeWriting(Lookup.byReference(desk, "amend", reference))
    if (isClosed(current)) {
      return yield* new ExchangeError.OrderRejected({ ...about, detail: `the order is already ${current.status}` })
    }
    const change = yield* Either.mapLeft(
      OrderCheck.checkAmendment(reference.market, amendment, current.side),
      (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
    )
    // Some exchanges refuse a change that changes nothing. It is sent only if an earlier one may still take effect.
    if (isChanged(current, change) && !desk.unsettled.has(orderKey(current))) return current
    const isDone = (order: Order) => isClosed(order) || isChanged(order, change)
    const made = Effect.suspend(() => {
      noteAmended(desk, current)
      return Effect.matchEffect(answered(desk, reference, send(reference, change, current), isDone), {
        onSuccess: (answer) => shown(desk, "amend", reference, answer, isDone),
        onFailure: (error): Result =>
          error.outcome === "Unknown"
            ? lost(desk, "amend", reference, error, isDone)
            : Effect.fail(error)
      })
    }).pipe(
      Effect.filterOrFail(
        (order) => isChanged(order, change),
        ({ status }) =>
          new ExchangeError.OrderRejected({
            ...about,
            detail: `the order ended before it was amended: it is ${status}`
          })
      ),
      Effect.onExit((exit) => Effect.sync(() => noteSettled(desk, current, exit)))
    )
    return yield* counting(desk, reference.market, current, change, made)
  })

const noteAmended = ({ amended }: Desk, { clientOrderId }: Order): void => {
  if (clientOrderId === undefined) return
  amended.delete(clientOrderId)
  amended.add(clientOrderId)
  dropOldest(amended, maxRecent)
}

const noteSettled = (
  { unsettled }: Desk,
  order: Order,
  exit: Exit.Exit<Order, ExchangeError.TradingError>
): void => {
  const key = orderKey(order)
  const isUnknown = Exit.isFailure(exit) &&
    Option.getOrElse(Option.map(Cause.failureOption(exit.cause), ({ outcome }) => outcome === "Unknown"), () => true)
  if (isUnknown) unsettled.add(key)
  else if (Exit.isSuccess(exit)) unsettled.delete(key)
  dropOldest(unsettled, maxRecent)
}

/** Returns the exchange's answer to a change, or the order as soon as a feed shows it as changed. */
const answered = <E>(
  { seen }: Desk,
  reference: Adapter.Reference,
  answer: Effect.Effect<Option.Option<Order>, E>,
  isDone: (order: Order) => boolean
): Effect.Effect<Option.Option<Order>, E> =>
  OrderReading.answered(
    answer,
    Effect.asSome(seen.first("next", (order) => Identity.isNamed(reference, order) && isDone(order)))
  )

/**
 * Returns the exchange's answer to a change if it is about the order and shows the change. Otherwise reads the order.
 */
const shown = (
  desk: Desk,
  operation: string,
  reference: Adapter.Reference,
  answer: Option.Option<Order>,
  isDone: (order: Order) => boolean
): Effect.Effect<Order, ExchangeError.OutcomeUnknown> => {
  const about = { exchange: desk.exchange, operation }
  if (Option.isNone(answer)) return lost(desk, operation, reference, unseen(about), isDone)
  if (!Identity.isMeant(reference, answer.value)) {
    const detail = "the response describes a different order"
    return lost(desk, operation, reference, new ExchangeError.MalformedResponse({ ...about, detail }), isDone)
  }
  return isDone(answer.value)
    ? Effect.succeed(answer.value)
    : lost(desk, operation, reference, unseen(about), isDone)
}

const unseen = (about: { readonly exchange: string; readonly operation: string }): ExchangeError.RequestTimedOut =>
  new ExchangeError.RequestTimedOut({
    ...about,
    detail: "the exchange acknowledged the request, but its effect was not visible in time"
  })

/** Finds out from the order itself whether a change was made that nothing has shown yet. */
const lost = (
  desk: Desk,
  operation: string,
  reference: Adapter.Reference,
  error: ExchangeError.TradingError,
  isDone: (order: Order) => boolean
): Effect.Effect<Order, ExchangeError.OutcomeUnknown> =>
  Effect.flatMap(
    Concurrent.raceFirst(
      OrderReading.read(Lookup.byReference(desk, operation, reference), isDone),
      // An ended order stays ended, so an earlier report of that counts; an earlier report of the wanted terms may be
      // out of date. A client order id may also be that of an earlier order that has ended, so for it only new reports
      // count.
      OrderReading.reported(Concurrent.raceFirst(
        desk.seen.first(
          reference.id === undefined ? "next" : "known",
          (order) => Identity.isNamed(reference, order) && isClosed(order)
        ),
        desk.seen.first("next", (order) => Identity.isNamed(reference, order) && isDone(order))
      ))
    ),
    (seen) =>
      Option.isSome(seen.order) && isDone(seen.order.value)
        ? Effect.succeed(seen.order.value)
        : new ExchangeError.OutcomeUnknown({
          exchange: desk.exchange,
          operation,
          order: inQuestion(reference, seen.order),
          cause: ExchangeError.causeOf(error),
          detail: Option.match(seen.order, {
            onNone: () =>
              "the request was sent, but the order could not be looked up" +
              Option.match(seen.error, { onNone: () => "", onSome: ({ message }) => `: ${message}` }),
            onSome: ({ status }) => `the order is unchanged so far (${status}); the request may still take effect`
          })
        })
  )

const inQuestion = (reference: Adapter.Reference, seen: Option.Option<Order>): ExchangeError.OrderInQuestion => {
  const known = Option.getOrUndefined(seen)
  const { symbol } = reference.market
  return reference.id === undefined
    ? { symbol, id: known?.id, clientOrderId: reference.clientOrderId }
    : { symbol, id: reference.id, clientOrderId: known?.clientOrderId }
}

/**
 * Has the guards judge the order as amended, and count what it grows by while it is changed. That is given back if the
 * order was not changed.
 */
const counting = (
  desk: Desk,
  market: Market,
  current: Order,
  change: Adapter.Change,
  made: Result
): Result =>
  Effect.gen(function*() {
    const after = amended(market, current, change)
    const price = after === undefined ? undefined : yield* placing.priceFor(desk, after)
    const at = yield* Clock.currentTimeMillis
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        placing.admit(desk, "amend", after, price, at, amended(market, current, unchanged)),
        (worth): Result => {
          if (after === undefined || BigDecimal.isZero(worth)) return restore(made)
          const giveBack = placing.giveBack(desk, market, worth, at)
          const takeBack = writeAmendment(desk, current, after, BigDecimal.negate(worth), at).pipe(
            Effect.catchAll((error) =>
              Effect.logWarning(
                "The value added by an amendment could not be subtracted again in the journal",
                error.message
              )
            )
          )
          const unmade = Effect.zipRight(giveBack, takeBack)
          return Effect.zipRight(
            Effect.onError(restore(writeAmendment(desk, current, after, worth, at)), () => giveBack),
            Departure.onInterruptBefore(restore(made), unmade).pipe(
              Effect.tapError((error) => error.outcome === "Unknown" ? Effect.void : unmade)
            )
          )
        }
      )
    )
  })

const unchanged: Adapter.Change = { price: undefined, amount: undefined }

// The worth of an order of unknown amount is unknown.
const amended = (market: Market, current: Order, change: Adapter.Change): Checked | undefined => {
  const amount = change.amount ?? current.amount
  return amount === undefined ? undefined : {
    market,
    side: current.side,
    type: "limit",
    amount,
    price: change.price ?? current.price,
    timeInForce: current.timeInForce ?? "GTC",
    postOnly: current.postOnly === true,
    reduceOnly: current.reduceOnly === true
  }
}

const isChanged = (order: Order, { amount, price }: Adapter.Change): boolean =>
  (amount === undefined || (order.amount !== undefined && BigDecimal.equals(order.amount, amount))) &&
  (price === undefined || (order.price !== undefined && BigDecimal.equals(order.price, price)))
