/**
 * The current price of a market, with its source.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { Instant } from "./internal/leaves.js"

/**
 * A price that is part of a median.
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
 * A source that was excluded from a median, with the reason.
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
 * A price: `amount` of `currency` (the market's quote currency) for one unit of the base currency.
 *
 * - `basis`: the kind of price. `last` is the price of the last trade, `mid` the midpoint of bid and ask in a market
 *   without trades, and `median` the median of several `sources`, with the `rejected` sources listed too.
 * - `source`: the exchange.
 * - `observedAt`: the instant the price refers to, in epoch milliseconds.
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
