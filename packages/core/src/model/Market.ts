/**
 * Markets, as an exchange lists them.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { PositiveDecimal } from "./internal/leaves.js"

/**
 * The kind of a market.
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
 * The trading status of a market: whether it accepts orders now. `unknown` is a status that this library does not know;
 * exchanges add new ones.
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
 * A market. `id` is the exchange's own name for it, `symbol` the name in this library.
 *
 * Amounts are in the base currency, except for inverse contracts: their amounts are in contracts, each worth
 * `multiplier` units of the quote currency. For other contracts, `multiplier` is the size of one contract in the base
 * currency.
 *
 * `tickSize` is the step of prices, and `lotSize` the step of amounts. Where the step depends on the price,
 * `tickSizeSteps` are the steps from higher prices on, lowest first, and `tickSize` holds below the first of them; use
 * {@link tickSizeAt}. `minAmount` and `maxAmount` bound the amount of an order, `minPrice` and `maxPrice` its price, and
 * `minNotional` is the lower bound of price times amount, except for reduce-only orders. Each is left out if the
 * exchange does not set it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Market extends Schema.Schema.Type<typeof Market> {}

/**
 * The step of prices from a price on.
 *
 * @since 0.1.0
 * @category models
 */
export interface TickSizeStep extends Schema.Schema.Type<typeof TickSizeStep> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const TickSizeStep = Schema.Struct({ fromPrice: PositiveDecimal, tickSize: PositiveDecimal })

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
  tickSize: Schema.optional(PositiveDecimal),
  tickSizeSteps: Schema.optional(Schema.Array(TickSizeStep)),
  lotSize: Schema.optional(PositiveDecimal),
  minAmount: Schema.optional(PositiveDecimal),
  maxAmount: Schema.optional(PositiveDecimal),
  minPrice: Schema.optional(PositiveDecimal),
  maxPrice: Schema.optional(PositiveDecimal),
  minNotional: Schema.optional(PositiveDecimal),
  settle: Schema.optional(Schema.NonEmptyString),
  inverse: Schema.optional(Schema.Boolean),
  multiplier: Schema.optional(PositiveDecimal)
})

/**
 * Returns the value of an amount at a price, in the quote currency.
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
 * The members of a market that say which prices it accepts.
 *
 * @since 0.1.0
 * @category models
 */
export interface TickSizes extends Pick<Market, "tickSize" | "tickSizeSteps"> {}

/**
 * Returns the tick size of a market at a price, or `undefined` if the exchange does not set one.
 *
 * @since 0.1.0
 * @category getters
 */
export const tickSizeAt = (
  { tickSize, tickSizeSteps = [] }: TickSizes,
  price: BigDecimal.BigDecimal
): BigDecimal.BigDecimal | undefined => {
  const size = BigDecimal.abs(price)
  return tickSizeSteps.findLast(({ fromPrice }) => !BigDecimal.lessThan(size, fromPrice))?.tickSize ?? tickSize
}

/**
 * Returns the tick sizes of a market that limits the significant digits of its prices, for prices below 10^12. For
 * authors of exchanges.
 *
 * @example
 * import { Market } from "@effect-exchange/core"
 *
 * const bitfinex = Market.significantDigits({ digits: 5, decimals: 8 }) // accepts 0.012345, 6432.1 and 64321
 * const hyperliquid = Market.significantDigits({ digits: 5, decimals: 1, wholePrices: true }) // also 123456
 *
 * @since 0.1.0
 * @category constructors
 */
export const significantDigits = ({ decimals, digits, wholePrices = false }: {
  /** The maximum number of significant digits, at least 1. */
  readonly digits: number
  /** The maximum number of decimal places, at least 0. */
  readonly decimals: number
  /** Whether every whole price is accepted, however many digits it has. Defaults to `false`. */
  readonly wholePrices?: boolean | undefined
}): Required<TickSizes> => {
  const largest = wholePrices ? 0 : Math.max(0, 12 - digits)
  return {
    tickSize: powerOfTen(-decimals),
    tickSizeSteps: Array.from({ length: decimals + largest }, (_, index) => {
      const exponent = index + 1 - decimals
      return { fromPrice: powerOfTen(exponent + digits - 1), tickSize: powerOfTen(exponent) }
    })
  }
}

const powerOfTen = (exponent: number): BigDecimal.BigDecimal =>
  Decimal.of(BigDecimal.make(10n ** BigInt(Math.max(0, exponent)), Math.max(0, -exponent)))

/**
 * Formats a price in the market's tick size: rounded to the nearest tick, half away from zero, with as many decimal
 * places as the tick. A market without a tick size leaves the price as it is.
 *
 * **Gotchas**
 *
 * This is for display. An order with `round: true` rounds its price in its own favour instead.
 *
 * @since 0.1.0
 * @category formatting
 */
export const formatPrice = (market: TickSizes, price: BigDecimal.BigDecimal): string =>
  inSteps((price) => tickSizeAt(market, price), price, (twice, step) => !BigDecimal.lessThan(twice, step))

/**
 * Formats an amount in the market's lot size: rounded towards zero to a whole lot, so that it never shows more than
 * there is, with as many decimal places as the lot. A market without a lot size leaves the amount as it is.
 *
 * @since 0.1.0
 * @category formatting
 */
export const formatAmount = (market: Pick<Market, "lotSize">, amount: BigDecimal.BigDecimal): string =>
  inSteps(() => market.lotSize, amount, () => false)

const inSteps = (
  stepAt: (value: BigDecimal.BigDecimal) => BigDecimal.BigDecimal | undefined,
  value: BigDecimal.BigDecimal,
  isNext: (twiceTheRest: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal) => boolean
): string => {
  const step = stepAt(value)
  if (step === undefined) return Decimal.format(value)
  const rest = BigDecimal.unsafeRemainder(value, step)
  const inner = BigDecimal.subtract(value, rest)
  const outer = BigDecimal.isNegative(value) ? BigDecimal.subtract(inner, step) : BigDecimal.sum(inner, step)
  const twice = BigDecimal.abs(BigDecimal.sum(rest, rest))
  const rounded = isNext(twice, step) ? outer : inner
  // Rounding may reach the prices of the next tick size, which has fewer places.
  return Decimal.format(BigDecimal.scale(rounded, placesOf(stepAt(rounded) ?? step)))
}

const placesOf = (step: BigDecimal.BigDecimal): number => Math.max(0, BigDecimal.normalize(step).scale)
