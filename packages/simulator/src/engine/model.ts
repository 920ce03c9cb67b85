/**
 * What the engine and the exchanges speak of: instruments, orders, fills, balances, positions, books, refusals.
 *
 * Amounts are in the base currency; those of inverse contracts are in contracts, each worth `multiplier` units of the
 * quote currency.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"

/**
 * What is traded, and by which rules.
 *
 * @since 0.1.0
 * @category models
 */
export interface Instrument {
  readonly id: string
  readonly kind: "spot" | "perpetual" | "future"
  readonly base: string
  readonly quote: string
  /** What profits, margins and fees of contracts are paid in; the quote currency for spot. */
  readonly settle: string
  readonly inverse: boolean
  /** What one contract of an inverse instrument is worth in the quote currency; 1 otherwise. */
  readonly multiplier: BigDecimal.BigDecimal
  readonly tickSize: BigDecimal.BigDecimal
  readonly lotSize: BigDecimal.BigDecimal
  readonly minAmount: BigDecimal.BigDecimal
  /** In the quote currency. */
  readonly minNotional: BigDecimal.BigDecimal
  /** Defaults to `cancels`. */
  readonly crossing?: Crossing | undefined
  /** Fees as ratios of the notional; charged in the asset received for spot, in `settle` for contracts. */
  readonly makerFee: BigDecimal.BigDecimal
  readonly takerFee: BigDecimal.BigDecimal
  /** Whether fees of spot are charged in the quote currency on both sides. Defaults to `false`. */
  readonly feesInQuote?: boolean | undefined
  /** The decimals that accounts in an asset are kept in, by the asset's name. Eight where an asset is not named. */
  readonly scales?: Readonly<Record<string, number>> | undefined
}

/**
 * What becomes of a post-only order that would cross: it is taken and canceled, it is refused, or it goes one tick aside
 * of the other side's best price.
 *
 * @since 0.1.0
 * @category models
 */
export type Crossing = "cancels" | "refuses" | "slides"

/**
 * @since 0.1.0
 * @category models
 */
export type Side = "buy" | "sell"

/**
 * @since 0.1.0
 * @category models
 */
export type TimeInForce = "GTC" | "IOC" | "FOK"

/**
 * An order to be placed. A market order has no price; a market buy of spot may name `quoteAmount` instead of `amount`.
 *
 * @since 0.1.0
 * @category models
 */
export interface NewOrder {
  /** Whose order it is. Defaults to the account's. */
  readonly owner?: Owner | undefined
  readonly instrument: string
  readonly side: Side
  readonly type: "limit" | "market"
  readonly price?: BigDecimal.BigDecimal | undefined
  readonly amount?: BigDecimal.BigDecimal | undefined
  readonly quoteAmount?: BigDecimal.BigDecimal | undefined
  readonly timeInForce?: TimeInForce | undefined
  readonly postOnly?: boolean | undefined
  /** What becomes of it when it is post-only and would cross. Defaults to what the instrument says. */
  readonly crossing?: Crossing | undefined
  readonly reduceOnly?: boolean | undefined
  readonly clientOrderId?: string | undefined
}

/**
 * `account` is the one the API keys open, `house` the market maker whose quotes follow the walk.
 *
 * @since 0.1.0
 * @category models
 */
export type Owner = "account" | "house"

/**
 * An order as the engine has it. `id` counts up from 1 over all instruments; `notional` is the sum of price × amount of
 * its fills; `closedBecause` says what ended it unfilled.
 *
 * @since 0.1.0
 * @category models
 */
export interface Order {
  readonly id: number
  readonly owner: Owner
  readonly clientOrderId: string | undefined
  readonly instrument: string
  readonly side: Side
  readonly type: "limit" | "market"
  readonly timeInForce: TimeInForce
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly price: BigDecimal.BigDecimal | undefined
  readonly amount: BigDecimal.BigDecimal
  readonly quoteAmount: BigDecimal.BigDecimal | undefined
  readonly filled: BigDecimal.BigDecimal
  readonly notional: BigDecimal.BigDecimal
  /** Paid so far, in `feeAsset`; negative when it is a rebate. */
  readonly fee: BigDecimal.BigDecimal
  readonly feeAsset: string
  readonly status: "open" | "filled" | "canceled"
  readonly closedBecause: ClosedBecause | undefined
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

/**
 * What ended an order before it was filled; `nothingToReduce` when the position it was to reduce is gone.
 *
 * @since 0.1.0
 * @category models
 */
export type ClosedBecause =
  | "user"
  | "postOnlyWouldCross"
  | "immediateOrCancel"
  | "fillOrKill"
  | "noLiquidity"
  | "nothingToReduce"

/**
 * One side of one execution. `id` counts up from 1 and is shared by both sides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fill {
  readonly id: number
  readonly orderId: number
  readonly clientOrderId: string | undefined
  readonly owner: Owner
  readonly instrument: string
  readonly side: Side
  readonly price: BigDecimal.BigDecimal
  readonly amount: BigDecimal.BigDecimal
  readonly fee: BigDecimal.BigDecimal
  readonly feeAsset: string
  readonly liquidity: "maker" | "taker"
  readonly at: number
}

/**
 * What the account holds of one asset: `locked` is what open orders and the margin of positions hold.
 *
 * @since 0.1.0
 * @category models
 */
export interface Balance {
  readonly asset: string
  readonly free: BigDecimal.BigDecimal
  readonly locked: BigDecimal.BigDecimal
}

/**
 * An open position: `amount` is negative for a short one. Profit is in `settle`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Position {
  readonly instrument: string
  readonly amount: BigDecimal.BigDecimal
  readonly entryPrice: BigDecimal.BigDecimal
  readonly markPrice: BigDecimal.BigDecimal
  readonly margin: BigDecimal.BigDecimal
  readonly unrealizedPnl: BigDecimal.BigDecimal
  readonly realizedPnl: BigDecimal.BigDecimal
  readonly openedAt: number
  readonly updatedAt: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Level {
  readonly price: BigDecimal.BigDecimal
  readonly amount: BigDecimal.BigDecimal
  readonly orders: number
}

/**
 * Bids and asks, the best first. `sequence` rises with every change of the book.
 *
 * @since 0.1.0
 * @category models
 */
export interface Book {
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
  readonly sequence: number
}

/**
 * Why an order was not taken.
 *
 * @since 0.1.0
 * @category models
 */
export type Refusal =
  | "UnknownInstrument"
  | "OffTick"
  | "OffLot"
  | "TooSmall"
  | "NotionalTooSmall"
  | "InsufficientFunds"
  | "NothingToReduce"
  | "NoLiquidity"
  | "WouldCross"

/**
 * Why an order was not canceled or changed: `NotOpen` when it was canceled before.
 *
 * @since 0.1.0
 * @category models
 */
export type CancelRefusal = "NotFound" | "NotOpen" | "AlreadyFilled"

/**
 * Why an order was not filled by hand: more was asked for than is open, or no whole number of lots.
 *
 * @since 0.1.0
 * @category models
 */
export type FillRefusal = "NotFound" | "NotOpen" | "OffLot" | "TooMuch"
