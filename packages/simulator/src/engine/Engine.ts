/**
 * A matching engine and its ledger, as one pure value: price-time priority, holds, fees, positions.
 *
 * Amounts are in the base currency; those of inverse contracts are in contracts, each worth `multiplier` units of the
 * quote currency.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import type * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as List from "effect/List"
import type { State } from "./internal/engineState.js"
import * as House from "./internal/house.js"
import * as Ledger from "./internal/ledger.js"
import * as Placing from "./internal/placing.js"
import * as Reading from "./internal/reading.js"
import type { Top } from "./Market.js"

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
  /** Fees as ratios of the notional; charged in the asset received for spot, in `settle` for contracts. */
  readonly makerFee: BigDecimal.BigDecimal
  readonly takerFee: BigDecimal.BigDecimal
  /** Whether fees of spot are charged in the quote currency on both sides. Defaults to `false`. */
  readonly feesInQuote?: boolean | undefined
}

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

/**
 * @since 0.1.0
 * @category models
 */
export type CancelRefusal = "NotFound" | "NotOpen"

/**
 * The books, orders and accounts of an exchange at an instant. What is in it is read with the functions below.
 *
 * @since 0.1.0
 * @category models
 */
export type Engine = State

/**
 * An engine without orders. What `balances` say is locked stays locked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly instruments: ReadonlyArray<Instrument>
  readonly balances: ReadonlyArray<Balance>
}): Engine => ({
  instruments: new Map(options.instruments.map((one) => [one.id, one])),
  markets: new Map(),
  orders: HashMap.empty(),
  open: HashSet.empty(),
  byClientId: HashMap.empty(),
  fills: List.empty(),
  nextOrder: 1,
  nextFill: 1,
  ledger: Ledger.make(options.balances)
})

/**
 * The engine at an instant: the house replaces all it quotes by 20 levels a side from each bid and ask that is new. The
 * account's resting orders that the new quotes cross are filled whole at their own price, as maker.
 *
 * @since 0.1.0
 * @category combinators
 */
export const advance = (engine: Engine, now: number, quotes: (instrument: string) => Top | undefined): Engine => {
  let state = engine
  for (const instrument of engine.instruments.values()) {
    const top = quotes(instrument.id)
    if (top !== undefined) state = House.requote(state, instrument, top, now)
  }
  return state
}

/**
 * Places an order.
 *
 * An order that is taken and cannot stay is returned as `canceled` and says why, filled as far as it went: a post-only
 * order that would cross, what is left of an IOC or market order, a FOK order that cannot be filled at once. A market
 * order that finds nobody at all is refused. An account may trade with itself. Client order ids are not checked: each
 * exchange has its own rule.
 *
 * @since 0.1.0
 * @category combinators
 */
export const place: (
  engine: Engine,
  order: NewOrder,
  now: number
) => Either.Either<readonly [Order, Engine], Refusal> = Placing.place

/**
 * Cancels an open order of the account.
 *
 * @since 0.1.0
 * @category combinators
 */
export const cancel: (
  engine: Engine,
  id: number,
  now: number
) => Either.Either<readonly [Order, Engine], CancelRefusal> = Placing.cancel

/**
 * Changes the price or the amount (the filled part included) of an open order, which keeps its id. It keeps its place in
 * the queue only when the amount shrinks and the price stays; at a new price it may be filled at once, or be closed
 * when it is post-only.
 *
 * @since 0.1.0
 * @category combinators
 */
export const amend: (
  engine: Engine,
  id: number,
  change: { readonly price?: BigDecimal.BigDecimal | undefined; readonly amount?: BigDecimal.BigDecimal | undefined },
  now: number
) => Either.Either<readonly [Order, Engine], CancelRefusal | Refusal> = Placing.amend

/**
 * An instrument by its id.
 *
 * @since 0.1.0
 * @category getters
 */
export const instrument = (engine: Engine, id: string): Instrument | undefined => engine.instruments.get(id)

/**
 * An order of the account by its id.
 *
 * @since 0.1.0
 * @category getters
 */
export const order: (engine: Engine, id: number) => Order | undefined = Reading.order

/**
 * The account's latest order with a client order id.
 *
 * @since 0.1.0
 * @category getters
 */
export const orderByClientId: (engine: Engine, clientOrderId: string) => Order | undefined = Reading.orderByClientId

/**
 * The account's open orders, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const openOrders: (engine: Engine, instrument?: string) => ReadonlyArray<Order> = Reading.openOrders

/**
 * All orders of the account, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const orders: (engine: Engine, instrument?: string) => ReadonlyArray<Order> = Reading.orders

/**
 * The account's fills, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const fills: (engine: Engine, instrument?: string) => ReadonlyArray<Fill> = Reading.fills

/**
 * The fills of one order of the account, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const fillsOf = (engine: Engine, orderId: number): ReadonlyArray<Fill> =>
  fills(engine).filter((fill) => fill.orderId === orderId)

/**
 * What the account holds, in the order it was given and first received. `free` is negative when the losses of contracts
 * have eaten into their margins: nothing is liquidated.
 *
 * @since 0.1.0
 * @category getters
 */
export const balances = (engine: Engine): ReadonlyArray<Balance> => Ledger.balances(engine.ledger, engine.instruments)

/**
 * The account's open positions, marked at the last price.
 *
 * @since 0.1.0
 * @category getters
 */
export const positions: (engine: Engine) => ReadonlyArray<Position> = Reading.positions

/**
 * The best levels of an instrument's book, `depth` of each side at most.
 *
 * @since 0.1.0
 * @category getters
 */
export const book: (engine: Engine, instrument: string, depth: number) => Book = Reading.book
