/**
 * What an exchange adds to its protocol: its answers in our words, and what it can and cannot do. It is made of what the
 * exchange declares, and the services are made of it, the same way for every exchange.
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
 * What an exchange can do, as data: requests outside of it are refused before they are sent, and the table in the README
 * is made of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Features {
  /** The exchange's name as it writes it. */
  readonly name: string
  readonly kinds: ReadonlyArray<Kind>
  readonly testnet: boolean
  /** Whether a key comes with a passphrase beside its secret. */
  readonly passphrase: boolean
  readonly candles: ReadonlyArray<Candle.Interval>
  readonly positions: boolean
  readonly timeInForce: ReadonlyArray<TimeInForce>
  readonly reduceOnly: boolean
  readonly amend: boolean
  /** How many orders one request can place; 0 where none can place several. */
  readonly batch: number
  /** Whether a second order under the client order id of a first is refused or answered with the first. */
  readonly deduplicates: "always" | "while open" | "never"
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MarketData {
  /** Which of these make one request, which has the deadline of the whole call by itself. */
  readonly inOneRequest?: ReadonlyArray<"ticker" | "orderBook" | "trades"> | undefined
  readonly markets: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
  readonly ticker: (market: Market) => Effect.Effect<Ticker, MarketDataError>
  /** In any order; a market may be missing. Never called with none. */
  readonly tickers: (markets: ReadonlyArray<Market>) => Effect.Effect<Rows<Ticker>, MarketDataError>
  /** At least `depth` levels where the exchange has as many; it may be more. */
  readonly orderBook: (market: Market, depth: number) => Effect.Effect<OrderBook, MarketDataError>
  /** The latest, in any order; it may be more than `limit`. */
  readonly trades: (market: Market, limit: number) => Effect.Effect<Rows<Trade>, MarketDataError>
  readonly candles: {
    /** How many candles one request can give. */
    readonly page: number
    /** Those that open in the window, in any order; others are left out by the caller. */
    readonly read: (
      market: Market,
      interval: Candle.Interval,
      window: Window
    ) => Effect.Effect<ReadonlyArray<Bar>, MarketDataError>
    /**
     * When the first candle opens that there is from an instant on, or a moment before it (epoch milliseconds); none if
     * there is none. It is asked after a window without candles, and may take a handful of requests. Where it is left
     * out, window after window is read until there is one.
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
 * From `from` to before `to`, both in epoch milliseconds and where a candle opens; never more than a page.
 *
 * @since 0.1.0
 * @category models
 */
export interface Window {
  readonly from: number
  readonly to: number
}

/**
 * A candle without what the caller knows already.
 *
 * @since 0.1.0
 * @category models
 */
export type Bar = Pick<Candle.Candle, "openTime" | "open" | "high" | "low" | "close" | "volume">

/**
 * Which order, by one of its ids. `since` is an instant before which it cannot have been placed (epoch milliseconds), for
 * exchanges that have to search.
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
 * @since 0.1.0
 * @category models
 */
export interface History {
  readonly since: number | undefined
  readonly limit: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Account {
  readonly balances: Effect.Effect<ReadonlyArray<Balance>, AccountError>
  readonly keyPermissions: Effect.Effect<KeyPermissions, AccountError>
  /** In any order. */
  readonly openOrders: (market: Market | undefined) => Effect.Effect<Rows<Order>, AccountError>
  /** `OrderNotFound` when the exchange knows none such. */
  readonly order: (reference: Reference) => Effect.Effect<Order, AccountError>
  /** The latest, in any order; it may be more than `limit`, and older than `since`. */
  readonly orderHistory: (market: Market, query: History) => Effect.Effect<Rows<Order>, AccountError>
  /** The latest, in any order; it may be more than `limit`, and older than `since`. */
  readonly fills: (market: Market, query: History) => Effect.Effect<Rows<Fill>, AccountError>
  /** Left out where there are no contracts. */
  readonly positions?: Effect.Effect<Rows<Position>, AccountError> | undefined
}

/**
 * An order that its market can take, with its name.
 *
 * @since 0.1.0
 * @category models
 */
export interface NewOrder extends Checked {
  readonly clientOrderId: string
}

/**
 * What the exchange answers to a write: the order, or only the id under which it was taken; an order taken without an id is
 * found by its name.
 *
 * @since 0.1.0
 * @category models
 */
export type Placed =
  | { readonly _tag: "Order"; readonly order: Order }
  | { readonly _tag: "Accepted"; readonly id: string | undefined }

/**
 * @since 0.1.0
 * @category models
 */
export interface Trading {
  readonly clientOrderId: ClientOrderId.Alphabet
  /**
   * How long after its request was given up an order that cannot be found is proven not to have been taken: longer than
   * a request can be under way, wait in the exchange's queue, and stay invisible once carried out.
   */
  readonly absentAfter: Duration.DurationInput
  readonly place: (order: NewOrder) => Effect.Effect<Placed, TradingError>
  /** What became of each, in their order. Never called with more than `Features.batch`, and always of one market. */
  readonly placeBatch?:
    | ((
      orders: ReadonlyArray<NewOrder>
    ) => Effect.Effect<ReadonlyArray<Either.Either<Placed, TradingError>>, TradingError>)
    | undefined
  /** The order as it ended; none where the exchange only acknowledges. */
  readonly cancel: (reference: Reference) => Effect.Effect<Option.Option<Order>, TradingError>
  /** The ids of those canceled. */
  readonly cancelAll: (market: Market) => Effect.Effect<ReadonlyArray<string>, TradingError>
  /** The order as changed; none where the exchange only acknowledges. `current` is the order as it stands. */
  readonly amend?:
    | ((
      reference: Reference,
      change: Change,
      current: Order
    ) => Effect.Effect<Option.Option<Order>, TradingError>)
    | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Change {
  readonly price: BigDecimal.BigDecimal | undefined
  readonly amount: BigDecimal.BigDecimal | undefined
}
