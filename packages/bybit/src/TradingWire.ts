/**
 * What Bybit sends of an account and takes for orders, field by field as on the wire. Strict: a word that is not known
 * here fails the answer.
 *
 * Source: Bybit API v5 documentation, "Trade", "Position", "Account", "Enums Definitions".
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import * as Schema from "effect/Schema"
import { Category, Millis, OrBlank, Side } from "./Wire.js"

/**
 * A coin of the unified account. The margins are `""` under portfolio margin.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Coin = Schema.Struct({
  coin: Schema.NonEmptyString,
  walletBalance: Decimal.FromString,
  locked: OrBlank(Decimal.FromString),
  totalOrderIM: OrBlank(Decimal.FromString),
  totalPositionIM: OrBlank(Decimal.FromString),
  bonus: OrBlank(Decimal.FromString)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Coin extends Schema.Schema.Type<typeof Coin> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Wallet = Schema.Struct({ list: Schema.Array(Schema.Struct({ coin: Schema.Array(Coin) })) })

/**
 * A position; `side` is `""` and `size` zero where there is none.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Position = Schema.Struct({
  symbol: Schema.NonEmptyString,
  side: Schema.Literal("Buy", "Sell", "", "None"),
  size: Decimal.FromString,
  avgPrice: OrBlank(Decimal.FromString),
  markPrice: OrBlank(Decimal.FromString),
  liqPrice: OrBlank(Decimal.FromString),
  leverage: OrBlank(Decimal.FromString),
  unrealisedPnl: OrBlank(Decimal.FromString)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Position extends Schema.Schema.Type<typeof Position> {}

/**
 * The states of an order. `Cancelled` may have been filled in part; `PartiallyFilledCanceled` is spot's word for that.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrderStatus = Schema.Literal(
  "New",
  "PartiallyFilled",
  "Untriggered",
  "Triggered",
  "Filled",
  "Cancelled",
  "PartiallyFilledCanceled",
  "Rejected",
  "Deactivated"
)

/**
 * An order. Ids of spot are of 19 digits, more than a number holds. `qty` is in the quote coin where `marketUnit` says so,
 * and for market buys on spot that do not say.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Order = Schema.Struct({
  orderId: Schema.NonEmptyString,
  orderLinkId: OrBlank(Schema.String),
  symbol: Schema.NonEmptyString,
  side: Side,
  orderType: Schema.String,
  stopOrderType: OrBlank(Schema.String),
  orderStatus: OrderStatus,
  price: OrBlank(Decimal.FromString),
  qty: Decimal.FromString,
  marketUnit: OrBlank(Schema.String),
  cumExecQty: Decimal.FromString,
  avgPrice: OrBlank(Decimal.FromString),
  timeInForce: OrBlank(Schema.String),
  reduceOnly: Schema.optional(Schema.Boolean),
  createdTime: Millis,
  updatedTime: OrBlank(Millis)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Order extends Schema.Schema.Type<typeof Order> {}

/**
 * An execution. `execFee` is negative for a rebate; `feeCurrency` is `""` for contracts, whose fee is in the settle coin.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Execution = Schema.Struct({
  symbol: Schema.NonEmptyString,
  orderId: Schema.NonEmptyString,
  orderLinkId: OrBlank(Schema.String),
  side: Side,
  execId: Schema.NonEmptyString,
  execType: Schema.String,
  execPrice: Decimal.FromString,
  execQty: Decimal.FromString,
  execFee: OrBlank(Decimal.FromString),
  feeCurrency: OrBlank(Schema.String),
  isMaker: Schema.optional(Schema.Boolean),
  execTime: Millis
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Execution extends Schema.Schema.Type<typeof Execution> {}

/**
 * What an order, a change or a cancellation is answered with: that it was taken, not that it was carried out.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Acknowledged = Schema.Struct({ orderId: Schema.NonEmptyString })

/**
 * An order to place. `marketUnit` is said for every market order on spot, as buys are in the quote coin otherwise.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NewOrder = Schema.Struct({
  symbol: Schema.String,
  side: Side,
  orderType: Schema.Literal("Limit", "Market"),
  qty: Decimal.FromString,
  price: Schema.optional(Decimal.FromString),
  timeInForce: Schema.Literal("GTC", "IOC", "FOK", "PostOnly"),
  orderLinkId: Schema.String,
  reduceOnly: Schema.optional(Schema.Boolean),
  marketUnit: Schema.optional(Schema.Literal("baseCoin"))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface NewOrder extends Schema.Schema.Type<typeof NewOrder> {}

/**
 * Which order of a category and symbol: one of the two ids.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reference = Schema.Struct({
  category: Category,
  symbol: Schema.String,
  orderId: Schema.optional(Schema.String),
  orderLinkId: Schema.optional(Schema.String)
})

/**
 * The answer to a batch: two lists in the order of the request, what was taken and what each met with (`code` 0 where all
 * is well).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Batch = Schema.Struct({
  retCode: Schema.Literal(0),
  result: Schema.Struct({ list: Schema.Array(Schema.Struct({ orderId: OrBlank(Schema.String) })) }),
  retExtInfo: Schema.Struct({
    list: Schema.Array(Schema.Struct({ code: Schema.Int, msg: OrBlank(Schema.String) }))
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Batch extends Schema.Schema.Type<typeof Batch> {}

/**
 * The orders canceled; `success` `"0"` is a failure in an answer that looks well.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CanceledAll = Schema.Struct({
  list: Schema.Array(Acknowledged),
  success: OrBlank(Schema.String)
})
