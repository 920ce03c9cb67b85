/**
 * Open positions in contracts (perpetuals and futures).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"

/**
 * A position. `amount` is above zero and in the base currency (in contracts for inverse markets). `unrealizedPnl` is in
 * the settlement currency of the contract. Fields that the exchange does not report are left out, such as the
 * liquidation price of a position that has none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Position extends Schema.Schema.Type<typeof Position> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Position = Schema.Struct({
  exchange: Schema.NonEmptyString,
  symbol: ExchangeSymbol,
  side: Schema.Literal("long", "short"),
  amount: Decimal.FromString,
  entryPrice: Schema.optional(Decimal.FromString),
  markPrice: Schema.optional(Decimal.FromString),
  liquidationPrice: Schema.optional(Decimal.FromString),
  leverage: Schema.optional(Decimal.FromString),
  unrealizedPnl: Schema.optional(Decimal.FromString)
})
