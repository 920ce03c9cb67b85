/**
 * A market as its exchange lists it.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
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
 * One market: `id` is the exchange's own name for it, `symbol` ours.
 *
 * Amounts are in the base currency; those of inverse contracts are in contracts, each worth `multiplier` units of the
 * quote currency. For other contracts `multiplier` is what one contract is in the base currency. `tickSize` is the step
 * of prices, `lotSize` that of amounts, `minAmount` and `maxAmount` bound an order's amount, `minPrice` and `maxPrice` its
 * price, and `minNotional` is the least price times amount. Each is left out where the exchange sets none.
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
  lotSize: Schema.optional(Schema.PositiveBigDecimalFromSelf),
  minAmount: Schema.optional(Schema.PositiveBigDecimalFromSelf),
  maxAmount: Schema.optional(Schema.PositiveBigDecimalFromSelf),
  minPrice: Schema.optional(Schema.PositiveBigDecimalFromSelf),
  maxPrice: Schema.optional(Schema.PositiveBigDecimalFromSelf),
  minNotional: Schema.optional(Schema.PositiveBigDecimalFromSelf),
  settle: Schema.optional(Schema.NonEmptyString),
  inverse: Schema.optional(Schema.Boolean),
  multiplier: Schema.optional(Schema.PositiveBigDecimalFromSelf)
})

/**
 * What an amount is worth at a price, in the quote currency.
 *
 * @since 0.1.0
 * @category getters
 */
export const notional = (
  market: Pick<Market, "inverse" | "multiplier">,
  amount: BigDecimal.BigDecimal,
  price: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  market.inverse === true
    ? market.multiplier === undefined ? amount : BigDecimal.multiply(amount, market.multiplier)
    : BigDecimal.multiply(amount, price)
