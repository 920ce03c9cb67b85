import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import type * as Adapter from "../Adapter.js"
import type * as ExchangeClient from "../ExchangeClient.js"
import * as ExchangeError from "../ExchangeError.js"
import type { Market } from "../Market.js"
import type { Amendment, Order, Reference, Request } from "../Order.js"
import * as OrderCheck from "../OrderCheck.js"
import type * as Trading from "../Trading.js"
import { resolve } from "./accountService.js"
import * as Outcome from "./outcome.js"
import * as placing from "./placing.js"
import { reconcile } from "./reconciling.js"

/** @internal */
export const make = (
  desk: placing.Desk,
  client: ExchangeClient.ExchangeClient<"marketData" | "account" | "trading">
): Trading.Trading.Service & {
  readonly request: ExchangeClient.ExchangeClient<"marketData" | "account" | "trading">["request"]
} => {
  const { exchange } = desk
  const method = <Name extends string>(name: Name) => `${exchange}.Trading.${name}` as const
  return {
    exchange,
    request: client.request,
    place: Effect.fn(method("place"))((request: Request) => placing.place(desk, request)),
    placeBatch: Effect.fn(method("placeBatch"))((requests: ReadonlyArray<Request>) =>
      placing.placeBatch(desk, requests)
    ),
    cancel: Effect.fn(method("cancel"))(function*(reference: Reference) {
      return yield* cancel(desk, yield* resolve(exchange, "cancel", desk.markets, reference))
    }),
    cancelAll: Effect.fn(method("cancelAll"))(function*(symbol: string) {
      return yield* desk.adapter.cancelAll(yield* desk.markets.find("cancelAll", symbol))
    }),
    amend: Effect.fn(method("amend"))(function*(reference: Reference, amendment: Amendment) {
      return yield* amend(desk, yield* resolve(exchange, "amend", desk.markets, reference), amendment)
    }),
    reconcile: Effect.withSpan(reconcile(desk), method("reconcile"))
  }
}

const cancel = (
  desk: placing.Desk,
  reference: Adapter.Reference
): Effect.Effect<Order, ExchangeError.TradingError> => {
  const lookup = desk.account.order(reference)
  return Effect.matchEffect(desk.adapter.cancel(reference), {
    onSuccess: Option.match({
      onSome: (order) => Effect.succeed(order),
      onNone: () =>
        Effect.flatMap(
          Outcome.read(lookup, Outcome.hasEnded),
          Option.match({ onNone: () => lookup, onSome: Effect.succeed })
        )
    }),
    onFailure: (error): Effect.Effect<Order, ExchangeError.TradingError> => {
      // What has ended already cannot be canceled, and exchanges say so in many ways.
      if (error._tag === "OrderNotFound" || error._tag === "OrderRejected") {
        return lookup.pipe(
          Effect.mapError(() => error),
          Effect.filterOrFail(Outcome.hasEnded, () => error)
        )
      }
      return ExchangeError.outcome(error) === "Unknown"
        ? lost(desk, "cancel", reference, error, Outcome.hasEnded)
        : Effect.fail(error)
    }
  })
}

/** The answer to a change of an order was lost: whether it was made shows in the order. */
const lost = (
  desk: placing.Desk,
  operation: string,
  reference: Adapter.Reference,
  error: ExchangeError.TradingError,
  isDone: (order: Order) => boolean
): Effect.Effect<Order, ExchangeError.OutcomeUnknown> =>
  Effect.flatMap(
    Outcome.read(desk.account.order(reference), isDone),
    (seen) =>
      Option.isSome(seen) && isDone(seen.value)
        ? Effect.succeed(seen.value)
        : new ExchangeError.OutcomeUnknown({
          exchange: desk.exchange,
          operation,
          order: {
            symbol: reference.market.symbol,
            orderId: reference.id,
            clientOrderId: reference.clientOrderId
          },
          reason: error.message,
          detail: Option.isSome(seen)
            ? `the order is unchanged so far (${seen.value.status}); the request may still be carried out`
            : "the request was sent and the order could not be looked up"
        })
  )

const amend = (
  desk: placing.Desk,
  reference: Adapter.Reference,
  amendment: Amendment
): Effect.Effect<Order, ExchangeError.TradingError> =>
  Effect.gen(function*() {
    const about = { exchange: desk.exchange, operation: "amend" }
    const change = yield* Either.mapLeft(
      OrderCheck.checkAmendment(reference.market, amendment),
      (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
    )
    const { amend: send } = desk.adapter
    if (send === undefined) {
      return yield* new ExchangeError.Unsupported({
        ...about,
        detail: `${desk.features.name} cannot change an order that stands`,
        alternative: "cancel it and place another"
      })
    }
    const lookup = desk.account.order(reference)
    const current = yield* lookup
    if (Outcome.hasEnded(current)) {
      return yield* new ExchangeError.OrderRejected({ ...about, detail: `the order is ${current.status} already` })
    }
    const changed = amended(reference.market, current, change)
    const price = changed === undefined ? undefined : yield* placing.priceFor(desk, changed)
    const at = yield* Clock.currentTimeMillis
    const worth = changed === undefined ? undefined : yield* placing.admit(desk, "amend", changed, price, at)
    const isDone = (order: Order) => Outcome.hasEnded(order) || isChanged(order, change)
    return yield* Effect.matchEffect(send(reference, change, current), {
      onSuccess: Option.match({
        onSome: (order) => Effect.succeed(order),
        onNone: () =>
          Effect.flatMap(
            Outcome.read(lookup, isDone),
            Option.match({ onNone: () => lookup, onSome: Effect.succeed })
          )
      }),
      onFailure: (error): Effect.Effect<Order, ExchangeError.TradingError> =>
        ExchangeError.outcome(error) === "Unknown"
          ? lost(desk, "amend", reference, error, isDone)
          : Effect.zipRight(
            worth === undefined ? Effect.void : placing.giveBack(desk, reference.market, worth, at),
            Effect.fail(error)
          )
    })
  })

// The guards judge what the order becomes, and count all of it again. An order whose amount is not known cannot be judged.
const amended = (market: Market, current: Order, change: Adapter.Change): OrderCheck.Checked | undefined => {
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
  (amount === undefined || (order.amount !== undefined && Equal.equals(order.amount, amount))) &&
  (price === undefined || (order.price !== undefined && Equal.equals(order.price, price)))
