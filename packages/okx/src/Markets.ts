/**
 * OKX's markets and the units of their sizes.
 *
 * @since 0.1.0
 */
import { Decimal, type Market } from "@effect-exchange/core"
import type { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import type * as Rows from "./Rows.js"

type Instrument = Wire.Type<typeof Rows.Instrument>

/**
 * Returns the currencies and the value of a contract. OKX leaves a contract's currencies empty, but names its
 * underlying.
 */
const worthOf = (
  { inverse, times = Decimal.one, underlying = "", value = Decimal.zero, valueIn }: Instrument
): Terms | undefined => {
  const [, base, quote = ""] = /^([^-]+)-([^-]+)$/.exec(underlying) ?? []
  const multiplier = BigDecimal.multiply(value, times)
  return base === undefined || !BigDecimal.isPositive(multiplier) || valueIn !== (inverse ? quote : base)
    ? undefined
    : { base, quote, inverse, multiplier }
}

/**
 * Reads a market. Returns `undefined` for a market that is not supported (options), and for contracts that are worth
 * neither an amount of the base currency nor, if inverse, of the quote currency.
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
    // When a contract is to be delisted, `expTime` is the time of that. The date in the name remains.
    ...kind === "spot" ? {} : { settle, expiry: /-(\d{6})$/.exec(id)?.[1] ?? expiry },
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

/**
 * Returns the value of one unit of OKX's size as an amount. OKX sizes contracts in contracts. One linear contract is
 * worth `multiplier` of the base currency. Amounts of inverse contracts are also numbers of contracts here.
 *
 * @since 0.1.0
 * @category sizes
 */
export const unit = ({ inverse, multiplier = Decimal.one }: Counted): BigDecimal.BigDecimal =>
  inverse === true ? Decimal.one : multiplier
