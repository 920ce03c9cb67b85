/**
 * Private state of an account: read, never changed.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type { Balance } from "../model/Balance.js"
import type { AccountError, KeyRefused } from "../model/ExchangeError.js"
import type { Buffer, FeedItem, SlowConsumer } from "../model/FeedItem.js"
import type { Fill } from "../model/Fill.js"
import type { KeyPermissions } from "../model/KeyPermissions.js"
import type { Order, Reference } from "../model/Order.js"
import type { Position } from "../model/Position.js"

/**
 * The capability to read an account. A program whose requirements name only this one cannot place an order.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/core/ports/Account")<Account, Account.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Account {
  /**
   * Symbols are taken as text and validated: `InvalidRequest` when malformed, `SymbolNotFound` when the exchange lists no
   * such market. What the exchange cannot tell is `Unsupported`, which names the alternative.
   */
  interface Service {
    /** The exchange that answers. */
    readonly exchange: string
    /** What the account holds, without assets of which it holds nothing. */
    readonly balances: Effect.Effect<ReadonlyArray<Balance>, AccountError>
    /** The orders that stand, oldest first: of one market, or of all. */
    readonly openOrders: (symbol?: string) => Effect.Effect<ReadonlyArray<Order>, AccountError>
    /** One order, by either of its ids; `OrderNotFound` when the exchange knows none, or none any more. */
    readonly order: (reference: Reference) => Effect.Effect<Order, AccountError>
    /** The orders of a market that ended, and those that stand, oldest first, as far back as the exchange keeps them. */
    readonly orderHistory: (symbol: string, query?: HistoryQuery) => Effect.Effect<ReadonlyArray<Order>, AccountError>
    /** The fills of a market, oldest first, as far back as the exchange keeps them. */
    readonly fills: (symbol: string, query?: HistoryQuery) => Effect.Effect<ReadonlyArray<Fill>, AccountError>
    /** The positions that are open; `Unsupported` on exchanges that have only spot markets. */
    readonly positions: Effect.Effect<ReadonlyArray<Position>, AccountError>
    /**
     * Orders, of one market or of all: first those that stand, then each order as it is whenever it changes. After a lost
     * connection those that changed meanwhile are looked up, and said after `Resynced`, oldest first. By default the stream
     * of a consumer that is 10,000 orders behind fails.
     */
    readonly streamOrders: (symbol?: string, options?: StreamOptions) => Live<Order>
    /**
     * Fills from now on, of one market or of all, each once. After a lost connection those missed are read of the history,
     * and said after `Resynced`, oldest first. By default the stream of a consumer that is 10,000 fills behind fails.
     *
     * **Gotchas**
     *
     * Histories are of one market each. What is missed is looked for in the markets in which this Layer has seen or placed
     * an order, or in which one stands: an order that another program placed in any other market, and that ended before the
     * connection was made again, is not told of. The same goes for `streamOrders`.
     */
    readonly streamFills: (symbol?: string, options?: StreamOptions) => Live<Fill>
    /** What the account holds, whole, now and whenever it changes. By default a slow consumer gets the latest. */
    readonly streamBalances: (options?: StreamOptions) => Live<ReadonlyArray<Balance>>
    /** What the key in use may do. */
    readonly keyPermissions: Effect.Effect<KeyPermissions, AccountError>
    /**
     * Refuses a key that may do more than the program needs: withdraw, or trade where the Layer only reads. Warns in the
     * log when the key is bound to no address, or expires soon.
     */
    readonly verifyKey: (options?: VerifyOptions) => Effect.Effect<KeyPermissions, AccountError | KeyRefused>
  }

  /**
   * Which part of a history: from `since` on (epoch milliseconds; by default as the exchange answers without one), at most
   * `limit` of the latest (100 unless given).
   */
  interface HistoryQuery {
    readonly since?: number | undefined
    readonly limit?: number | undefined
  }

  /**
   * A live stream: data, and between it what has become of the feed (see `FeedItem`). It goes on through lost connections,
   * and ends only when it is left or fails: when the exchange refuses the key or the subscription, or with `SlowConsumer`.
   */
  type Live<A> = Stream.Stream<FeedItem<A>, AccountError | SlowConsumer>

  interface StreamOptions {
    /** What to do when the consumer is too slow. */
    readonly buffer?: Buffer | undefined
  }

  interface VerifyOptions {
    /** Accept a key that can withdraw. Defaults to `false`. */
    readonly allowWithdraw?: boolean | undefined
    /** Accept a key that can trade. Defaults to whether the Layer provides `Trading`. */
    readonly allowTrade?: boolean | undefined
    /** Warn of a key that expires sooner. Defaults to 14 days. */
    readonly expiresWithin?: Duration.DurationInput | undefined
  }
}

/**
 * The Layer, which is built only with a key that {@link Account.Service.verifyKey} accepts: one request when the program
 * starts.
 *
 * @example
 * import { Account } from "@effect-exchange/core"
 * import { Mock } from "@effect-exchange/testing"
 * import { Effect } from "effect"
 *
 * const account = Mock.layerAccount({ balances: { BTC: { free: "0.5" } } }).pipe(Account.verified())
 *
 * const program = Effect.gen(function*() {
 *   const { balances } = yield* Account.Account
 *   console.log(yield* balances)
 * }).pipe(Effect.provide(account))
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category layers
 */
export const verified = (options?: Account.VerifyOptions) =>
<R, E, RIn>(
  self: Layer.Layer<R | Account, E, RIn>
): Layer.Layer<R | Account, E | AccountError | KeyRefused, RIn> =>
  Layer.tap(self, (context: Context.Context<R | Account>) => Context.get(context, Account).verifyKey(options))
