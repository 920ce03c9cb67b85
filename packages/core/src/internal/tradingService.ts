import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as ExchangeClient from "../ExchangeClient.js"
import * as ExchangeError from "../ExchangeError.js"
import type { Amendment, Reference, Request } from "../Order.js"
import type { Intent } from "../OrderJournal.js"
import type * as Trading from "../Trading.js"
import { resolve } from "./accountService.js"
import * as changing from "./changing.js"
import { writeOutcome } from "./journaling.js"
import * as Lookup from "./lookup.js"
import * as placing from "./placing.js"

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
      return yield* changing.cancel(desk, yield* resolve(exchange, "cancel", desk.markets, reference))
    }),
    cancelAll: Effect.fn(method("cancelAll"))(function*(symbol: string) {
      return yield* desk.adapter.cancelAll(yield* desk.markets.find("cancelAll", symbol))
    }),
    amend: Effect.fn(method("amend"))(function*(reference: Reference, amendment: Amendment) {
      return yield* changing.amend(desk, yield* resolve(exchange, "amend", desk.markets, reference), amendment)
    }),
    reconcile: Effect.withSpan(reconcile(desk), method("reconcile"))
  }
}

const reconcile = (
  desk: placing.Desk
): Effect.Effect<ReadonlyArray<Trading.Reconciled>, ExchangeError.OrderDenied> =>
  Option.match(desk.journal, {
    onNone: () => Effect.succeed([]),
    onSome: (journal) =>
      journal.open.pipe(
        Effect.mapError((error) =>
          new ExchangeError.OrderDenied({
            exchange: desk.exchange,
            operation: "reconcile",
            guard: "journal",
            detail: error.message
          })
        ),
        Effect.map((intents) =>
          intents.filter(({ clientOrderId, environment, exchange }) =>
            exchange === desk.exchange && environment === desk.environment && !desk.underWay.has(clientOrderId)
          )
        ),
        Effect.flatMap(Effect.forEach((intent) => close(desk, intent), { concurrency: 4 }))
      )
  })

const close = (desk: placing.Desk, intent: Intent): Effect.Effect<Trading.Reconciled> =>
  Effect.matchEffect(
    Effect.flatMap(
      desk.markets.find("reconcile", intent.symbol),
      (market) => Lookup.searchIntent(desk, "reconcile", market, intent)
    ),
    {
      onFailure: (error): Effect.Effect<Trading.Reconciled> =>
        error._tag === "DuplicateOrder"
          ? notPlaced(desk, intent, error.detail)
          : Effect.succeed({ _tag: "Unknown", intent, error }),
      onSuccess: Option.match({
        onNone: () => notPlaced(desk, intent, "found by reconciling"),
        onSome: (order): Effect.Effect<Trading.Reconciled> =>
          Effect.as(
            writeOutcome(desk, intent.clientOrderId, { _tag: "Placed", orderId: order.id }),
            { _tag: "Placed" as const, intent, order }
          )
      })
    }
  )

const notPlaced = (desk: placing.Desk, intent: Intent, reason: string): Effect.Effect<Trading.Reconciled> =>
  Effect.as(writeOutcome(desk, intent.clientOrderId, { _tag: "NotPlaced", reason }), { _tag: "NotPlaced", intent })
