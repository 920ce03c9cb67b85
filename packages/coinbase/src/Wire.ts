/**
 * What Coinbase sends of public data, field by field as on the wire. Fields that nothing here reads are left out.
 *
 * Numbers are strings; a blank one means that there is none.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

const Blank = Schema.transform(Schema.Literal("", null), Schema.Undefined, {
  strict: true,
  decode: () => undefined,
  encode: () => "" as const
})

/**
 * A field that may be left out, blank or `null`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const blankable = <A>(
  schema: Schema.Schema<A, string>
): Schema.optional<Schema.Schema<A | undefined, string | null>> => Schema.optional(Schema.Union(Blank, schema))

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/**
 * An RFC 3339 time in epoch milliseconds; what is finer is cut off.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Instant: Schema.Schema<number, string> = Schema.transformOrFail(Schema.String, Schema.NonNegativeInt, {
  strict: true,
  decode: (text, _, ast) =>
    Either.fromOption(
      Option.map(rfc3339.test(text) ? DateTime.make(text) : Option.none(), DateTime.toEpochMillis),
      () => new ParseResult.Type(ast, text, "expected an RFC 3339 time")
    ),
  encode: (millis) => ParseResult.succeed(DateTime.formatIso(DateTime.unsafeMake(millis)))
})

/**
 * A whole number in digits.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Digits: Schema.Schema<number, string> = Schema.compose(
  Schema.String.pipe(Schema.pattern(/^\d{1,15}$/)),
  Schema.NumberFromString
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const Time = Schema.Struct({ epochMillis: Digits })

// Only shown, and computed in floating point: one that is no plain decimal must not hide its market.
const Loose = Schema.transform(Schema.String, Schema.UndefinedOr(Schema.BigDecimalFromSelf), {
  strict: true,
  decode: (text) => Option.getOrUndefined(Decimal.parse(text)),
  encode: (decimal) => decimal === undefined ? "" : Decimal.format(decimal)
})

/**
 * A product of the listing, which is its ticker as well: `price_percentage_change_24h` is in percent.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Product = Schema.Struct({
  product_id: Schema.NonEmptyString,
  base_currency_id: Schema.NonEmptyString,
  quote_currency_id: Schema.NonEmptyString,
  status: Schema.String,
  price: blankable(Decimal.FromString),
  price_percentage_change_24h: Schema.optional(Loose),
  volume_24h: blankable(Decimal.FromString),
  base_increment: blankable(Decimal.FromString),
  quote_increment: blankable(Decimal.FromString),
  price_increment: blankable(Decimal.FromString),
  base_min_size: blankable(Decimal.FromString),
  base_max_size: blankable(Decimal.FromString),
  quote_min_size: blankable(Decimal.FromString),
  is_disabled: Schema.optional(Schema.Boolean),
  trading_disabled: Schema.optional(Schema.Boolean),
  view_only: Schema.optional(Schema.Boolean),
  cancel_only: Schema.optional(Schema.Boolean),
  auction_mode: Schema.optional(Schema.Boolean),
  limit_only: Schema.optional(Schema.Boolean),
  post_only: Schema.optional(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Product extends Schema.Schema.Type<typeof Product> {}

const Level = Schema.Struct({ price: Decimal.FromString, size: Decimal.FromString })

/**
 * Bids and asks, the best of each first.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PriceBook = Schema.Struct({
  bids: Schema.Array(Level),
  asks: Schema.Array(Level),
  time: Instant
})

/**
 * @since 0.1.0
 * @category models
 */
export interface PriceBook extends Schema.Schema.Type<typeof PriceBook> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Side = Schema.Literal("BUY", "SELL")

/**
 * @since 0.1.0
 * @category models
 */
export type Side = typeof Side.Type

/**
 * A public trade; `side` is the maker's.
 *
 * @since 0.1.0
 * @category schemas
 */
export const MarketTrade = Schema.Struct({
  trade_id: Schema.NonEmptyString,
  price: Decimal.FromString,
  size: Decimal.FromString,
  time: Instant,
  side: Side
})

/**
 * @since 0.1.0
 * @category models
 */
export interface MarketTrade extends Schema.Schema.Type<typeof MarketTrade> {}

/**
 * A candle; `start` is in seconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Candle = Schema.Struct({
  start: Digits,
  open: Decimal.FromString,
  high: Decimal.FromString,
  low: Decimal.FromString,
  close: Decimal.FromString,
  volume: Decimal.FromString
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Candle extends Schema.Schema.Type<typeof Candle> {}
