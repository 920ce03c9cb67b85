/**
 * Orders: the only capability that changes anything.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type { OrderDenied, TradingError } from "../model/ExchangeError.js"
import type { Intent } from "../model/internal/intent.js"
import type { Amendment, Order, Reference, Request } from "../model/Order.js"

/**
 * The capability to trade. A program that does not require it cannot place an order.
 *
 * @example
 * import { Trading } from "@effect-exchange/core"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const trading = yield* Trading.Trading
 *   return yield* trading.place({
 *     type: "limit",
 *     symbol: "BTC/USDT",
 *     side: "buy",
 *     amount: "0.001",
 *     price: "60000",
 *     postOnly: true
 *   })
 * })
 *
 * @since 0.1.0
 * @category tags
 */
export class Trading extends Context.Tag("@effect-exchange/core/ports/Trading")<Trading, Trading.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Trading {
  /**
   * Every order gets a client order id before it is sent. It is sent only once, unless it is known not to have arrived
   * or the exchange deduplicates by client order id. If the response is lost, or is about another order, the order is
   * looked up. The call then returns the order as the exchange has it. It fails with `NotPlaced` if the exchange shows
   * in two ways that it never accepted the order, or with `OutcomeUnknown`, which carries everything needed to find out
   * later. A `Deadline` of the caller also bounds the look-ups.
   */
  interface Service {
    /** The name of the exchange. */
    readonly exchange: string
    /**
     * Places an order after checking it against its type, the rules of its market and the configured guards. A failed
     * check is an `InvalidRequest` or an `OrderDenied`, before anything is sent.
     */
    readonly place: (request: Request) => Effect.Effect<Order, TradingError>
    /**
     * Places several orders of one market with as few requests as the exchange allows, and returns their outcomes in
     * the same order. Fails with `Unsupported` if the exchange has no batch request.
     */
    readonly placeBatch: (
      requests: ReadonlyArray<Request>
    ) => Effect.Effect<ReadonlyArray<Either.Either<Order, TradingError>>, TradingError>
    /**
     * Cancels an order and returns it once the exchange shows its final state, which may be `filled`. Canceling a
     * closed order is not an error. Fails with `OutcomeUnknown` if the order is still open three seconds after the
     * exchange acknowledged the request, or if it is not open and how it ended cannot be looked up.
     */
    readonly cancel: (reference: Reference) => Effect.Effect<Order, TradingError>
    /**
     * Cancels every order of a market and returns the ids of the orders that the exchange reports as canceled. If a
     * response was lost and the request was sent again, those that it had canceled the first time may be missing, and so
     * may those that could not be read on an exchange that reports no ids (Deribit). An order that is still being placed,
     * or whose outcome is unknown, may be accepted afterwards.
     *
     * If it fails, some of the orders may have been canceled: the `outcome` of the error is that of the request that
     * failed, which may be one of several. It is safe to cancel them all again.
     */
    readonly cancelAll: (symbol: string) => Effect.Effect<ReadonlyArray<string>, TradingError>
    /**
     * Changes an open order and returns it once the exchange shows the change. An order that already has the price and
     * the amount is returned as it is, and nothing is sent, unless an earlier amendment may still take effect. Fails with
     * `OutcomeUnknown` if the exchange does not show the change within three seconds, and with `Unsupported` if it cannot
     * amend orders.
     */
    readonly amend: (reference: Reference, amendment: Amendment) => Effect.Effect<Order, TradingError>
    /**
     * Determines the outcome of this account's orders that have none in the journal, and records it there. Run it when
     * a program starts. It takes as long as one proof of absence, however many orders there are. It ignores orders that
     * are still in progress in this Layer, and orders of other accounts. An order whose account the journal does not
     * record is `Unknown`. Fails with `OrderDenied` if the journal cannot be read.
     */
    readonly reconcile: Effect.Effect<ReadonlyArray<Reconciled>, OrderDenied>
  }
}

/**
 * The outcome of an order whose outcome was open. `Unknown` means that it still could not be determined; the order
 * stays open in the journal.
 *
 * @since 0.1.0
 * @category models
 */
export type Reconciled =
  | { readonly _tag: "Placed"; readonly intent: Intent; readonly order: Order }
  | { readonly _tag: "NotPlaced"; readonly intent: Intent }
  | { readonly _tag: "Unknown"; readonly intent: Intent; readonly error: TradingError }
