/**
 * What BitMEX sends, field by field as on the wire. Numbers are JSON numbers; a field that would be null may be left out,
 * so everything but keys is optional.
 *
 * @since 0.1.0
 */
import * as Decimal from "@effect-exchange/core/Decimal"
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
