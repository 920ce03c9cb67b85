/**
 * The terms of the engine and the exchanges: instruments, orders, fills, balances, positions, books and refusals.
 *
 * Amounts are in the base currency. Amounts of inverse contracts are in contracts, each worth `multiplier` units of the
 * quote currency.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"

/**
 * A market that can be traded, with its rules.
 *
 * @since 0.1.0
 * @category models
 */
export interface Instrument {
  readonly id: string
  readonly kind: "spot" | "perpetual" | "future"
  readonly base: string
  readonly quote: string
  /** The currency of profits, margins and fees of contracts. For spot, the quote currency. */
  readonly settle: string
  readonly inverse: boolean
  /** The value of one contract of an inverse instrument in the quote currency. 1 for other instruments. */
  readonly multiplier: BigDecimal.BigDecimal
  readonly tickSize: BigDecimal.BigDecimal
  /** The tick sizes from higher prices on, lowest first. Defaults to none. */
  readonly tickSizeSteps?: ReadonlyArray<TickSizeStep> | undefined
  readonly lotSize: BigDecimal.BigDecimal
  readonly minAmount: BigDecimal.BigDecimal
  /** In the quote currency. */
  readonly minNotional: BigDecimal.BigDecimal
  /** What happens to a post-only order that would cross. Defaults to `cancels`. */
  readonly crossing?: Crossing | undefined
  /** Fees as ratios of the notional. They are charged in the received asset for spot and in `settle` for contracts. */
  readonly makerFee: BigDecimal.BigDecimal
  readonly takerFee: BigDecimal.BigDecimal
  /** Whether spot fees are charged in the quote currency on both sides. Defaults to `false`. */
  readonly feesInQuote?: boolean | undefined
  /** The number of decimals of an asset's accounts, by the name of the asset. Defaults to eight. */
  readonly scales?: Readonly<Record<string, number>> | undefined
}

/**
 * The tick size from a price on.
 *
 * @since 0.1.0
 * @category models
 */
export interface TickSizeStep {
  readonly fromPrice: BigDecimal.BigDecimal
  readonly tickSize: BigDecimal.BigDecimal
}

/**
 * What happens to a post-only order that would cross: it is accepted and canceled, it is refused, or its price moves to
 * one tick behind the best price of the other side.
 *
 * @since 0.1.0
 * @category models
 */
export type Crossing = "cancels" | "refuses" | "slides"

/**
 * The side of an order or fill.
 *
 * @since 0.1.0
 * @category models
 */
export type Side = "buy" | "sell"

/**
 * How long an order stays open: until canceled, only for an immediate fill, or only for an immediate fill in full.
 *
 * @since 0.1.0
 * @category models
 */
export type TimeInForce = "GTC" | "IOC" | "FOK"

/**
 * An order to place. A market order has no price. A spot market buy may have `quoteAmount` instead of `amount`.
 *
 * @since 0.1.0
 * @category models
 */
export interface NewOrder {
  /** The owner of the order. Defaults to the account. */
  readonly owner?: Owner | undefined
  readonly instrument: string
  readonly side: Side
  readonly type: "limit" | "market"
  readonly price?: BigDecimal.BigDecimal | undefined
  readonly amount?: BigDecimal.BigDecimal | undefined
  readonly quoteAmount?: BigDecimal.BigDecimal | undefined
  readonly timeInForce?: TimeInForce | undefined
  readonly postOnly?: boolean | undefined
  /** What happens to the order if it is post-only and would cross. Defaults to the instrument's `crossing`. */
  readonly crossing?: Crossing | undefined
  readonly reduceOnly?: boolean | undefined
  readonly clientOrderId?: string | undefined
}

/**
 * The owner of an order: `account` is the account that the API keys open, `house` is the market maker whose quotes
 * follow the walk.
 *
 * @since 0.1.0
 * @category models
 */
export type Owner = "account" | "house"

/**
 * An order as the engine stores it. `id` counts up from 1 across all instruments. `notional` is the sum of price ×
 * amount over its fills. `closeReason` is the reason why it ended before it was filled.
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
  /** The fee paid so far, in `feeAsset`. Negative for a rebate. */
  readonly fee: BigDecimal.BigDecimal
  readonly feeAsset: string
  readonly status: "open" | "filled" | "canceled"
  readonly closeReason: CloseReason | undefined
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

/**
 * The reason why an order ended before it was filled. `nothingToReduce` means that the position it was to reduce is
 * closed.
 *
 * @since 0.1.0
 * @category models
 */
export type CloseReason =
  | "user"
  | "postOnlyWouldCross"
  | "immediateOrCancel"
  | "fillOrKill"
  | "noLiquidity"
  | "nothingToReduce"

/**
 * One side of one execution. `id` counts up from 1, and both sides share it.
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
 * The account's balance of one asset. Open orders and the margins of positions hold the `locked` part.
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
 * An open position. `amount` is negative for a short position. Profits are in `settle`.
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
 * A price level of a book.
 *
 * @since 0.1.0
 * @category models
 */
export interface Level {
  readonly price: BigDecimal.BigDecimal
  readonly amount: BigDecimal.BigDecimal
  readonly orders: number
}

/**
 * Bids and asks, best first. `sequence` rises with every change of the book.
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
 * The reason why an order was refused.
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
 * The reason why an order was not canceled or amended. `NotOpen` means that it has already been canceled.
 *
 * @since 0.1.0
 * @category models
 */
export type CancelRefusal = "NotFound" | "NotOpen" | "AlreadyFilled"

/**
 * The reason why an order was not filled on request. `TooMuch` means that less is open than was asked for, `OffLot`
 * that the amount is not a positive multiple of the lot size.
 *
 * @since 0.1.0
 * @category models
 */
export type FillRefusal = "NotFound" | "NotOpen" | "OffLot" | "TooMuch"
