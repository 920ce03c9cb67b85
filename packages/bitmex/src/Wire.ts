/**
 * What BitMEX sends, field by field as on the wire. Numbers are JSON numbers; a field that would be null may be left out,
 * so everything but keys is optional.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import * as Schema from "effect/Schema"

const absent = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Instrument = Schema.Struct({
  symbol: Schema.NonEmptyString,
  typ: Schema.String,
  state: Schema.String,
  underlying: absent(Schema.String),
  quoteCurrency: absent(Schema.String),
  settlCurrency: absent(Schema.String),
  expiry: absent(Schema.String),
  isInverse: absent(Schema.Boolean),
  tickSize: absent(Decimal.FromNumber),
  lotSize: absent(Decimal.FromNumber),
  underlyingToPositionMultiplier: absent(Decimal.FromNumber),
  underlyingToSettleMultiplier: absent(Decimal.FromNumber),
  maxOrderQty: absent(Schema.Number),
  maxPrice: absent(Decimal.FromNumber),
  lastPrice: absent(Decimal.FromNumber),
  bidPrice: absent(Decimal.FromNumber),
  askPrice: absent(Decimal.FromNumber),
  prevPrice24h: absent(Decimal.FromNumber),
  highPrice: absent(Decimal.FromNumber),
  lowPrice: absent(Decimal.FromNumber),
  homeNotional24h: absent(Decimal.FromNumber),
  timestamp: Schema.DateTimeUtc
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Instrument extends Schema.Schema.Type<typeof Instrument> {}

/**
 * One level of one side of the book. A level without a price has been seen.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BookLevel = Schema.Struct({
  side: Schema.Literal("Buy", "Sell"),
  size: Decimal.FromNumber,
  price: absent(Decimal.FromNumber)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface BookLevel extends Schema.Schema.Type<typeof BookLevel> {}

/**
 * A public trade; `side` is the taker's. The prints of an index are in the same table, without a side or a size.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Trade = Schema.Struct({
  trdMatchID: Schema.NonEmptyString,
  side: absent(Schema.String),
  size: absent(Decimal.FromNumber),
  price: absent(Decimal.FromNumber),
  timestamp: Schema.DateTimeUtc
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Trade extends Schema.Schema.Type<typeof Trade> {}

/**
 * What was traded in an interval; `timestamp` is when the interval ENDS, and `open` the close of the one before. Where
 * nothing was traded there are no prices.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Bucket = Schema.Struct({
  timestamp: Schema.DateTimeUtc,
  open: absent(Decimal.FromNumber),
  high: absent(Decimal.FromNumber),
  low: absent(Decimal.FromNumber),
  close: absent(Decimal.FromNumber),
  volume: absent(Decimal.FromNumber)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Bucket extends Schema.Schema.Type<typeof Bucket> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Announcement = Schema.Struct({ title: absent(Schema.String) })

/**
 * A currency the account can hold: `currency` is the case-sensitive code of its minor unit, `scale` how many decimal
 * places that is of the asset.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WalletAsset = Schema.Struct({
  asset: Schema.NonEmptyString,
  currency: Schema.NonEmptyString,
  scale: Schema.Int.pipe(Schema.between(0, 30))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface WalletAsset extends Schema.Schema.Type<typeof WalletAsset> {}

/**
 * Whole numbers of the currency's minor unit.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Margin = Schema.Struct({
  currency: Schema.NonEmptyString,
  marginBalance: Schema.Int,
  availableMargin: Schema.Int
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Margin extends Schema.Schema.Type<typeof Margin> {}

/**
 * `permissions` holds `order`, `orderCancel` and `withdraw`, and may hold things that are no strings.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ApiKey = Schema.Struct({
  id: Schema.String,
  permissions: Schema.Array(Schema.Unknown),
  enabled: absent(Schema.Boolean),
  cidr: absent(Schema.String),
  cidrs: absent(Schema.Array(Schema.Unknown))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ApiKey extends Schema.Schema.Type<typeof ApiKey> {}

/**
 * The body of an error.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody = Schema.Struct({ error: Schema.Struct({ message: Schema.String, name: Schema.String }) })

/**
 * An order that was refused, though the answer is a success.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Rejected = Schema.Struct({
  ordStatus: Schema.Literal("Rejected"),
  ordRejReason: absent(Schema.String),
  text: absent(Schema.String)
})

/**
 * Cancellations that all failed, though the answer is a success.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Failed = Schema.NonEmptyArray(Schema.Struct({ error: Schema.NonEmptyString }))
