import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type * as Dialect from "../Dialect.js"
import type * as Market from "../engine/Market.js"
import { PriceRejected } from "../SimulatorError.js"

/**
 * Reads the price of a market, which is named by the exchange's own name or by its symbol.
 *
 * @internal
 */
export const price = (
  dialect: Dialect.Dialect,
  market: string,
  last: string
): Either.Either<readonly [Market.Listing, BigDecimal.BigDecimal], PriceRejected> => {
  const reject = (reason: PriceRejected["reason"]) =>
    Either.left(new PriceRejected({ exchange: dialect.id, market, last, reason }))
  const listing = dialect.listings.find(({ id, symbol }) => id === market || symbol === market)
  if (listing === undefined) return reject("UnknownMarket")
  const value = positive(last)
  if (value === null) return reject("NotPositive")
  return BigDecimal.isZero(BigDecimal.unsafeRemainder(value, listing.tickSize))
    ? Either.right([listing, value])
    : reject("OffTick")
}

/**
 * Reads plain digits above zero. Returns `null` for any other text.
 *
 * @internal
 */
export const positive = (text: string): BigDecimal.BigDecimal | null => {
  const value = /^\d{1,20}(\.\d{1,20})?$/.test(text) ? BigDecimal.unsafeFromString(text) : null
  return value !== null && BigDecimal.isPositive(value) ? value : null
}
