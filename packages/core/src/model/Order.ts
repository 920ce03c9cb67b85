/**
 * Orders: what is asked for, and what the exchange makes of it.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { Instant } from "./internal/leaves.js"
import type { Market } from "./Market.js"
import { Side } from "./Trade.js"

/**
 * How long an order stands: until canceled (`GTC`), not at all beyond what fills at once (`IOC`), or whole at once or not
 * at all (`FOK`).
 *
 * @since 0.1.0
 * @category models
 */
export type TimeInForce = typeof TimeInForce.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const TimeInForce = Schema.Literal("GTC", "IOC", "FOK")

/**
 * `pending` has been accepted and is not in the book yet; `open` may be filled in part (see `filled`); the others are
 * final. An order that was canceled or expired may have been filled in part as well.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Status = Schema.Literal("pending", "open", "filled", "canceled", "rejected", "expired")

/**
 * An order as the exchange has it.
 *
 * `amount` and `filled` are in the base currency (in contracts for inverse markets). `amount` is left out for an order
 * sized in the quote currency, `price` for one that has no limit, `averagePrice` while nothing is filled. `type` is
 * `other` for kinds that this library does not place, such as stops. Instants are epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Order extends Schema.Schema.Type<typeof Order> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Order = Schema.Struct({
  exchange: Schema.NonEmptyString,
  symbol: ExchangeSymbol,
  id: Schema.NonEmptyString,
  clientOrderId: Schema.optional(Schema.NonEmptyString),
  side: Side,
  type: Schema.Literal("limit", "market", "other"),
  status: Status,
  price: Schema.optional(Decimal.FromString),
  amount: Schema.optional(Decimal.FromString),
  filled: Decimal.FromString,
  averagePrice: Schema.optional(Decimal.FromString),
  timeInForce: Schema.optional(TimeInForce),
  postOnly: Schema.optional(Schema.Boolean),
  reduceOnly: Schema.optional(Schema.Boolean),
  createdAt: Schema.optional(Instant),
  updatedAt: Schema.optional(Instant)
})

/**
 * Whether nothing can happen to the order any more.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isClosed = (order: Pick<Order, "status">): boolean => order.status !== "open" && order.status !== "pending"

/**
 * An order to be placed.
 *
 * @since 0.1.0
 * @category models
 */
export type Request = LimitRequest | MarketRequest

/**
 * An exact decimal, or plain notation of one (`"0.001"`).
 *
 * @since 0.1.0
 * @category models
 */
export type Amount = BigDecimal.BigDecimal | string

/**
 * @since 0.1.0
 * @category models
 */
export interface Common {
  readonly symbol: string
  readonly side: Side
  /** In the base currency; in contracts for inverse markets. */
  readonly amount: Amount
  /** Only ever makes a position smaller. Defaults to `false`. */
  readonly reduceOnly?: boolean | undefined
  /** In the exchange's alphabet, and never used before. Made up unless given. */
  readonly clientOrderId?: string | undefined
  /**
   * `true` rounds the amount down to the market's step, and the price to its tick in the order's favour (a buy down, a
   * sell up). Defaults to `false`: what does not fit is refused.
   */
  readonly round?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface LimitRequest extends Common {
  readonly type: "limit"
  readonly price: Amount
  /** Defaults to `GTC`. */
  readonly timeInForce?: TimeInForce | undefined
  /** Only ever adds to the book: an order that would trade at once is not placed, or canceled. Defaults to `false`. */
  readonly postOnly?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MarketRequest extends Common {
  readonly type: "market"
}

/**
 * Which order: by the exchange's id where there is one, else by the client order id. An {@link Order} is one, and so is the
 * `order` of a `NotPlaced` or an `OutcomeUnknown`: hand them on as they are.
 *
 * @since 0.1.0
 * @category models
 */
export type Reference =
  | { readonly symbol: string; readonly id: string; readonly clientOrderId?: string | undefined }
  | { readonly symbol: string; readonly clientOrderId: string; readonly id?: string | undefined }

/**
 * What an order is changed to. What is left out stays.
 *
 * @since 0.1.0
 * @category models
 */
export interface Amendment {
  readonly price?: Amount | undefined
  /** The whole amount of the order, including what is filled. */
  readonly amount?: Amount | undefined
}

/**
 * An order that its market can take. `price` is left out for market orders.
 *
 * @since 0.1.0
 * @category models
 */
export interface Checked {
  readonly market: Market
  readonly side: Side
  readonly type: "limit" | "market"
  readonly amount: BigDecimal.BigDecimal
  readonly price: BigDecimal.BigDecimal | undefined
  readonly timeInForce: TimeInForce
  readonly postOnly: boolean
  readonly reduceOnly: boolean
}
