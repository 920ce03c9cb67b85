import { matching } from "../../internal/fields.js"
import type { Input } from "../../internal/inputs.js"
import { columns, type Json } from "../../internal/json.js"
import { catalogue, type Coin, list, type Listed, type Terms } from "../../internal/listed.js"

// The expiry that Deribit sends for instruments that never expire.
const never = 32_503_708_800_000

// For each series: the kind, the suffix of the instrument name, the suffix of the symbol, and the expiry.
const series = {
  spot: ["spot", "", "", never],
  perpetual: ["perpetual", "-PERPETUAL", "", never],
  june30: ["future", "-28JUN30", "-300628", 1_908_864_000_000]
} as const

const listed = (
  base: Coin,
  quote: string,
  tick: string,
  lot: string,
  of: keyof typeof series = "spot",
  tickSteps?: Terms["tickSteps"]
) => {
  const [kind, name, term, expiresAt] = series[of]
  const id = `${quote === "USD" ? base : `${base}_${quote}`}${name}`
  const fees = { makerFee: "0", takerFee: "0.0005" }
  return { ...list({ id, kind, base, quote, term, tick, tickSteps, lot, crossing: "slides", ...fees }), expiresAt }
}

/**
 * @internal A Deribit instrument. Its amounts are those of the engine: USD for inverse contracts, otherwise the base
 * currency.
 */
export type DeribitListing = ReturnType<typeof listed>

/** @internal All instruments of the simulated Deribit. */
export const listings = [
  listed("BTC", "USD", "0.5", "10", "perpetual"),
  listed("ETH", "USD", "0.05", "1", "perpetual"),
  listed("BTC", "USD", "2.5", "10", "june30"),
  listed("BTC", "USDC", "0.5", "0.0001", "perpetual"),
  listed("ETH", "USDC", "0.05", "0.001", "perpetual"),
  listed("SOL", "USDC", "0.01", "0.1", "perpetual", [{ fromPrice: "1000", tick: "0.05" }]),
  listed("BTC", "USDT", "0.5", "0.001", "perpetual"),
  listed("BTC", "USDC", "2.5", "0.0001", "june30"),
  listed("BTC", "USDC", "1", "0.0001"),
  listed("ETH", "USDC", "0.1", "0.001"),
  listed("BTC", "USDT", "1", "0.0001"),
  listed("ETH", "USDT", "0.1", "0.001"),
  listed("XRP", "USDT", "0.0001", "1"),
  listed("ETH", "BTC", "0.00001", "0.001")
]

/** @internal */
export const { events, fills, find, open, order, orders, positions } = catalogue(listings)

// Deribit counts perpetuals as futures.
const kindOf = ({ terms }: DeribitListing): string => terms.kind === "spot" ? "spot" : "future"

type Of = Pick<Listed<DeribitListing>, "listing">

/**
 * @internal The parameters that filter lists. An instrument matches its settlement currency, and a spot pair also its
 * base currency.
 */
export const marketOf = {
  currency: ({ listing: { terms } }: Of) => ["any", terms.settle, ...terms.kind === "spot" ? [terms.base] : []],
  kind: ({ listing }: Of) => ["any", kindOf(listing)],
  instrument_name: ({ listing }: Of) => listing.id
}

/** @internal */
export const isAsked = matching<Of>(marketOf)

/** @internal */
export const asked = (input: Input) => listings.filter((listing) => isAsked(input)({ listing }))

/** @internal Returns an id with the settlement currency of the instrument as its prefix, except for bitcoin. */
export const idOf = (instrument: string, number: number): string => {
  const { settle = "BTC" } = find(instrument)?.terms ?? {}
  return settle === "BTC" ? String(number) : `${settle}-${number}`
}

/** @internal Encodes an instrument as `public/get_instruments` returns it. */
export const row = (listing: DeribitListing): Json => {
  const { base, inverse, kind, lotSize, makerFee, quote, settle, takerFee, tickSize, tickSizeSteps = [] } =
    listing.terms
  const settlement_period = kind === "perpetual" ? "perpetual" : "month"
  return {
    instrument_name: listing.id,
    instrument_type: inverse ? "reversed" : "linear",
    kind: kindOf(listing),
    base_currency: base,
    ...columns("counter_currency quote_currency", quote),
    ...kind === "spot" ? {} : { settlement_currency: settle, settlement_period },
    tick_size: tickSize,
    tick_size_steps: tickSizeSteps.map(({ fromPrice, tickSize }) => ({ above_price: fromPrice, tick_size: tickSize })),
    ...columns("contract_size min_trade_amount", lotSize),
    maker_commission: makerFee,
    taker_commission: takerFee,
    expiration_timestamp: listing.expiresAt,
    is_active: true,
    state: "open"
  }
}
