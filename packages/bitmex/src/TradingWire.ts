/**
 * What BitMEX sends of orders, executions and positions, field by field as on the wire, and what it takes for an order.
 * Quantities are contracts or, of spot, minor units of the base currency. A field that would be null or empty may be left
 * out.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"

const absent = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Side = Schema.Literal("Buy", "Sell")

/**
 * The states of an order; a word that is not among them fails the decoding.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrderStatus = Schema.Literal(
  "New",
  "PartiallyFilled",
  "Filled",
  "Canceled",
  "Rejected",
  "Expired",
  "PendingNew",
  "PendingCancel",
  "PendingReplace",
  "Triggered"
)

const filledQuantityIsGiven = (order: {
  readonly ordStatus: typeof OrderStatus.Type
  readonly cumQty?: BigDecimal.BigDecimal | null | undefined
}): boolean =>
  order.ordStatus === "Filled" || order.ordStatus === "PartiallyFilled"
    ? order.cumQty != null && BigDecimal.isPositive(order.cumQty)
    : true

/**
 * @since 0.1.0
 * @category schemas
 */
export const Order = Schema.Struct({
  orderID: Schema.NonEmptyString,
  clOrdID: absent(Schema.String),
  symbol: Schema.NonEmptyString,
  side: Side,
  orderQty: absent(Decimal.FromNumber),
  cumQty: absent(Decimal.FromNumber),
  price: absent(Decimal.FromNumber),
  avgPx: absent(Decimal.FromNumber),
  ordType: Schema.String,
  ordStatus: OrderStatus,
  timeInForce: absent(Schema.String),
  execInst: absent(Schema.String),
  transactTime: absent(Schema.DateTimeUtc),
  timestamp: absent(Schema.DateTimeUtc)
}).pipe(Schema.filter(filledQuantityIsGiven, {
  message: () => "expected the filled quantity of an order that is filled"
}))

/**
 * @since 0.1.0
 * @category models
 */
export interface Order extends Schema.Schema.Type<typeof Order> {}

/**
 * The row of a cancellation of many: it may carry an error instead of having been carried out.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Canceled = Schema.Struct({ orderID: Schema.NonEmptyString, error: absent(Schema.String) })

const fillTypes = ["Trade", "Liquidation", "Bankruptcy"] as const

/**
 * An execution that traded. `execComm` is the fee in minor units of `execCommCcy` or, without one, of `settlCurrency`;
 * negative when it is a rebate.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TradeExecution = Schema.Struct({
  execType: Schema.Literal(...fillTypes),
  execID: Schema.NonEmptyString,
  orderID: Schema.NonEmptyString,
  clOrdID: absent(Schema.String),
  symbol: Schema.NonEmptyString,
  side: Side,
  lastQty: Decimal.FromNumber,
  lastPx: Decimal.FromNumber,
  lastLiquidityInd: absent(Schema.String),
  execComm: absent(Schema.Int),
  execCommCcy: absent(Schema.String),
  settlCurrency: absent(Schema.String),
  transactTime: Schema.DateTimeUtc
})

/**
 * @since 0.1.0
 * @category models
 */
export interface TradeExecution extends Schema.Schema.Type<typeof TradeExecution> {}

/**
 * A row of the trade history, which has payments of funding and settlements among the trades.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Execution = Schema.Union(
  TradeExecution,
  Schema.Struct({
    execType: Schema.String.pipe(Schema.filter((type) => !fillTypes.some((fill) => fill === type)))
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export type Execution = typeof Execution.Type

/**
 * A position: `currentQty` is below zero for a short one, `unrealisedPnl` in minor units of `currency`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Position = Schema.Struct({
  symbol: Schema.NonEmptyString,
  currency: Schema.NonEmptyString,
  currentQty: Decimal.FromNumber,
  avgEntryPrice: absent(Decimal.FromNumber),
  markPrice: absent(Decimal.FromNumber),
  liquidationPrice: absent(Decimal.FromNumber),
  leverage: absent(Decimal.FromNumber),
  crossMargin: absent(Schema.Boolean),
  unrealisedPnl: absent(Schema.Int)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Position extends Schema.Schema.Type<typeof Position> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const NewOrder = Schema.Struct({
  symbol: Schema.String,
  side: Side,
  orderQty: Decimal.FromNumber,
  ordType: Schema.Literal("Limit", "Market"),
  price: Schema.optional(Decimal.FromNumber),
  timeInForce: Schema.optional(Schema.Literal("GoodTillCancel", "ImmediateOrCancel", "FillOrKill")),
  execInst: Schema.optional(Schema.String),
  clOrdID: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export interface NewOrder extends Schema.Schema.Type<typeof NewOrder> {}

/**
 * A change of an order: `orderQty` is all of it, what is filled included.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Amendment = Schema.Struct({
  orderID: Schema.String,
  price: Schema.optional(Decimal.FromNumber),
  orderQty: Schema.optional(Decimal.FromNumber)
})
