/**
 * Orders: the one capability that changes anything.
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
 * The capability to trade. A program whose requirements do not name it cannot place an order.
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
   * Every order carries a client order id from before it is sent, and is sent once unless it is known not to have arrived
   * or the exchange deduplicates by that id. When the answer is lost, or is about another order, the order is looked up:
   * the caller gets it as the exchange has it, `NotPlaced` when the exchange shows in two ways that it never took it, or
   * `OutcomeUnknown` with all that is needed to find out later. A `Deadline` in reach bounds the look-ups too.
   */
  interface Service {
    /** The exchange that answers. */
    readonly exchange: string
    /**
     * Places an order after holding it against its type, the rules of its market and the guards that are set:
     * `InvalidRequest` and `OrderDenied` are said before anything is sent.
     */
    readonly place: (request: Request) => Effect.Effect<Order, TradingError>
    /**
     * Places several orders of one market in as few requests as the exchange allows: what became of each, in their order.
     * `Unsupported` where the exchange has no such request.
     */
    readonly placeBatch: (
      requests: ReadonlyArray<Request>
    ) => Effect.Effect<ReadonlyArray<Either.Either<Order, TradingError>>, TradingError>
    /**
     * Cancels an order and says how it ended, once the exchange shows that: filled meanwhile, perhaps. One that has ended
     * already is not an error; one that still stands three seconds after the exchange acknowledged is `OutcomeUnknown`.
     */
    readonly cancel: (reference: Reference) => Effect.Effect<Order, TradingError>
    /** Cancels every order of a market: the ids of those the exchange canceled. */
    readonly cancelAll: (symbol: string) => Effect.Effect<ReadonlyArray<string>, TradingError>
    /**
     * Changes an order that stands, and gives it back once the exchange shows the change; `OutcomeUnknown` if it does not
     * within three seconds. `Unsupported` where the exchange cannot.
     */
    readonly amend: (reference: Reference, amendment: Amendment) => Effect.Effect<Order, TradingError>
    /**
     * Finds out what became of the orders of this account that the journal holds without an outcome, and writes it down.
     * Run it when a program starts: it takes as long as one proof of absence, however many orders there are. Orders still
     * under way in this Layer are left alone, and so are those of other accounts; one of which the journal does not say
     * whose it is is `Unknown`. `OrderDenied` when the journal cannot be read.
     */
    readonly reconcile: Effect.Effect<ReadonlyArray<Reconciled>, OrderDenied>
  }
}

/**
 * What became of an order whose outcome was open: `Unknown` is one that could not be found out now either; it stays open.
 *
 * @since 0.1.0
 * @category models
 */
export type Reconciled =
  | { readonly _tag: "Placed"; readonly intent: Intent; readonly order: Order }
  | { readonly _tag: "NotPlaced"; readonly intent: Intent }
  | { readonly _tag: "Unknown"; readonly intent: Intent; readonly error: TradingError }
