/**
 * The rolling 24 hours of a market, and its top of book.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"

/**
 * A ticker: prices in the market's quote currency. A side of the book that is empty, or a market that has not traded,
 * leaves its field out. `change24h` is a ratio (`0.025` is +2.5 %). `volume24h` is in the base currency for spot markets
 * and left out where the exchange counts contracts. `at` is the exchange's own instant in epoch milliseconds where it
 * gives one, else the instant of receipt.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ticker extends Schema.Schema.Type<typeof Ticker> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Ticker = Schema.Struct({
  exchange: Schema.NonEmptyString,
  symbol: ExchangeSymbol,
  last: Schema.optional(Decimal.FromString),
  bid: Schema.optional(Decimal.FromString),
  ask: Schema.optional(Decimal.FromString),
  open24h: Schema.optional(Decimal.FromString),
  high24h: Schema.optional(Decimal.FromString),
  low24h: Schema.optional(Decimal.FromString),
  volume24h: Schema.optional(Decimal.FromString),
  at: Schema.NonNegativeInt
})

/**
 * The change over 24 hours as a ratio, rounded to six places; none without both prices.
 *
 * @since 0.1.0
 * @category getters
 */
export const change24h = (ticker: Ticker): Option.Option<BigDecimal.BigDecimal> =>
  ticker.last === undefined || ticker.open24h === undefined
    ? Option.none()
    : Option.map(
      BigDecimal.divide(BigDecimal.subtract(ticker.last, ticker.open24h), ticker.open24h),
      (ratio) => Decimal.of(BigDecimal.round(ratio, { scale: 6, mode: "half-even" }))
    )
