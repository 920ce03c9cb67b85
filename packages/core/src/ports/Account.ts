/**
 * Read-only access to the private state of an account.
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
 * The capability to read an account. A program that requires only this capability cannot place an order.
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
   * Symbols are passed as text and validated. Methods fail with `InvalidRequest` if a symbol is malformed, and with
   * `SymbolNotFound` if the exchange lists no such market. They fail with `Unsupported`, which names an alternative, if
   * the exchange does not offer the data.
   */
  interface Service {
    /** The name of the exchange. */
    readonly exchange: string
    /** The account's balances, without assets of which the account holds nothing. */
    readonly balances: Effect.Effect<ReadonlyArray<Balance>, AccountError>
    /** Returns the open orders of one market, or of all markets, oldest first. */
    readonly openOrders: (symbol?: string) => Effect.Effect<ReadonlyArray<Order>, AccountError>
    /**
     * Returns an order by either of its ids. Fails with `OrderNotFound` if the exchange does not know the order, or no
     * longer does.
     */
    readonly order: (reference: Reference) => Effect.Effect<Order, AccountError>
    /** Returns the closed and the open orders of a market, oldest first, as far back as the exchange keeps them. */
    readonly orderHistory: (symbol: string, query?: HistoryQuery) => Effect.Effect<ReadonlyArray<Order>, AccountError>
    /** Returns the fills of a market, oldest first, as far back as the exchange keeps them. */
    readonly fills: (symbol: string, query?: HistoryQuery) => Effect.Effect<ReadonlyArray<Fill>, AccountError>
    /** The open positions. Fails with `Unsupported` on exchanges that have only spot markets. */
    readonly positions: Effect.Effect<ReadonlyArray<Position>, AccountError>
    /**
     * Streams the orders of one market, or of all markets: first the open orders, then each order whenever it changes.
     * After a lost connection, orders that changed in the meantime are looked up and emitted after `Resynced`, oldest
     * first. By default, the stream of a consumer that is more than 10,000 orders behind fails.
     */
    readonly streamOrders: (symbol?: string, options?: StreamOptions) => Live<Order>
    /**
     * Streams new fills of one market, or of all markets, each fill once. After a lost connection, missed fills are
     * read from the history and emitted after `Resynced`, oldest first. By default, the stream of a consumer that is
     * more than 10,000 fills behind fails.
     *
     * **Gotchas**
     *
     * The histories of Binance and Deribit cover one market each. There, missed fills are looked up only in markets in
     * which this Layer has seen or placed an order, or in which an order is open. If another program placed an order in
     * any other market and that order closed before the reconnect, it is not reported. The same applies to
     * `streamOrders`.
     */
    readonly streamFills: (symbol?: string, options?: StreamOptions) => Live<Fill>
    /** Streams all balances, now and whenever one changes. By default, a slow consumer gets the latest. */
    readonly streamBalances: (options?: StreamOptions) => Live<ReadonlyArray<Balance>>
    /** The permissions of the key in use. */
    readonly keyPermissions: Effect.Effect<KeyPermissions, AccountError>
    /**
     * Fails with `KeyRefused` if the key has more permissions than the program needs: to withdraw, or to trade where
     * the Layer only reads. Logs a warning if the key is not restricted to IP addresses, or expires soon. A permission
     * that the exchange does not report (`"unknown"`) is accepted.
     */
    readonly verifyKey: (options?: VerifyOptions) => Effect.Effect<KeyPermissions, AccountError | KeyRefused>
  }

  /**
   * A part of a history: at most `limit` of the latest entries (default 100), from `since` on (epoch milliseconds).
   * Without `since`, the range is the default of the exchange.
   */
  interface HistoryQuery {
    readonly since?: number | undefined
    readonly limit?: number | undefined
  }

  /**
   * A live stream of data and changes in the status of its feed (see `FeedItem`). It continues through lost
   * connections. It ends only when the consumer leaves or the stream fails: because the exchange refuses the key or the
   * subscription, or with `SlowConsumer`.
   */
  type Live<A> = Stream.Stream<FeedItem<A>, AccountError | SlowConsumer>

  interface StreamOptions {
    /** The policy for a consumer that is too slow. */
    readonly buffer?: Buffer | undefined
  }

  interface VerifyOptions {
    /** Whether to accept a key that can withdraw. Defaults to `false`. */
    readonly allowWithdraw?: boolean | undefined
    /** Whether to accept a key that can trade. Defaults to whether the Layer provides `Trading`. */
    readonly allowTrade?: boolean | undefined
    /** Logs a warning if the key expires within this time. Defaults to 14 days. */
    readonly expiresWithin?: Duration.DurationInput | undefined
  }
}

/**
 * Wraps a Layer so that it is built only with a key that {@link Account.Service.verifyKey} accepts. This takes one
 * request when the program starts.
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
