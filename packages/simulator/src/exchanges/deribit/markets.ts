import type * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import { matching } from "../../internal/fields.js"
import type { Input } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { catalogue, type Coin, list, type Listed, type Terms } from "../../internal/listed.js"

/** @internal */
export const fees = { makerFee: "0", takerFee: "0.0005" }

// The expiry that Deribit sends for instruments that never expire.
const never = 32_503_708_800_000

// For each series: the kind, the suffix of the instrument name, the suffix of the symbol, and the expiry.
const series = {
  spot: ["spot", "", "", never],
  perpetual: ["perpetual", "-PERPETUAL", "", never],
  june30: ["future", "-28JUN30", "-300628", 1_908_864_000_000],
  march24: ["future", "-29MAR24", "-240329", 1_711_699_200_000]
} as const

type Series = keyof typeof series

const listed = (
  number: number,
  base: Coin,
  quote: string,
  tick: string,
  lot: string,
  of: Series = "spot",
  tickSteps?: Terms["tickSteps"]
) => {
  const [kind, name, term, expiresAt] = series[of]
  const id = `${quote === "USD" ? base : `${base}_${quote}`}${name}`
  const traded = of !== "march24"
  const terms = { id, kind, base, quote, term, tick, tickSteps, lot, traded, crossing: "slides", ...fees } as const
  return { ...list(terms), number, expiresAt }
}

/**
 * @internal A Deribit instrument. Its amounts are those of the engine: USD for inverse contracts, otherwise the base
 * currency.
 */
export type DeribitListing = ReturnType<typeof listed>

/** @internal All instruments of the simulated Deribit. One future has expired and is not traded. */
export const listings = [
  listed(124_972, "BTC", "USD", "0.5", "10", "perpetual"),
  listed(124_973, "ETH", "USD", "0.05", "1", "perpetual"),
  listed(250_001, "BTC", "USD", "2.5", "10", "june30"),
  listed(250_002, "BTC", "USD", "2.5", "10", "march24"),
  listed(250_003, "BTC", "USDC", "0.5", "0.0001", "perpetual"),
  listed(250_004, "ETH", "USDC", "0.05", "0.001", "perpetual"),
  listed(250_005, "SOL", "USDC", "0.01", "0.1", "perpetual", [{ fromPrice: "1000", tick: "0.05" }]),
  listed(250_006, "BTC", "USDT", "0.5", "0.001", "perpetual"),
  listed(250_007, "BTC", "USDC", "2.5", "0.0001", "june30"),
  listed(250_008, "BTC", "USDC", "1", "0.0001"),
  listed(250_009, "ETH", "USDC", "0.1", "0.001"),
  listed(250_010, "BTC", "USDT", "1", "0.0001"),
  listed(250_011, "ETH", "USDT", "0.1", "0.001"),
  listed(250_012, "XRP", "USDT", "0.0001", "1"),
  listed(250_013, "ETH", "BTC", "0.00001", "0.001")
]

/** @internal */
export const { events, fills, find, live, open, order, orders, positions } = catalogue(listings)

// Deribit counts perpetuals as futures.
const kindOf = ({ terms }: DeribitListing): string => terms.kind === "spot" ? "spot" : "future"

/**
 * @internal The parameters that filter lists. An instrument matches its settlement currency, and a spot pair also its
 * base currency.
 */
export const marketOf = {
  currency: ({ listing: { terms } }: Of) => ["any", terms.settle, ...terms.kind === "spot" ? [terms.base] : []],
  kind: ({ listing }: Of) => ["any", kindOf(listing)],
  instrument_name: ({ listing }: Of) => listing.id
}

type Of = Pick<Listed<DeribitListing>, "listing">

/** @internal */
export const isAsked = matching<Of>(marketOf)

/** @internal */
export const asked = (input: Input) => listings.filter((listing) => isAsked(input)({ listing }))

/** @internal Converts an amount to contracts. */
export const contracts = ({ terms }: DeribitListing, amount: BigDecimal.BigDecimal) =>
  Decimal.ratio(amount, terms.lotSize, 8)

/** @internal Returns an id with the settlement currency of the instrument as its prefix, except for bitcoin. */
export const idOf = (instrument: string, number: number): string => {
  const { settle = "BTC" } = find(instrument)?.terms ?? {}
  return settle === "BTC" ? String(number) : `${settle}-${number}`
}

const block = { block_trade_commission: 0.00025, block_trade_min_trade_amount: 200_000, block_trade_tick_size: 0.01 }

/** @internal Encodes an instrument as `public/get_instruments` returns it. */
export const row = (listing: DeribitListing): Json => {
  const { base, inverse, kind, lotSize, makerFee, quote, settle, takerFee, tickSize } = listing.terms
  const steps = (listing.terms.tickSizeSteps ?? []).map((step) => ({
    above_price: step.fromPrice,
    tick_size: step.tickSize
  }))
  const [type, is_active] = [inverse ? "reversed" : "linear", listing.instrument !== undefined]
  const named = { instrument_name: listing.id, instrument_id: listing.number, instrument_type: type }
  const sizes = { tick_size: tickSize, tick_size_steps: steps, contract_size: lotSize, min_trade_amount: lotSize }
  const currencies = { base_currency: base, counter_currency: quote, quote_currency: quote }
  const costs = { maker_commission: makerFee, taker_commission: takerFee, ...block }
  const times = { expiration_timestamp: listing.expiresAt, creation_timestamp: 1_534_167_754_000, is_active }
  const of = { kind: kindOf(listing), price_index: `${base}_${quote}`.toLowerCase() }
  const period = { settlement_period: kind === "perpetual" ? "perpetual" : "month", settlement_currency: settle }
  const contract = { ...period, future_type: type, max_leverage: 50, max_liquidation_commission: 0.0075 }
  const all = { ...named, ...of, ...sizes, ...currencies, ...costs, ...times, state: is_active ? "open" : "archivized" }
  return kind === "spot" ? all : { ...all, ...contract }
}
