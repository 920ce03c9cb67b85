import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Decimal from "../Decimal.js"
import * as ExchangeError from "../ExchangeError.js"
import type * as OrderJournal from "../OrderJournal.js"
import type { Desk, Ready } from "./placing.js"

/**
 * Writes down that an order is about to be sent.
 *
 * @internal
 */
export const writeIntent = (
  desk: Desk,
  operation: string,
  { at, order }: Ready
): Effect.Effect<void, ExchangeError.OrderDenied> =>
  Option.match(desk.journal, {
    onNone: () => Effect.void,
    onSome: (journal) =>
      Effect.mapError(
        journal.append({
          _tag: "Intent",
          exchange: desk.exchange,
          environment: desk.environment,
          clientOrderId: order.clientOrderId,
          symbol: order.market.symbol,
          side: order.side,
          type: order.type,
          amount: Decimal.format(order.amount),
          price: order.price === undefined ? undefined : Decimal.format(order.price),
          timeInForce: order.timeInForce,
          at
        }),
        (error) =>
          new ExchangeError.OrderDenied({
            exchange: desk.exchange,
            operation,
            guard: "journal",
            detail: `without a journal no order is sent: ${error.message}`
          })
      )
  })

/**
 * Writes down what became of an order. The order is what it is: a journal that fails here leaves it to be reconciled.
 *
 * @internal
 */
export const writeOutcome = (
  desk: Desk,
  clientOrderId: string,
  outcome: Pick<OrderJournal.Outcome, "_tag" | "orderId" | "reason">
): Effect.Effect<void> =>
  Option.match(desk.journal, {
    onNone: () => Effect.void,
    onSome: (journal) =>
      Clock.currentTimeMillis.pipe(
        Effect.flatMap((at) =>
          journal.append({
            ...outcome,
            exchange: desk.exchange,
            environment: desk.environment,
            clientOrderId,
            at
          })
        ),
        Effect.catchAll((error) =>
          Effect.logWarning("An order's outcome could not be written down; reconcile later", error.message)
        )
      )
  })
