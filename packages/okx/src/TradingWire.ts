/**
 * Orders and fills as OKX sends them, and orders as it takes them.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import * as Schema from "effect/Schema"
import { Amount, Instant, MaybeInstant, Side } from "./Wire.js"

/**
 * An order. A state that is not among these fails to decode: it is not for us to guess whether an order stands.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Order = Schema.Struct({
  instType: Schema.String,
  instId: Schema.NonEmptyString,
  ordId: Schema.NonEmptyString,
  clOrdId: Schema.optional(Schema.String),
  side: Side,
  ordType: Schema.String,
  state: Schema.Literal("live", "partially_filled", "filled", "canceled", "mmp_canceled"),
  px: Schema.optional(Amount),
  sz: Decimal.FromString,
  accFillSz: Amount,
  avgPx: Schema.optional(Amount),
  tgtCcy: Schema.optional(Schema.String),
  reduceOnly: Schema.optional(Schema.Union(Schema.Boolean, Schema.Literal("true", "false", ""))),
  cTime: Schema.optional(MaybeInstant),
  uTime: Schema.optional(MaybeInstant)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Order extends Schema.Schema.Type<typeof Order> {}

/**
 * A fill of one's own. A `fee` below zero was paid, one above zero is a rebate.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fill = Schema.Struct({
  instId: Schema.NonEmptyString,
  tradeId: Schema.NonEmptyString,
  ordId: Schema.NonEmptyString,
  clOrdId: Schema.optional(Schema.String),
  billId: Schema.NonEmptyString,
  side: Side,
  fillPx: Decimal.FromString,
  fillSz: Decimal.FromString,
  execType: Schema.optional(Schema.String),
  fee: Schema.optional(Amount),
  feeCcy: Schema.optional(Schema.String),
  ts: Instant,
  fillTime: Schema.optional(MaybeInstant)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Fill extends Schema.Schema.Type<typeof Fill> {}

/**
 * A new order. A size in the quote currency is never sent: `tgtCcy` says so wherever OKX would take it for one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NewOrder = Schema.Struct({
  instId: Schema.String,
  tdMode: Schema.Literal("cash", "cross"),
  side: Side,
  ordType: Schema.Literal("limit", "market", "post_only", "fok", "ioc"),
  sz: Decimal.FromString,
  px: Schema.optional(Decimal.FromString),
  clOrdId: Schema.String,
  tgtCcy: Schema.optional(Schema.Literal("base_ccy")),
  reduceOnly: Schema.optional(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface NewOrder extends Schema.Schema.Type<typeof NewOrder> {}

/**
 * An order by one of its ids; `ordId` counts where both are given.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Named = Schema.Struct({
  instId: Schema.String,
  ordId: Schema.optional(Schema.String),
  clOrdId: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Named extends Schema.Schema.Type<typeof Named> {}

/**
 * A change of an order: `newSz` is its whole new size, what is filled included.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Amendment = Schema.Struct({
  ...Named.fields,
  newSz: Schema.optional(Decimal.FromString),
  newPx: Schema.optional(Decimal.FromString)
})

/**
 * What became of one order of a request: `sCode` is `0` when it was accepted, which is not yet done.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ack = Schema.Struct({
  ordId: Schema.String,
  clOrdId: Schema.optional(Schema.String),
  sCode: Schema.String,
  sMsg: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Ack extends Schema.Schema.Type<typeof Ack> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Accepted = Schema.Struct({ ordId: Schema.NonEmptyString, sCode: Schema.Literal("0") })

/**
 * The answer to several orders at once, of which some or all may have been refused.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Acks: Schema.Schema<
  ReadonlyArray<Ack>,
  { readonly data: ReadonlyArray<Schema.Schema.Encoded<typeof Ack>> }
> = Schema.pluck(Schema.Struct({ code: Schema.Literal("0", "1", "2"), data: Schema.Array(Ack) }), "data")
