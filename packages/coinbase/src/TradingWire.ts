/**
 * What Coinbase sends of an account and its orders, field by field as on the wire. Fields that nothing here reads are
 * left out.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import * as Schema from "effect/Schema"
import { blankable, Instant, Side } from "./Wire.js"

/**
 * @since 0.1.0
 * @category schemas
 */
export const KeyPermissions = Schema.Struct({
  can_view: Schema.Boolean,
  can_trade: Schema.Boolean,
  can_transfer: Schema.Boolean
})

const Money = Schema.Struct({ value: Decimal.FromString })

/**
 * A wallet of one currency: `hold` is not part of `available_balance`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Account = Schema.Struct({
  currency: Schema.NonEmptyString,
  available_balance: Money,
  hold: Money
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Account extends Schema.Schema.Type<typeof Account> {}

const Limit = Schema.Struct({
  base_size: blankable(Decimal.FromString),
  limit_price: blankable(Decimal.FromString),
  post_only: Schema.optional(Schema.NullOr(Schema.Boolean))
})

/**
 * What was ordered, under the name of its kind. Kinds that this library does not place, such as stops, leave all of these
 * out.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrderConfiguration = Schema.Struct({
  market_market_ioc: Schema.optional(Schema.Struct({ base_size: blankable(Decimal.FromString) })),
  limit_limit_gtc: Schema.optional(Limit),
  limit_limit_gtd: Schema.optional(Limit),
  limit_limit_fok: Schema.optional(Limit),
  sor_limit_ioc: Schema.optional(Limit)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface OrderConfiguration extends Schema.Schema.Type<typeof OrderConfiguration> {}

/**
 * The states an order can be in. `UNKNOWN_ORDER_STATUS` is none: nothing is guessed of an order.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrderStatus = Schema.Literal(
  "PENDING",
  "QUEUED",
  "OPEN",
  "CANCEL_QUEUED",
  "EDIT_QUEUED",
  "FILLED",
  "CANCELLED",
  "EXPIRED",
  "FAILED"
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const Order = Schema.Struct({
  order_id: Schema.NonEmptyString,
  product_id: Schema.NonEmptyString,
  client_order_id: blankable(Schema.NonEmptyString),
  side: Side,
  status: OrderStatus,
  order_configuration: OrderConfiguration,
  filled_size: Decimal.FromString,
  average_filled_price: blankable(Decimal.FromString),
  created_time: Instant
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Order extends Schema.Schema.Type<typeof Order> {}

/**
 * With `size_in_quote`, `size` is in the quote currency.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fill = Schema.Struct({
  trade_id: Schema.NonEmptyString,
  order_id: Schema.NonEmptyString,
  product_id: Schema.NonEmptyString,
  side: Side,
  price: Decimal.FromString,
  size: Decimal.FromString,
  size_in_quote: Schema.optional(Schema.Boolean),
  commission: blankable(Decimal.FromString),
  liquidity_indicator: Schema.String,
  trade_time: Instant
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Fill extends Schema.Schema.Type<typeof Fill> {}

/**
 * That an order was taken. Under a client order id that exists it is the order that exists, and `order_configuration`
 * says what that one is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Created = Schema.Struct({
  success: Schema.Literal(true),
  success_response: Schema.Struct({
    order_id: Schema.NonEmptyString,
    product_id: Schema.optional(Schema.String),
    side: Schema.optional(Side)
  }),
  order_configuration: Schema.optional(Schema.NullOr(OrderConfiguration))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Created extends Schema.Schema.Type<typeof Created> {}

/**
 * What became of the request to cancel one order.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CancelResult = Schema.Struct({
  success: Schema.Boolean,
  failure_reason: blankable(Schema.String),
  order_id: Schema.NonEmptyString
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CancelResult extends Schema.Schema.Type<typeof CancelResult> {}
