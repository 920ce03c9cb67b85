/**
 * A market as its exchange lists it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ExchangeSymbol } from "./ExchangeSymbol.js"

/**
 * What kind of thing is traded.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = typeof Kind.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Kind = Schema.Literal("spot", "perpetual", "future")

/**
 * Whether orders are taken now. `unknown` is a status this library has not heard of: exchanges add some.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Status = Schema.Literal("open", "halted", "closed", "unknown")

/**
 * One market: `id` is the exchange's own name for it, `symbol` ours. `tickSize` is the step of prices, in the quote
 * currency, and `lotSize` the step of amounts, in the base currency (in contracts where they are inverse); both are left
 * out where the exchange sets no step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Market extends Schema.Schema.Type<typeof Market> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Market = Schema.Struct({
  symbol: ExchangeSymbol,
  id: Schema.NonEmptyString,
  kind: Kind,
  status: Status,
  base: Schema.NonEmptyString,
  quote: Schema.NonEmptyString,
  tickSize: Schema.optional(Schema.PositiveBigDecimalFromSelf),
  lotSize: Schema.optional(Schema.PositiveBigDecimalFromSelf)
})
