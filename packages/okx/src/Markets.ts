/**
 * OKX's markets, and what their sizes are in.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import type { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import type * as Rows from "./Rows.js"

type Instrument = Wire.Type<typeof Rows.Instrument>

/** What a contract is of and worth: OKX leaves its currencies empty, and what it is on says them. */
const worthOf = (
  { inverse, times = one, underlying = "", value = nothing, valueIn }: Instrument
): Terms | undefined => {
  const [, base, quote = ""] = /^([^-]+)-([^-]+)$/.exec(underlying) ?? []
  const multiplier = BigDecimal.multiply(value, times)
  return base === undefined || !BigDecimal.isPositive(multiplier) || valueIn !== (inverse ? quote : base)
    ? undefined
    : { base, quote, inverse, multiplier }
}

/**
 * Reads a market. One that is not traded here (options), or whose contracts are worth neither an amount of the base currency
 * nor, when inverse, of the quote currency, is left out.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (row: Instrument): Row.Market | undefined => {
  const { base = "", expiry, id, kind, lotSize, maxSize, minSize, quote = "", settle, status, tickSize } = row
  const terms: Terms | undefined = kind === "spot" ? { base, quote } : worthOf(row)
  const amount = (size: BigDecimal.BigDecimal | undefined) => size && BigDecimal.multiply(size, unit(terms ?? {}))
  return terms && {
    ...terms,
    ...kind === "spot" ? {} : { settle, expiry },
    kind,
    id,
    status,
    tickSize,
    lotSize: amount(lotSize),
    minAmount: amount(minSize),
    maxAmount: amount(maxSize)
  }
}

type Counted = Pick<Market.Market, "inverse" | "multiplier">
type Terms = Counted & Pick<Market.Market, "base" | "quote">

const [nothing, one] = [BigDecimal.fromBigInt(0n), BigDecimal.fromBigInt(1n)]

/**
 * Tells what one of OKX's sizes is in our amounts. OKX counts contracts in contracts: linear ones are worth so much of the base
 * currency, inverse ones are counted so here.
 *
 * @since 0.1.0
 * @category sizes
 */
export const unit = ({ inverse, multiplier = one }: Counted): BigDecimal.BigDecimal =>
  inverse === true ? one : multiplier
