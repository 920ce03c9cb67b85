/**
 * What OKX sends, field by field as on the wire. Fields that nothing here reads are left out. Every number is a string,
 * and an empty one means that there is none.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import { LenientArray } from "@effect-exchange/core/adapter"
import type * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"

const Blank = Schema.transform(Schema.Literal(""), Schema.Undefined, {
  strict: true,
  decode: () => undefined,
  encode: () => "" as const
})

/**
 * A decimal, or an empty text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Amount: Schema.Schema<BigDecimal.BigDecimal | undefined, string> = Schema.Union(Blank, Decimal.FromString)

/**
 * Epoch milliseconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Instant: Schema.Schema<number, string> = Schema.compose(Schema.NumberFromString, Schema.NonNegativeInt)

/**
 * Epoch milliseconds, or an empty text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const MaybeInstant: Schema.Schema<number | undefined, string> = Schema.Union(Blank, Instant)

const Ok = Schema.Literal("0")

/**
 * An answer with any number of rows.
 *
 * @since 0.1.0
 * @category schemas
 */
export const rows = <A, I>(
  row: Schema.Schema<A, I>
): Schema.Schema<ReadonlyArray<A>, { readonly data: ReadonlyArray<I> }> =>
  Schema.pluck(Schema.Struct({ code: Ok, data: Schema.Array(row) }), "data")

/**
 * An answer with rows of reference data, of which those that are not understood are left out.
 *
 * @since 0.1.0
 * @category schemas
 */
export const knownRows = <A, I>(
  row: Schema.Schema<A, I>
): Schema.Schema<ReadonlyArray<A>, { readonly data: ReadonlyArray<unknown> }> =>
  Schema.pluck(Schema.Struct({ code: Ok, data: LenientArray.LenientArray(row) }), "data")

/**
 * An answer with one row, which OKX sends as a list as well.
 *
 * @since 0.1.0
 * @category schemas
 */
export const row = <A, I>(row: Schema.Schema<A, I>): Schema.Schema<A, { readonly data: readonly [I] }> =>
  Schema.transform(
    Schema.pluck(Schema.Struct({ code: Ok, data: Schema.Tuple(row) }), "data"),
    Schema.typeSchema(row),
    { strict: true, decode: ([only]) => only, encode: (only): readonly [A] => [only] }
  )

/**
 * A row of `public/instruments`. Spot has a base and a quote currency; contracts have an underlying (`uly`), and are
 * worth `ctVal × ctMult` of `ctValCcy`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Instrument = Schema.Struct({
  instType: Schema.String,
  instId: Schema.NonEmptyString,
  state: Schema.String,
  baseCcy: Schema.optional(Schema.String),
  quoteCcy: Schema.optional(Schema.String),
  settleCcy: Schema.optional(Schema.String),
  uly: Schema.optional(Schema.String),
  ctVal: Schema.optional(Amount),
  ctMult: Schema.optional(Amount),
  ctValCcy: Schema.optional(Schema.String),
  ctType: Schema.optional(Schema.String),
  expTime: Schema.optional(MaybeInstant),
  tickSz: Schema.optional(Amount),
  lotSz: Schema.optional(Amount),
  minSz: Schema.optional(Amount),
  maxLmtSz: Schema.optional(Amount)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Instrument extends Schema.Schema.Type<typeof Instrument> {}

/**
 * `vol24h` counts the base currency for spot and contracts otherwise; `volCcy24h` the quote currency for spot and the
 * base currency otherwise.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ticker = Schema.Struct({
  instId: Schema.NonEmptyString,
  last: Amount,
  bidPx: Amount,
  askPx: Amount,
  open24h: Amount,
  high24h: Amount,
  low24h: Amount,
  vol24h: Amount,
  volCcy24h: Amount,
  ts: Instant
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Ticker extends Schema.Schema.Type<typeof Ticker> {}

// Price and size come first; what follows (an old zero, a count of orders) differs from one endpoint to the next.
const Level = Schema.Tuple([Decimal.FromString, Decimal.FromString], Schema.Unknown)

/**
 * @since 0.1.0
 * @category schemas
 */
export const Book = Schema.Struct({
  asks: Schema.Array(Level),
  bids: Schema.Array(Level),
  ts: Instant,
  seqId: Schema.optional(Schema.Union(Schema.Number, Schema.String))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Book extends Schema.Schema.Type<typeof Book> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Side = Schema.Literal("buy", "sell")

/**
 * A public trade; its side is the taker's.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Trade = Schema.Struct({
  tradeId: Schema.NonEmptyString,
  px: Decimal.FromString,
  sz: Decimal.FromString,
  side: Side,
  ts: Instant
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Trade extends Schema.Schema.Type<typeof Trade> {}

/**
 * Open time, open, high, low, close and volume (base currency, or contracts), then what is not read here.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Candle = Schema.Tuple(
  [Instant, Decimal.FromString, Decimal.FromString, Decimal.FromString, Decimal.FromString, Decimal.FromString],
  Schema.Unknown
)

/**
 * @since 0.1.0
 * @category models
 */
export type Candle = typeof Candle.Type

/**
 * A maintenance, planned, under way or over.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Maintenance = Schema.Struct({
  title: Schema.String,
  state: Schema.String,
  serviceType: Schema.String,
  env: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Maintenance extends Schema.Schema.Type<typeof Maintenance> {}

/**
 * `perm` is a list such as `read_only,trade`; `ip` is empty for a key that works from anywhere.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AccountConfig = Schema.Struct({ perm: Schema.String, ip: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export interface AccountConfig extends Schema.Schema.Type<typeof AccountConfig> {}

/**
 * Which of its fields are empty depends on the mode of the account.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Balance = Schema.Struct({
  details: Schema.Array(Schema.Struct({
    ccy: Schema.NonEmptyString,
    eq: Schema.optional(Amount),
    cashBal: Schema.optional(Amount),
    availBal: Schema.optional(Amount),
    availEq: Schema.optional(Amount)
  }))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Balance extends Schema.Schema.Type<typeof Balance> {}

/**
 * `pos` counts contracts: below zero for a short one in net mode, never below zero where `posSide` names the side.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Position = Schema.Struct({
  instType: Schema.String,
  instId: Schema.NonEmptyString,
  posSide: Schema.Literal("net", "long", "short"),
  pos: Amount,
  avgPx: Schema.optional(Amount),
  markPx: Schema.optional(Amount),
  liqPx: Schema.optional(Amount),
  lever: Schema.optional(Amount),
  upl: Schema.optional(Amount)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Position extends Schema.Schema.Type<typeof Position> {}

/**
 * What every answer has: errors of the gateway come without `data`, some with a number for a code and an object for
 * `data`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Envelope = Schema.Struct({
  code: Schema.Union(Schema.String, Schema.Number),
  msg: Schema.optional(Schema.Unknown),
  data: Schema.optional(Schema.Unknown)
})
