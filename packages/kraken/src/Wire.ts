/**
 * What Kraken sends, field by field as on the wire. Fields that nothing here reads are left out.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import { LenientArray } from "@effect-exchange/core/adapter"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

const Rows = Schema.Record({ key: Schema.String, value: Schema.Unknown })

const unsent = (value: unknown, _: unknown, ast: SchemaAST.AST) =>
  ParseResult.fail(new ParseResult.Forbidden(ast, value, "answers are read and never written"))

/**
 * What stands in the envelope of every answer, `{ error, result }`. Errors in it never come here: they are classified
 * before.
 *
 * @since 0.1.0
 * @category schemas
 */
export const result = <A, I>(schema: Schema.Schema<A, I>): Schema.Schema<A, { readonly result: I }> =>
  Schema.pluck(Schema.Struct({ result: schema }), "result")

/**
 * The rows of a listing by their keys, without those of another shape (see `LenientArray`).
 *
 * @since 0.1.0
 * @category schemas
 */
export const listing = <A, I>(
  row: Schema.Schema<A, I>
): Schema.Schema<ReadonlyArray<readonly [key: string, row: A]>, { readonly [key: string]: unknown }> =>
  Schema.compose(
    Schema.transformOrFail(Rows, Schema.Array(Schema.Unknown), {
      strict: true,
      decode: (rows) => ParseResult.succeed(Object.entries(rows)),
      encode: unsent
    }),
    LenientArray.LenientArray(Schema.Tuple(Schema.String, row))
  )

/**
 * The answer about one pair. Its key is the exchange's own name of the pair and not the name that was asked for, and
 * `last` may stand beside it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const sole = <A, I>(row: Schema.Schema<A, I>): Schema.Schema<A, { readonly [key: string]: unknown }> =>
  Schema.compose(
    Schema.transformOrFail(Rows, Schema.Unknown, {
      strict: true,
      decode: (rows, _, ast) => {
        const [only, ...others] = Object.entries(rows).filter(([key]) => key !== "last")
        return only !== undefined && others.length === 0
          ? ParseResult.succeed(only[1])
          : ParseResult.fail(new ParseResult.Type(ast, rows, "expected the answer about one pair"))
      },
      encode: unsent
    }),
    row,
    { strict: false }
  )

// An empty collection arrives as `[]` now and then.
const keyed = <A, I>(row: Schema.Schema<A, I>) => Schema.Union(Schema.Record({ key: Schema.String, value: row }), none)

const none = Schema.Tuple()

/**
 * An instant in seconds, as a number or as text of one; here epoch milliseconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Seconds: Schema.Schema<number, number | string> = Schema.transform(
  Schema.Union(Schema.Number, Schema.NumberFromString),
  Schema.NonNegativeInt,
  { strict: true, decode: (seconds) => Math.round(seconds * 1000), encode: (millis) => millis / 1000 }
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const SystemStatus = Schema.Struct({ status: Schema.String, timestamp: Schema.String })

/**
 * A row of `Assets`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Asset = Schema.Struct({ altname: Schema.NonEmptyString })

/**
 * A row of `AssetPairs`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AssetPair = Schema.Struct({
  altname: Schema.NonEmptyString,
  wsname: Schema.optional(Schema.String),
  pair_decimals: Schema.NonNegativeInt,
  lot_decimals: Schema.NonNegativeInt,
  tick_size: Schema.optional(Decimal.FromString),
  ordermin: Schema.optional(Decimal.FromString),
  costmin: Schema.optional(Decimal.FromString),
  status: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface AssetPair extends Schema.Schema.Type<typeof AssetPair> {}

const Price = Schema.Tuple([Decimal.FromString], Schema.Unknown)
const TodayAndDay = Schema.Tuple([Decimal.FromString, Decimal.FromString], Schema.Unknown)

/**
 * A row of `Ticker`: `a` the best ask, `b` the best bid, `c` the last trade, each price first; of `v`, `l` and `h` the
 * first is of today since midnight (UTC), the second of the last 24 hours.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ticker = Schema.Struct({ a: Price, b: Price, c: Price, v: TodayAndDay, l: TodayAndDay, h: TodayAndDay })

/**
 * @since 0.1.0
 * @category models
 */
export interface Ticker extends Schema.Schema.Type<typeof Ticker> {}

const Levels = Schema.Array(Schema.Tuple([Decimal.FromString, Decimal.FromString], Schema.Unknown))

/**
 * A book: price, volume and the instant the level changed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Depth = Schema.Struct({ asks: Levels, bids: Levels })

/**
 * @since 0.1.0
 * @category models
 */
export interface Depth extends Schema.Schema.Type<typeof Depth> {}

/**
 * A public trade: price, volume, time, the taker's side, limit or market, something, and its id.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Trade = Schema.Tuple(
  [
    Decimal.FromString,
    Decimal.FromString,
    Seconds,
    Schema.Literal("b", "s"),
    Schema.String,
    Schema.String,
    Schema.NonNegativeInt
  ],
  Schema.Unknown
)

/**
 * A candle: its open in time, open, high, low, close, average and volume.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Candle = Schema.Tuple(
  [
    Seconds,
    Decimal.FromString,
    Decimal.FromString,
    Decimal.FromString,
    Decimal.FromString,
    Schema.String,
    Decimal.FromString
  ],
  Schema.Unknown
)

/**
 * A row of `BalanceEx`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Balance = Schema.Struct({
  balance: Decimal.FromString,
  hold_trade: Decimal.FromString,
  credit: Schema.optional(Decimal.FromString),
  credit_used: Schema.optional(Decimal.FromString)
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Balances = keyed(Balance)

/**
 * The names of permissions are not all documented, so any text is one. `validUntil` is zero for a key that does not
 * expire.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ApiKeyInfo = Schema.Struct({
  permissions: Schema.Array(Schema.String),
  validUntil: Seconds,
  ipAllowlist: Schema.Array(Schema.Unknown)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ApiKeyInfo extends Schema.Schema.Type<typeof ApiKeyInfo> {}

const Side = Schema.Literal("buy", "sell")

// Of a kind that is not placed here, such as a trailing stop (`+15.0000%`). It says how far away, and not what price.
const RelativePrice = Schema.transformOrFail(
  Schema.String.pipe(Schema.pattern(/^(?:[+#]\d+(?:\.\d+)?%?|-\d+(?:\.\d+)?%)$/)),
  Schema.Undefined,
  { strict: true, decode: () => ParseResult.succeed(undefined), encode: unsent }
)

/**
 * An order: `price` is what it was filled at on average, `descr.price` is its limit, or what triggers it; `undefined` where
 * that moves with the market. With `viqc` among the flags `vol` is in the quote currency.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Order = Schema.Struct({
  cl_ord_id: Schema.optional(Schema.NullOr(Schema.String)),
  status: Schema.Literal("pending", "open", "closed", "canceled", "expired"),
  opentm: Seconds,
  closetm: Schema.optional(Seconds),
  descr: Schema.Struct({
    pair: Schema.NonEmptyString,
    type: Side,
    ordertype: Schema.String,
    price: Schema.Union(Decimal.FromString, RelativePrice)
  }).pipe(Schema.filter(({ ordertype, price }) => ordertype !== "limit" || price !== undefined, {
    message: () => "expected the price that a limit order stands at"
  })),
  vol: Decimal.FromString,
  vol_exec: Decimal.FromString,
  price: Decimal.FromString,
  oflags: Schema.optional(Schema.String),
  timeinforce: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Order extends Schema.Schema.Type<typeof Order> {}

/**
 * Orders by their ids.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Orders = keyed(Order)

/**
 * @since 0.1.0
 * @category models
 */
export type Orders = typeof Orders.Type

/**
 * A trade of the account's own. Its fee is counted in the quote currency, also where it was taken in the base.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fill = Schema.Struct({
  ordertxid: Schema.NonEmptyString,
  pair: Schema.NonEmptyString,
  time: Seconds,
  type: Side,
  price: Decimal.FromString,
  vol: Decimal.FromString,
  fee: Decimal.FromString,
  maker: Schema.optional(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Fill extends Schema.Schema.Type<typeof Fill> {}

/**
 * Own trades by their ids.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fills = keyed(Fill)

/**
 * An order to be placed, without its pair. `post` makes it post-only.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NewOrder = Schema.Struct({
  ordertype: Schema.Literal("limit", "market"),
  type: Side,
  volume: Decimal.FromString,
  price: Schema.optional(Decimal.FromString),
  timeinforce: Schema.optional(Schema.Literal("GTC", "IOC", "FOK")),
  oflags: Schema.optional(Schema.Literal("post")),
  cl_ord_id: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export interface NewOrder extends Schema.Schema.Type<typeof NewOrder> {}

/**
 * What became of one order of a batch.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BatchRow = Schema.Struct({
  txid: Schema.optional(Schema.NonEmptyString),
  error: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface BatchRow extends Schema.Schema.Type<typeof BatchRow> {}

/**
 * The part of every answer that says what went wrong; texts that begin with `W` are warnings.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody = Schema.Struct({ error: Schema.Array(Schema.String) })
