/**
 * Deribit's markets, and what is counted in them.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import type { Row, Wire } from "@effect-exchange/core/adapter"
import type * as Rows from "./Rows.js"

const one = Decimal.make("1")

/**
 * Reads a market. Amounts are in the base currency, those of inverse contracts in dollars, which is what one of them is worth
 * here.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = ({ expiry, inverse, settle, ...row }: Wire.Type<typeof Rows.Instrument>): Row.Market =>
  row.kind === "spot" ? row : { ...row, settle, expiry, inverse, multiplier: inverse ? one : row.lotSize }

/**
 * Tells whether a market's name is that of an option or of a combination, of which nothing is listed here: what is said of one
 * is left out.
 *
 * @since 0.1.0
 * @category names
 */
export const isLeftOut = (name: string): boolean => /-[CP]$|^[^-]+-[A-Z]+-/.test(name)
