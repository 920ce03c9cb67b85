/**
 * Tickers: the rolling 24 hours of a market and its best bid and ask.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { Instant } from "./internal/leaves.js"

/**
 * A ticker. Prices are in the market's quote currency. A field without a value is left out: `bid` or `ask` if that side
 * of the book is empty, `last` if the market has not traded.
 *
 * - `volume24h`: in the base currency, for contracts too, inverse ones included.
 * - `at`: the exchange's own timestamp in epoch milliseconds if it sends one, otherwise the time of receipt.
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
  at: Instant
})

/**
 * Returns the price change over 24 hours as a ratio (`0.025` is +2.5 %), rounded to six decimal places, half to even.
 * None if the last price or the price 24 hours ago is missing.
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
