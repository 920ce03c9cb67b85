/**
 * The declaration of an exchange: the questions it answers, the names of the fields in its rows, and the meaning of its
 * words. Core does everything else, the same way for every exchange.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as BigDecimal from "effect/BigDecimal"
import type * as Duration from "effect/Duration"
import type { Capability } from "../engine/Endpoint.js"
import type { ErrorBody, Protocol } from "../engine/Protocol.js"
import type { Balance } from "../model/Balance.js"
import type { Interval } from "../model/Candle.js"
import type * as ClientOrderId from "../model/ClientOrderId.js"
import type { ExchangeStatus } from "../model/ExchangeStatus.js"
import type { KeyPermissions } from "../model/KeyPermissions.js"
import type { Listing, Rows } from "../model/Listing.js"
import type { Kind, Market } from "../model/Market.js"
import type { Order, TimeInForce } from "../model/Order.js"
import type * as Adapter from "../ports/Adapter.js"
import type { Feeds } from "./Feeds.js"
import type { Question } from "./Question.js"
import type * as Row from "./Row.js"

/**
 * The features that an exchange may lack. A declaration that omits one must list it in `lacks`.
 *
 * @since 0.1.0
 * @category models
 */
export type Optional = "positions" | "amend" | "placeBatch"

/**
 * The declaration of an exchange with public data.
 *
 * @since 0.1.0
 * @category models
 */
export interface PublicFacts<Name extends string, Region extends string = string> {
  /** In the exchange's own spelling. */
  readonly name: Name
  readonly protocol: Protocol<Region>
  readonly kinds: ReadonlyArray<Kind>
  /**
   * The amount that one unit of size on the wire stands for, where the two differ (contracts). The exchange's sizes in
   * order books, trades, orders, fills and positions are counted in this unit.
   *
   * Returns `undefined` where the unit cannot be determined. Such a market is listed and has a ticker. Orders in it,
   * and reads of its amounts, fail with `Unsupported`; lists over all markets leave its rows out.
   */
  readonly unit?: ((market: Market) => BigDecimal.BigDecimal | undefined) | undefined
  /** The volumes that are counted in that unit as well. Defaults to none: volumes are amounts. */
  readonly volumes?: ReadonlyArray<"tickers" | "candles"> | undefined
  /** The names that the exchange's rows use for a market. Defaults to its id. */
  readonly marketNames?: ((market: Market) => ReadonlyArray<string>) | undefined
  readonly marketData: MarketData
  /** The feeds that the exchange streams. Defaults to none. */
  readonly feeds?: Feeds | undefined
}

/**
 * The declaration of an exchange with accounts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<Name extends string, Lacks extends Optional, Region extends string = string>
  extends PublicFacts<Name, Region>
{
  /** The optional features that the exchange lacks. Defaults to none: all of them are declared. */
  readonly lacks?: ReadonlyArray<Lacks> | undefined
  readonly account: Account & Given<OptionalAccount, Lacks>
  readonly trading: Trading & Given<OptionalTrading, Lacks>
}

/**
 * The members of `A`. Those in `Lacks` must be absent; the others are required.
 *
 * @since 0.1.0
 * @category models
 */
export type Given<A, Lacks> =
  & { readonly [K in keyof A]?: A[K] | undefined }
  & { readonly [K in Exclude<keyof A, Lacks>]: A[K] }
  & { readonly [K in Extract<keyof A, Lacks>]?: undefined }

/**
 * The questions about public data.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketData {
  /**
   * Together they list all markets. A listing that fails does not affect the others. A row read as `undefined` is left
   * out.
   */
  readonly listings: ReadonlyArray<Question<"marketData", [], Rows<Row.Market | undefined>>>
  readonly ticker: Question<"marketData", [Market], Row.Ticker>
  /** Defaults to one `ticker` question per market. */
  readonly tickers?: Question<"marketData", [ReadonlyArray<Market>], Rows<Row.TickerOf>> | undefined
  readonly book: {
    /** The depths that the exchange accepts, or the largest depth if it accepts any up to that. */
    readonly depths: ReadonlyArray<number> | number
    readonly read: Question<"marketData", [Market, number], Book>
  }
  readonly trades: {
    readonly most: number | ((market: Market) => number)
    readonly order: "newest first" | "oldest first"
    readonly read: Question<"marketData", [Market, number], Rows<Row.Trade>>
  }
  readonly candles: {
    /** The exchange's word for each interval that it has. */
    readonly words: { readonly [I in Interval]?: string }
    /** The number of candles that one request returns. */
    readonly page: number
    /** The number of finished candles that the exchange keeps of each interval. Defaults to all. */
    readonly kept?: number | undefined
    readonly read: Question<"marketData", [Market, string, Adapter.Window, Interval], ReadonlyArray<Row.Bar>>
    /**
     * How the first candle is found. A question asks the exchange; the first row of its answer counts. Otherwise the
     * library searches candles of the intervals in `by`, the longest first, from the instant when the exchange opened
     * (`opened`, epoch milliseconds). Defaults to reading window after window.
     */
    readonly first?:
      | {
        readonly opened: number
        readonly by: ReadonlyArray<Interval>
      }
      | Question<"marketData", [Market, string, number, Interval], ReadonlyArray<Pick<Row.Bar, "openTime">>>
      | undefined
  }
  readonly status: Question<"marketData", [], Status>
}

/**
 * An order book. Where the exchange sends no `at`, the time the response was received is used.
 *
 * @since 0.1.0
 * @category models
 */
export interface Book {
  readonly bids: ReadonlyArray<Row.Level>
  readonly asks: ReadonlyArray<Row.Level>
  readonly at?: number | undefined
  readonly sequence?: string | undefined
}

/**
 * The status of the exchange. Its `detail` is cut to 200 characters.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = Omit<ExchangeStatus, "exchange" | "at"> & { readonly at?: number | undefined }

type Reading = Exclude<Capability, "trading">

/**
 * An order by the exchange's id.
 *
 * @since 0.1.0
 * @category models
 */
export interface ById {
  readonly market: Market
  readonly id: string
}

/**
 * An order by its client order id. `since` is the earliest instant at which it can have been placed (epoch
 * milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface ByClientOrderId {
  readonly market: Market
  readonly clientOrderId: string
  readonly since: number | undefined
}

/**
 * The bounds of a history to read. `isWanted` selects the rows of the market where the exchange also returns those of
 * other markets. For the history of all markets, it selects every row.
 *
 * @since 0.1.0
 * @category models
 */
export interface History extends Adapter.History {
  readonly isWanted: (row: { readonly market: string }) => boolean
}

/**
 * A question about the history of a market.
 *
 * @since 0.1.0
 * @category models
 */
export type Past<Row> = Question<"account", [Market, History], Listing<Row>>

/**
 * The questions about an account.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account {
  /**
   * Rows of the same asset are summed. A negative free balance is reported as zero, and an asset with a total of zero
   * is left out.
   */
  readonly balances: Question<Reading, [], ReadonlyArray<Balance>>
  readonly keyPermissions: Question<Reading, [], KeyPermissions>
  /** Defaults to the rows of `openOfAll` that belong to the market. */
  readonly open?: Question<Reading, [Market], Rows<Row.Order>> | undefined
  readonly openOfAll: Question<Reading, [ReadonlyArray<Market>], Rows<Row.Order>>
  /** Several questions are asked one after the other, until one returns the order. */
  readonly byId: OrderById | ReadonlyArray<OrderById>
  /**
   * Questions that are asked one after the other, until one returns the order. Put those about open orders first, so
   * that an order that ends between two questions is still found. If several orders have the client order id, the
   * latest counts. An answer with only other client order ids fails with `MalformedResponse`, unless `searches` is set.
   */
  readonly byName: ReadonlyArray<Question<Reading, [ByClientOrderId], Rows<Row.Order> | Row.Order>>
  /** Whether `byName` lists orders with any client order id, to be searched. Defaults to `false`. */
  readonly searches?: boolean | undefined
  /**
   * How long the exchange keeps showing an order that was never filled. After that, its absence proves nothing, and a
   * look-up fails with `Unsupported`. The time counts from an hour before the order was requested, because
   * clocks differ. So on an exchange that forgets within an hour absence never proves anything: add a question to
   * `byName` that searches its history instead.
   */
  readonly forgetsAfter?: Duration.DurationInput | undefined
  readonly ended: {
    readonly order: "newest first" | "oldest first"
    /** Whether the answer includes open orders. Defaults to `false`. */
    readonly withOpen?: boolean | undefined
    readonly read: Question<Reading, [Market, History], Rows<Row.Order>>
    /**
     * The ended orders of all markets, where one question has them. A stream then misses none after a lost connection,
     * not even in a market of which it has seen nothing yet.
     */
    readonly ofAll?: Question<Reading, [History], Rows<Row.Order>> | undefined
  }
  readonly fills: {
    readonly order: "newest first" | "oldest first"
    /** The currency of a fee whose row names no asset. Without it, the asset of such a fee is unknown. */
    readonly feeIn?: "quote" | "settle" | undefined
    readonly read: Question<Reading, [Market, History], Rows<Row.Fill | Row.Entry>>
    /** The fills of all markets, as for ended orders. */
    readonly ofAll?: Question<Reading, [History], Rows<Row.Fill | Row.Entry>> | undefined
  }
}

type OrderById = Question<Reading, [ById], Rows<Row.Order> | Row.Order>

/**
 * The questions about an account that an exchange may lack.
 *
 * @since 0.1.0
 * @category models
 */
export interface OptionalAccount {
  readonly positions: Question<Reading, [ReadonlyArray<Market>], Rows<Row.Position>>
}

/**
 * An order to place. `size` is its amount in the exchange's unit. `until` is the instant after which the exchange must
 * no longer accept it, by the exchange's clock (epoch milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface NewOrder extends Adapter.NewOrder {
  readonly size: BigDecimal.BigDecimal
  readonly until: number
}

/**
 * The change of an order, with `size` and `until` as in {@link NewOrder}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  readonly reference: Adapter.Reference
  readonly current: Order
  readonly price: BigDecimal.BigDecimal | undefined
  readonly size: BigDecimal.BigDecimal | undefined
  readonly until: number
}

/**
 * The order, or the id under which it was accepted, where the exchange only acknowledges. `accepted` is `undefined`
 * where the exchange sends no id; the order is then looked up by its client order id.
 *
 * @since 0.1.0
 * @category models
 */
export type Placed = Row.Order | { readonly accepted: string | undefined }

/**
 * The outcome of one order of a batch: placed, refused in the exchange's words, or `undefined` if the answer does not
 * mention it.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = Placed | { readonly refused: ErrorBody } | undefined

/**
 * The questions that change something.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trading {
  readonly names: ClientOrderId.Alphabet
  readonly timeInForce: ReadonlyArray<TimeInForce>
  readonly reduceOnly: boolean
  readonly deduplicates: Adapter.Features["deduplicates"]
  /**
   * How long after an order was sent the exchange may still accept it (`takenWithin`), and how long an order that was
   * accepted then may stay invisible (`seenWithin`).
   */
  readonly takenWithin: Duration.DurationInput
  readonly seenWithin: Duration.DurationInput
  readonly place: Question<Capability, [NewOrder], Placed>
  readonly cancel: Cancel
  /** Defaults to canceling each open order separately. */
  readonly cancelAll?: CancelAll | undefined
}

/**
 * How an order is canceled: by the exchange's id only, or by either id. The answer is the order as it ended, or
 * `undefined` where the exchange only acknowledges. An exchange that cancels several orders at once may answer with the
 * outcome of the one.
 *
 * @since 0.1.0
 * @category models
 */
export type Cancel =
  | { readonly by: "id"; readonly ask: Question<Capability, [ById], Row.Order | Canceled | undefined> }
  | { readonly by: "either"; readonly ask: Question<Capability, [Adapter.Reference], Row.Order | undefined> }

/**
 * How all orders of a market are canceled.
 *
 * - `ids`: one request cancels all orders, or up to `most` of them. The answer always lists the ids of the canceled
 *   orders.
 * - `all`: one request cancels all orders. The answer lists their ids, or is `undefined` where the exchange does not
 *   list them. Open orders are therefore listed beforehand and looked up one by one, because a mere count may include
 *   other orders. If that fails, the orders are canceled nevertheless, and the result leaves out those that could not be
 *   read.
 * - `several`: one request cancels up to `most` orders by their ids. The answer has the outcome of each.
 *
 * @since 0.1.0
 * @category models
 */
export type CancelAll =
  | { readonly ids: Question<Capability, [Market], ReadonlyArray<string>>; readonly most?: number | undefined }
  | { readonly all: Question<Capability, [Market], ReadonlyArray<string> | undefined> }
  | {
    readonly most: number
    readonly several: Question<Capability, [Market, ReadonlyArray<string>], ReadonlyArray<Canceled>>
  }

/**
 * The outcome of canceling one order. `ended` means that it had already ended; `refused` has the exchange's words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Canceled {
  readonly id: string
  readonly outcome: "canceled" | "ended" | { readonly refused: ErrorBody }
}

/**
 * The trading questions that an exchange may lack.
 *
 * @since 0.1.0
 * @category models
 */
export interface OptionalTrading {
  /** Returns the order as changed, or `undefined` where the exchange only acknowledges. */
  readonly amend: Question<Capability, [Change], Row.Order | undefined>
  readonly placeBatch: {
    readonly most: number
    /** Returns the outcomes in the order of the request. All orders are of one market. */
    readonly ask: Question<Capability, [NonEmptyReadonlyArray<NewOrder>], ReadonlyArray<Outcome>>
  }
}
