/**
 * The interfaces between an exchange and the services: an exchange's responses in the terms of the model, and what the
 * exchange supports. Adapters are built from the declaration of an exchange, and the services are built from adapters,
 * in the same way for every exchange.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Option from "effect/Option"
import type { Balance } from "../model/Balance.js"
import type * as Candle from "../model/Candle.js"
import type * as ClientOrderId from "../model/ClientOrderId.js"
import type { AccountError, MarketDataError, TradingError } from "../model/ExchangeError.js"
import type { ExchangeStatus } from "../model/ExchangeStatus.js"
import type { Fill } from "../model/Fill.js"
import type { KeyPermissions } from "../model/KeyPermissions.js"
import type { Rows } from "../model/Listing.js"
import type { Kind, Market } from "../model/Market.js"
import type { Checked, Order, TimeInForce } from "../model/Order.js"
import type { OrderBook } from "../model/OrderBook.js"
import type { Position } from "../model/Position.js"
import type { Ticker } from "../model/Ticker.js"
import type { Trade } from "../model/Trade.js"

/**
 * The features of an exchange, as data. A request that needs a missing feature is refused before it is sent. The table
 * in the README is generated from this.
 *
 * @since 0.1.0
 * @category models
 */
export interface Features {
  /** The exchange's name in its own spelling. */
  readonly name: string
  readonly kinds: ReadonlyArray<Kind>
  readonly testnet: boolean
  /** Whether a key comes with a passphrase in addition to its secret. */
  readonly passphrase: boolean
  readonly candles: ReadonlyArray<Candle.Interval>
  readonly positions: boolean
  readonly timeInForce: ReadonlyArray<TimeInForce>
  readonly reduceOnly: boolean
  readonly amend: boolean
  /** The number of orders that one request can place; 0 if the exchange has no batch request. */
  readonly batch: number
  /** When the exchange rejects a second order with the same client order id, or returns the first order instead. */
  readonly deduplicates: "always" | "while open" | "never"
}

/**
 * The public data of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketData {
  /** The operations that send a single request, whose own deadline then bounds the whole call. */
  readonly inOneRequest?: ReadonlyArray<"ticker" | "orderBook" | "trades"> | undefined
  readonly markets: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
  readonly ticker: (market: Market) => Effect.Effect<Ticker, MarketDataError>
  /** Returns tickers in any order; a market may be missing. Never called with an empty list. */
  readonly tickers: (markets: ReadonlyArray<Market>) => Effect.Effect<Rows<Ticker>, MarketDataError>
  /** Returns at least `depth` levels per side if the exchange has that many; it may return more. */
  readonly orderBook: (market: Market, depth: number) => Effect.Effect<OrderBook, MarketDataError>
  /** Returns the latest trades in any order; it may return more than `limit`. */
  readonly trades: (market: Market, limit: number) => Effect.Effect<Rows<Trade>, MarketDataError>
  readonly candles: {
    /** The number of candles that one request can return. */
    readonly page: number
    /** Returns the candles that open in the window, in any order. The caller drops all others. */
    readonly read: (
      market: Market,
      interval: Candle.Interval,
      window: Window
    ) => Effect.Effect<ReadonlyArray<Bar>, MarketDataError>
    /**
     * Returns the open time (epoch milliseconds) of the first candle at or after an instant, or an instant shortly
     * before that; none if there is no such candle. It is called after an empty window (after two in a row once candles
     * were found), and may take a handful of requests. If it is left out, the windows are read one by one until one has
     * candles.
     */
    readonly firstFrom?:
      | ((
        market: Market,
        interval: Candle.Interval,
        from: number
      ) => Effect.Effect<Option.Option<number>, MarketDataError>)
      | undefined
  }
  readonly status: Effect.Effect<ExchangeStatus, MarketDataError>
}

/**
 * A window of time, from `from` to before `to`. Both are open times of candles, in epoch milliseconds. It is never
 * longer than a page.
 *
 * @since 0.1.0
 * @category models
 */
export interface Window {
  readonly from: number
  readonly to: number
}

/**
 * A candle without the fields that the caller already knows.
 *
 * @since 0.1.0
 * @category models
 */
export type Bar = Pick<Candle.Candle, "openTime" | "open" | "high" | "low" | "close" | "volume">

/**
 * A reference to an order by one of its ids. `since` is an instant (epoch milliseconds, by the exchange's clock) before
 * which the order cannot have been placed, for exchanges that have to search.
 *
 * @since 0.1.0
 * @category models
 */
export type Reference =
  & { readonly market: Market; readonly since?: number | undefined }
  & (
    | { readonly id: string; readonly clientOrderId?: undefined }
    | { readonly clientOrderId: string; readonly id?: undefined }
  )

/**
 * A part of a history: at most `limit` entries, from `since` on (epoch milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface History {
  readonly since: number | undefined
  readonly limit: number
}

/**
 * The read-only private data of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account {
  readonly balances: Effect.Effect<ReadonlyArray<Balance>, AccountError>
  readonly keyPermissions: Effect.Effect<KeyPermissions, AccountError>
  /** Returns open orders in any order. */
  readonly openOrders: (market: Market | undefined) => Effect.Effect<Rows<Order>, AccountError>
  /** Fails with `OrderNotFound` if the exchange does not know the order. */
  readonly order: (reference: Reference) => Effect.Effect<Order, AccountError>
  /** Returns the latest orders in any order; it may return more than `limit`, and orders older than `since`. */
  readonly orderHistory: (market: Market, query: History) => Effect.Effect<Rows<Order>, AccountError>
  /** Like `orderHistory`, but of all markets. Left out if the exchange has only the history of one market at a time. */
  readonly orderHistoryOfAll?: ((query: History) => Effect.Effect<Rows<Order>, AccountError>) | undefined
  /** Returns the latest fills in any order; it may return more than `limit`, and fills older than `since`. */
  readonly fills: (market: Market, query: History) => Effect.Effect<Rows<Fill>, AccountError>
  /** Like `fills`, but of all markets. Left out as above. */
  readonly fillsOfAll?: ((query: History) => Effect.Effect<Rows<Fill>, AccountError>) | undefined
  /** Left out if the exchange has no contracts. */
  readonly positions?: Effect.Effect<Rows<Position>, AccountError> | undefined
}

/**
 * An order that satisfies the rules of its market, with its client order id.
 *
 * @since 0.1.0
 * @category models
 */
export interface NewOrder extends Checked {
  readonly clientOrderId: string
}

/**
 * The response of an exchange to a write: the order, or only the id under which the order was accepted. An order that
 * was accepted without an id is looked up by its client order id.
 *
 * @since 0.1.0
 * @category models
 */
export type Placed =
  | { readonly _tag: "Order"; readonly order: Order }
  | { readonly _tag: "Accepted"; readonly id: string | undefined }

/**
 * The writes of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trading {
  readonly clientOrderId: ClientOrderId.Alphabet
  /**
   * How long after the request was abandoned an order that cannot be found is proven not to have been accepted. It must
   * exceed the time that a request can be in transit, wait in the exchange's queue, and remain invisible after it was
   * carried out.
   */
  readonly absentAfter: Duration.DurationInput
  readonly place: (order: NewOrder) => Effect.Effect<Placed, TradingError>
  /**
   * Places several orders and returns their outcomes in the same order. Never called with more than `Features.batch`
   * orders; all are of one market.
   */
  readonly placeBatch?:
    | ((
      orders: ReadonlyArray<NewOrder>
    ) => Effect.Effect<ReadonlyArray<Either.Either<Placed, TradingError>>, TradingError>)
    | undefined
  /** Returns the order in its final state; none if the exchange only acknowledges the request. */
  readonly cancel: (reference: Reference) => Effect.Effect<Option.Option<Order>, TradingError>
  /** Returns the ids of the canceled orders. */
  readonly cancelAll: (market: Market) => Effect.Effect<ReadonlyArray<string>, TradingError>
  /**
   * Returns the changed order; none if the exchange only acknowledges the request. `current` is the order before the
   * change.
   */
  readonly amend?:
    | ((
      reference: Reference,
      change: Change,
      current: Order
    ) => Effect.Effect<Option.Option<Order>, TradingError>)
    | undefined
}

/**
 * The new price and amount of an order; `undefined` keeps the current value.
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  readonly price: BigDecimal.BigDecimal | undefined
  readonly amount: BigDecimal.BigDecimal | undefined
}
