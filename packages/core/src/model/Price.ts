/**
 * What something is worth now, and who says so.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { Instant } from "./internal/leaves.js"

/**
 * One of the prices that a median is made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source extends Schema.Schema.Type<typeof Source> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Source = Schema.Struct({
  source: Schema.NonEmptyString,
  amount: Decimal.FromString,
  observedAt: Instant
})

/**
 * A source that a median is not made of, and why.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reject extends Schema.Schema.Type<typeof Reject> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Reject = Schema.Struct({ source: Schema.NonEmptyString, reason: Schema.String })

/**
 * A price: `amount` of `currency` (the market's quote currency) for one unit of the base currency. `basis` says which
 * price it is: of the last trade, midway between bid and ask where the market has not traded, or the median of several
 * `sources`, beside which those `rejected` are named. `source` is the exchange, and `observedAt` the instant it speaks of
 * in epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Price extends Schema.Schema.Type<typeof Price> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Price = Schema.Struct({
  symbol: ExchangeSymbol,
  amount: Decimal.FromString,
  currency: Schema.NonEmptyString,
  basis: Schema.Literal("last", "mid", "median"),
  source: Schema.NonEmptyString,
  observedAt: Instant,
  sources: Schema.optional(Schema.Array(Source)),
  rejected: Schema.optional(Schema.Array(Reject))
})
