/**
 * A market as its exchange lists it.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
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
    ? market.multiplier === undefined ? amount : Decimal.of(BigDecimal.multiply(amount, market.multiplier))
    : Decimal.of(BigDecimal.multiply(amount, price))

/**
 * A price as text, in the market's tick: rounded to the nearest multiple of it, half away from zero, with as many places
 * as the tick has. As it is where the market has no tick.
 *
 * **Gotchas**
 *
 * For people to read. What is ordered at is `OrderCheck`'s to round, in the order's favour.
 *
 * @since 0.1.0
 * @category formatting
 */
export const formatPrice = (market: Pick<Market, "tickSize">, price: BigDecimal.BigDecimal): string =>
  inSteps(market.tickSize, price, (twice, step) => !BigDecimal.lessThan(twice, step))

/**
 * An amount as text, in the market's lots: what is beyond a whole lot is cut off, so that it never says more than there
 * is, with as many places as the lot has. As it is where the market has no lot.
 *
 * @since 0.1.0
 * @category formatting
 */
export const formatAmount = (market: Pick<Market, "lotSize">, amount: BigDecimal.BigDecimal): string =>
  inSteps(market.lotSize, amount, () => false)

const inSteps = (
  step: BigDecimal.BigDecimal | undefined,
  value: BigDecimal.BigDecimal,
  isNext: (twiceTheRest: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal) => boolean
): string => {
  if (step === undefined) return Decimal.format(value)
  const rest = BigDecimal.unsafeRemainder(value, step)
  const inner = BigDecimal.subtract(value, rest)
  const outer = BigDecimal.isNegative(value) ? BigDecimal.subtract(inner, step) : BigDecimal.sum(inner, step)
  const places = Math.max(0, BigDecimal.normalize(step).scale)
  const twice = BigDecimal.abs(BigDecimal.sum(rest, rest))
  return Decimal.format(BigDecimal.scale(isNext(twice, step) ? outer : inner, places))
}
