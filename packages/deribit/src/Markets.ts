/**
 * Deribit's markets and the units of their amounts.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import type { Row, Wire } from "@effect-exchange/core/adapter"
import type * as Rows from "./Rows.js"

/**
 * Reads a market. Amounts are in the base currency. The amounts of inverse contracts are in dollars, and here one such
 * contract is worth one dollar.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = ({ expiry, inverse, settle, ...row }: Wire.Type<typeof Rows.Instrument>): Row.Market =>
  row.kind === "spot" ? row : { ...row, settle, expiry, inverse, multiplier: inverse ? Decimal.one : row.lotSize }
