/**
 * What Bybit sends of public data and of keys, field by field as on the wire. Fields that nothing here reads are left
 * out; {@link OrBlank} marks those that may be `""` or `null` where they do not apply.
 *
 * Source: Bybit API v5 documentation, "Market", "User", "Get System Status".
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import { LenientArray } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"

/**
 * What a request is about; a name is unique within one only. Options are left out.
 *
 * @since 0.1.0
 * @category models
 */
export type Category = typeof Category.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Category = Schema.Literal("spot", "linear", "inverse")

/**
 * A field that is `""`, `null` or missing where it does not apply.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrBlank = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optional(Schema.Union(schema, Schema.Literal(""), Schema.Null))

/**
 * The value of such a field, if it has one.
 *
 * @since 0.1.0
 * @category getters
 */
export const given = <A>(value: A | "" | null | undefined): A | undefined =>
  value === "" || value === null ? undefined : value

/**
 * Epoch milliseconds as a string.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Millis: Schema.Schema<number, string> = Schema.compose(
  Schema.String.pipe(Schema.pattern(/^\d{1,15}$/)),
  Schema.NumberFromString
)

/**
 * The result of a call that succeeded: `retMsg` differs from route to route and says nothing.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = <A, I>(
  result: Schema.Schema<A, I>
): Schema.Schema<A, { readonly retCode: 0; readonly result: I }> =>
  // Not `Schema.pluck`, which looks at nothing else.
  Schema.transform(Schema.Struct({ retCode: Schema.Literal(0), result }), Schema.typeSchema(result), {
    strict: true,
    decode: ({ result }) => result,
    encode: (result) => ({ retCode: 0 as const, result })
  })

/**
 * A result together with the exchange's clock.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Timed = <A, I>(result: Schema.Schema<A, I>) =>
  Schema.Struct({ retCode: Schema.Literal(0), result, time: Schema.NonNegativeInt })

/**
 * The exchange's clock in epoch milliseconds, which every answer carries.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ServerTime = Schema.transform(Timed(Schema.Unknown), Schema.NonNegativeInt, {
  strict: true,
  decode: ({ time }) => time,
  encode: (time) => ({ retCode: 0 as const, result: {}, time })
})

/**
 * The cursor of the next page. It comes percent-encoded (`page_args%3D…%26`) and is sent back as it came: decoded here,
 * it is encoded again like every other parameter.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Cursor: Schema.Schema<string, string> = Schema.transform(Schema.String, Schema.String, {
  strict: true,
  decode: (text) => /%(?![0-9A-Fa-f]{2})/.test(text) ? text : decodeAscii(text),
  encode: (text) => text
})

// `decodeURIComponent` throws at bytes that are not UTF-8; cursors are ASCII.
const decodeAscii = (text: string): string =>
  text.replace(/%([2-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/**
 * One page of a list.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Page = <A, I>(list: Schema.Schema<ReadonlyArray<A>, I>) =>
  Schema.Struct({ list, nextPageCursor: OrBlank(Cursor) })

const Price = OrBlank(Decimal.FromString)

/**
 * A row of `instruments-info`, of spot (`basePrecision`, `minOrderAmt`, no `contractType`) or of contracts.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Instrument = Schema.Struct({
  symbol: Schema.NonEmptyString,
  status: Schema.String,
  baseCoin: Schema.NonEmptyString,
  quoteCoin: Schema.NonEmptyString,
  contractType: OrBlank(Schema.String),
  settleCoin: OrBlank(Schema.String),
  deliveryTime: OrBlank(Millis),
  priceFilter: Schema.Struct({ tickSize: Price, minPrice: Price, maxPrice: Price }),
  lotSizeFilter: Schema.Struct({
    basePrecision: Price,
    minOrderAmt: Price,
    maxLimitOrderQty: Price,
    qtyStep: Price,
    minNotionalValue: Price,
    minOrderQty: Price,
    maxOrderQty: Price
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Instrument extends Schema.Schema.Type<typeof Instrument> {}

/**
 * A row of `tickers`. It has no time of its own: that of the answer is meant.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ticker = Schema.Struct({
  symbol: Schema.NonEmptyString,
  lastPrice: Price,
  bid1Price: Price,
  ask1Price: Price,
  prevPrice24h: Price,
  highPrice24h: Price,
  lowPrice24h: Price,
  volume24h: Price,
  turnover24h: Price
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Ticker extends Schema.Schema.Type<typeof Ticker> {}

const Level = Schema.Tuple(Decimal.FromString, Decimal.FromString)

/**
 * `ts` is when the picture was made, `cts` when the matching engine made it; `u` numbers the states of the book.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrderBook = Schema.Struct({
  s: Schema.String,
  b: Schema.Array(Level),
  a: Schema.Array(Level),
  ts: Schema.NonNegativeInt,
  cts: Schema.optional(Schema.NonNegativeInt),
  u: Schema.Int
})

/**
 * @since 0.1.0
 * @category models
 */
export interface OrderBook extends Schema.Schema.Type<typeof OrderBook> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Side = Schema.Literal("Buy", "Sell")

/**
 * A public trade; `side` is the taker's.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Trade = Schema.Struct({
  execId: Schema.NonEmptyString,
  price: Decimal.FromString,
  size: Decimal.FromString,
  side: Side,
  time: Millis
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Trade extends Schema.Schema.Type<typeof Trade> {}

/**
 * A bar: start, open, high, low, close, volume, and the turnover, which nothing here reads.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Kline = Schema.Tuple(
  [Millis, Decimal.FromString, Decimal.FromString, Decimal.FromString, Decimal.FromString, Decimal.FromString],
  Schema.Unknown
)

/**
 * @since 0.1.0
 * @category models
 */
export type Kline = typeof Kline.Type

/**
 * An announced interruption. `product`: 1 futures, 2 spot. `serviceTypes`: 1 trading, 2 trading by HTTP, 5 market data;
 * the others are about WebSocket. `uidSuffix` is not empty when only some users are concerned, `env` 2 is the demo.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Interruption = Schema.Struct({
  title: OrBlank(Schema.String),
  state: Schema.String,
  product: Schema.optional(Schema.Array(Schema.Unknown)),
  serviceTypes: Schema.optional(Schema.Array(Schema.Unknown)),
  uidSuffix: Schema.optional(Schema.Array(Schema.Unknown)),
  env: Schema.optional(Schema.Unknown)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Interruption extends Schema.Schema.Type<typeof Interruption> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const SystemStatus = Schema.Struct({ list: LenientArray.LenientArray(Interruption) })

/**
 * The key in use. With `readOnly` 1 the permissions it names mean reading. `expiredAt` is of 1970 where it never
 * expires.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ApiKey = Schema.Struct({
  readOnly: Schema.Literal(0, 1),
  permissions: Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }),
  ips: Schema.Array(Schema.String),
  expiredAt: OrBlank(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ApiKey extends Schema.Schema.Type<typeof ApiKey> {}

/**
 * The envelope of an error. The result may be `{}` or `null`, so it is not looked at.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody = Schema.Struct({
  retCode: Schema.Int,
  retMsg: Schema.optional(Schema.NullOr(Schema.String)),
  time: Schema.optional(Schema.Unknown)
})
