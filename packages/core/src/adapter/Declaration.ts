/**
 * What an exchange declares: which questions it answers, what its rows are called, and what its words mean. What is done
 * with them is the same for every exchange, and is core's.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import type * as Duration from "effect/Duration"
import type { Capability } from "../engine/Endpoint.js"
import type { Protocol, Said as Refused } from "../engine/Protocol.js"
import type { Balance } from "../model/Balance.js"
import type { Interval } from "../model/Candle.js"
import type * as ClientOrderId from "../model/ClientOrderId.js"
import type { TradingError } from "../model/ExchangeError.js"
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
 * What some exchanges cannot do. What a declaration leaves out it has to say here.
 *
 * @since 0.1.0
 * @category models
 */
export type Optional = "positions" | "amend" | "placeBatch"

/**
 * An exchange of public data.
 *
 * @since 0.1.0
 * @category models
 */
export interface PublicFacts<Name extends string, Region extends string = string> {
  /** As the exchange writes it. */
  readonly name: Name
  readonly protocol: Protocol<Region>
  readonly kinds: ReadonlyArray<Kind>
  /**
   * What one unit of size on the wire is in our amounts, where the two differ (contracts): amounts of books, trades, orders,
   * fills and positions are counted in it. `undefined` where that cannot be told: such markets are listed, and nothing of
   * them is read or ordered.
   */
  readonly unit?: ((market: Market) => BigDecimal.BigDecimal | undefined) | undefined
  /** Whose volumes are counted in that unit as well. Defaults to none: they are amounts. */
  readonly volumes?: ReadonlyArray<"tickers" | "candles"> | undefined
  /** What its rows call a market. Defaults to its id. */
  readonly marketNames?: ((market: Market) => ReadonlyArray<string>) | undefined
  readonly marketData: MarketData
  /** What it streams. Defaults to nothing. */
  readonly feeds?: Feeds | undefined
}

/**
 * An exchange with accounts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<Name extends string, Lacks extends Optional, Region extends string = never>
  extends PublicFacts<Name, Region>
{
  /** Defaults to nothing: all that is optional is declared. */
  readonly lacks?: ReadonlyArray<Lacks> | undefined
  readonly account: Account & Given<OptionalAccount, Lacks>
  readonly trading: Trading & Given<OptionalTrading, Lacks>
}

/**
 * What is optional and not said to be lacking.
 *
 * @since 0.1.0
 * @category models
 */
export type Given<A, Lacks> =
  & { readonly [K in keyof A]?: A[K] | undefined }
  & { readonly [K in Exclude<keyof A, Lacks>]: A[K] }
  & { readonly [K in Extract<keyof A, Lacks>]?: undefined }

/**
 * Questions about public data.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketData {
  /** All markets; one listing that fails does not take the others away. `undefined` leaves a row out. */
  readonly listings: ReadonlyArray<Question<"marketData", [], Rows<Row.Market | undefined>>>
  readonly ticker: Question<"marketData", [Market], Row.Ticker>
  /** Defaults to one question for each market. */
  readonly tickers?: Question<"marketData", [ReadonlyArray<Market>], Rows<Row.TickerOf>> | undefined
  readonly book: {
    /** The depths it takes, or the most it takes. */
    readonly depths: ReadonlyArray<number> | number
    readonly read: Question<"marketData", [Market, number], Book>
  }
  readonly trades: {
    readonly most: number | ((market: Market) => number)
    readonly order: "newest first" | "oldest first"
    readonly read: Question<"marketData", [Market, number], Rows<Row.Trade>>
  }
  readonly candles: {
    /** What it calls each interval. */
    readonly words: { readonly [I in Interval]?: string }
    /** How many one request gives. */
    readonly page: number
    /** How many it keeps of each interval that are finished. Defaults to all there ever were. */
    readonly kept?: number | undefined
    readonly read: Question<"marketData", [Market, string, Adapter.Window, Interval], ReadonlyArray<Row.Bar>>
    /**
     * Where candles begin: asked of the exchange, of whose answer the first one counts, or looked for in candles of these intervals, the longest first, from when the
     * exchange opened (epoch milliseconds). Defaults to reading window after window.
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
 * A book; without an instant, it is of when the answer came.
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
 * How the exchange is. What it says of it is cut to 200 characters.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = Omit<ExchangeStatus, "exchange" | "at"> & { readonly at?: number | undefined }

type Reading = Exclude<Capability, "trading">

/**
 * An order under the exchange's id.
 *
 * @since 0.1.0
 * @category models
 */
export interface ById {
  readonly market: Market
  readonly id: string
}

/**
 * An order under its client order id, and an instant before which it was not placed (epoch milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface Named {
  readonly market: Market
  readonly clientOrderId: string
  readonly since: number | undefined
}

/**
 * How far a history is read. `isWanted` is for those that come with the orders of other markets.
 *
 * @since 0.1.0
 * @category models
 */
export interface History extends Adapter.History {
  readonly isWanted: (row: { readonly market: string }) => boolean
}

/**
 * A question about what was in a market.
 *
 * @since 0.1.0
 * @category models
 */
export type Past<Row> = Question<"account", [Market, History], Listing<Row>>

/**
 * Questions about an account.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account {
  /**
   * Rows of one asset are summed; what is free is at least zero, and what there is nothing of is left out.
   */
  readonly balances: Question<Reading, [], ReadonlyArray<Balance>>
  readonly keyPermissions: Question<Reading, [], KeyPermissions>
  /** Defaults to those of `openOfAll` that are of the market. */
  readonly open?: Question<Reading, [Market], Rows<Row.Order>> | undefined
  readonly openOfAll: Question<Reading, [ReadonlyArray<Market>], Rows<Row.Order>>
  /** Several are asked one after the other until one knows of it. */
  readonly byId: OrderById | ReadonlyArray<OrderById>
  /**
   * Asked one after the other until one has the order, so that one which ends meanwhile is found: those that stand first.
   * The latest under the name counts. Rows of other names are no answer.
   */
  readonly byName: ReadonlyArray<Question<Reading, [Named], Rows<Row.Order> | Row.Order>>
  /** Whether `byName` lists orders of any name, to be searched. Defaults to `false`. */
  readonly searches?: boolean | undefined
  /**
   * After how long the exchange no longer shows an order that was not filled: its absence then proves nothing. It counts from
   * an hour before the order was asked for, as clocks differ: of an exchange that forgets within an hour nothing is proven,
   * unless another question of `byName` searches its history.
   */
  readonly forgets?: { readonly after: Duration.DurationInput; readonly detail: string } | undefined
  readonly ended: {
    readonly order: "newest first" | "oldest first"
    /** Whether those that stand are among them. Defaults to `false`. */
    readonly withOpen?: boolean | undefined
    readonly read: Question<Reading, [Market, History], Rows<Row.Order>>
  }
  readonly fills: {
    readonly order: "newest first" | "oldest first"
    /** What a fee without an asset is in: nobody knows unless it is said. */
    readonly feeIn?: "quote" | "settle" | undefined
    readonly read: Question<Reading, [Market, History], Rows<Row.Fill | Row.Entry>>
  }
}

type OrderById = Question<Reading, [ById], Rows<Row.Order> | Row.Order>

/**
 * @since 0.1.0
 * @category models
 */
export interface OptionalAccount {
  readonly positions: Question<Reading, [ReadonlyArray<Market>], Rows<Row.Position>>
}

/**
 * An order to be placed: `size` is its amount in what the exchange counts in, and `until` the instant after which the
 * exchange must not take it any more, by its own clock (epoch milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface NewOrder extends Adapter.NewOrder {
  readonly size: BigDecimal.BigDecimal
  readonly until: number
}

/**
 * What an order is changed to, with `size` and `until` as in {@link NewOrder}.
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
 * The order, or the id under which it was taken where the exchange only acknowledges: `undefined` where it gave none, and the
 * order is found by its name.
 *
 * @since 0.1.0
 * @category models
 */
export type Placed = Row.Order | { readonly accepted: string | undefined }

/**
 * What became of one order of several: placed, refused in the exchange's words, or not mentioned.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = Placed | { readonly refused: Refused } | undefined

/**
 * Questions that change something.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trading {
  readonly names: ClientOrderId.Alphabet
  readonly timeInForce: ReadonlyArray<TimeInForce>
  readonly reduceOnly: boolean
  readonly deduplicates: Adapter.Features["deduplicates"]
  /** How long the exchange may take an order after it was sent, and how long one it took then stays unseen. */
  readonly takenWithin: Duration.DurationInput
  readonly seenWithin: Duration.DurationInput
  readonly place: Question<Capability, [NewOrder], Placed>
  readonly cancel: Cancel
  /** Defaults to canceling each that stands. */
  readonly cancelAll?: CancelAll | undefined
}

/**
 * How an order is canceled: by the exchange's id only, or by its name as well. It is answered with the order as it ended, or
 * `undefined` where the exchange only acknowledges.
 *
 * @since 0.1.0
 * @category models
 */
export type Cancel =
  | { readonly by: "id"; readonly ask: Question<Capability, [ById], Row.Order | undefined> }
  | { readonly by: "either"; readonly ask: Question<Capability, [Adapter.Reference], Row.Order | undefined> }

/**
 * How all orders of a market are canceled: all at once, or `most` of them, where the answer always says the ids of those that
 * were (`ids`);
 * all at once, with these ids, or with `undefined` where they are not said (`all`): those that stand are listed beforehand, and
 * looked at one by one, as a mere number may be that of others;
 * or so many by their ids at once, with what became of each.
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
 * What became of one order that was to be canceled. `ended` had ended before; `refused` is in the exchange's words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Canceled {
  readonly id: string
  readonly outcome: "canceled" | "ended" | TradingError | { readonly refused: Refused }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OptionalTrading {
  /** The order as changed; `undefined` where the exchange only acknowledges. */
  readonly amend: Question<Capability, [Change], Row.Order | undefined>
  readonly placeBatch: {
    readonly most: number
    /** In the order of the request. */
    readonly ask: Question<Capability, [ReadonlyArray<NewOrder>], ReadonlyArray<Outcome>>
  }
}
