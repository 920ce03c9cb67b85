import * as BigDecimal from "effect/BigDecimal"
import type { Instrument } from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Listing } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"

/** @internal An instrument of Deribit. Its amounts are the engine's: USD where it is inverse, base coins elsewhere. */
export interface DeribitListing extends Listing {
  readonly number: number
  readonly terms: Instrument
  readonly expiresAt: number
}

// Deribit's way to say never.
const never = 32_503_708_800_000

interface Delivery {
  /** As in the instrument's name and in the symbol, for example `28JUN30` and `300628`. */
  readonly names: readonly [id: string, symbol: string]
  readonly at: number
}

const zero = Decimal.zero
const multiplier = Decimal.literal("1")
/** @internal */
export const makerFee = zero
/** @internal */
export const takerFee = Decimal.literal("0.0005")

const list = (
  number: number,
  base: "BTC" | "ETH" | "SOL" | "XRP",
  quote: string,
  tick: string,
  lot: string,
  contract?: "perpetual" | Delivery,
  isPast = false
): DeribitListing => {
  const inverse = quote === "USD"
  const settle = inverse ? base : quote
  const pair = inverse ? base : `${base}_${quote}`
  const [kind, id, symbol, expiresAt] = contract === undefined
    ? (["spot", pair, `${base}/${quote}`, never] as const)
    : contract === "perpetual"
    ? (["perpetual", `${pair}-PERPETUAL`, `${base}/${quote}:${settle}`, never] as const)
    : ([
      "future",
      `${pair}-${contract.names[0]}`,
      `${base}/${quote}:${settle}-${contract.names[1]}`,
      contract.at
    ] as const)
  const [tickSize, lotSize] = [Decimal.literal(tick), Decimal.literal(lot)]
  const rules = { multiplier, tickSize, lotSize, minAmount: lotSize, minNotional: zero, makerFee, takerFee }
  const terms: Instrument = { id, kind, base, quote, settle, inverse, ...rules }
  const underlying = base === "ETH" && quote === "BTC" ? "ETH/BTC" : base
  return { id, symbol, underlying, tickSize, number, terms, expiresAt, instrument: isPast ? undefined : terms }
}

const june30: Delivery = { names: ["28JUN30", "300628"], at: 1_908_864_000_000 }
const march24: Delivery = { names: ["29MAR24", "240329"], at: 1_711_699_200_000 }

/** @internal Everything the simulated Deribit lists. One future has expired and is not traded. */
export const listings: ReadonlyArray<DeribitListing> = [
  list(124_972, "BTC", "USD", "0.5", "10", "perpetual"),
  list(124_973, "ETH", "USD", "0.05", "1", "perpetual"),
  list(250_001, "BTC", "USD", "2.5", "10", june30),
  list(250_002, "BTC", "USD", "2.5", "10", march24, true),
  list(250_003, "BTC", "USDC", "0.5", "0.0001", "perpetual"),
  list(250_004, "ETH", "USDC", "0.05", "0.001", "perpetual"),
  list(250_005, "SOL", "USDC", "0.01", "0.1", "perpetual"),
  list(250_006, "BTC", "USDT", "0.5", "0.001", "perpetual"),
  list(250_007, "BTC", "USDC", "2.5", "0.0001", june30),
  list(250_008, "BTC", "USDC", "1", "0.0001"),
  list(250_009, "ETH", "USDC", "0.1", "0.001"),
  list(250_010, "BTC", "USDT", "1", "0.0001"),
  list(250_011, "ETH", "USDT", "0.1", "0.001"),
  list(250_012, "XRP", "USDT", "0.0001", "1"),
  list(250_013, "ETH", "BTC", "0.00001", "0.001")
]

const byName = new Map(listings.map((listing) => [listing.id, listing]))

/** @internal */
export const find = (name: string): DeribitListing | undefined => byName.get(name)

/** @internal Whether an instrument is among those of a currency: what it settles in, and either side of a spot pair. */
export const isOf = ({ terms }: DeribitListing, currency: string): boolean =>
  currency === "any" || terms.settle === currency || (terms.kind === "spot" && terms.base === currency)

/** @internal Perpetuals are futures to Deribit. */
export const kindOf = ({ terms }: DeribitListing): "spot" | "future" => terms.kind === "spot" ? "spot" : "future"

/** @internal How many contracts an amount is. */
export const contracts = ({ terms }: DeribitListing, amount: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  Decimal.ratio(amount, terms.lotSize, 8)

/** @internal What so many base coins are as an amount, in whole contracts and at least one. */
export const amountOf = (
  { terms: { inverse, lotSize } }: DeribitListing,
  coins: BigDecimal.BigDecimal,
  price: BigDecimal.BigDecimal
): BigDecimal.BigDecimal => {
  const count = Decimal.steps(inverse ? BigDecimal.multiply(coins, price) : coins, lotSize)
  return Decimal.ofSteps(count < 1n ? 1n : count, lotSize)
}

/** @internal An id with the currency before it, except for bitcoin's. */
export const idOf = ({ terms }: DeribitListing, number: number): string =>
  terms.settle === "BTC" ? String(number) : `${terms.settle}-${number}`

const block = { block_trade_commission: 0.00025, block_trade_min_trade_amount: 200_000, block_trade_tick_size: 0.01 }

/** @internal An instrument as `public/get_instruments` describes it. */
export const row = (listing: DeribitListing): Json => {
  const { base, inverse, kind, lotSize, makerFee, quote, settle, takerFee, tickSize } = listing.terms
  const [type, isActive] = [inverse ? "reversed" : "linear", listing.instrument !== undefined]
  const period = { settlement_period: kind === "perpetual" ? "perpetual" : "month", settlement_currency: settle }
  const contract = { ...period, future_type: type, max_leverage: 50, max_liquidation_commission: 0.0075 }
  const sizes = { tick_size: tickSize, tick_size_steps: [], contract_size: lotSize, min_trade_amount: lotSize }
  const currencies = { base_currency: base, counter_currency: quote, quote_currency: quote }
  return {
    instrument_name: listing.id,
    instrument_id: listing.number,
    instrument_type: type,
    kind: kindOf(listing),
    price_index: `${base}_${quote}`.toLowerCase(),
    maker_commission: makerFee,
    taker_commission: takerFee,
    expiration_timestamp: listing.expiresAt,
    creation_timestamp: 1_534_167_754_000,
    is_active: isActive,
    state: isActive ? "open" : "closed",
    ...sizes,
    ...currencies,
    ...block,
    ...(kind === "spot" ? {} : contract)
  }
}
