/**
 * What something is worth now, and who says so.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"

/**
 * A price: `amount` of `currency` (the market's quote currency) for one unit of the base currency. `basis` says which
 * price it is: of the last trade, or midway between bid and ask where the market has not traded. `source` is the
 * exchange, and `observedAt` the instant it speaks of in epoch milliseconds.
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
  basis: Schema.Literal("last", "mid"),
  source: Schema.NonEmptyString,
  observedAt: Schema.NonNegativeInt
})
