/**
 * BitMEX's words in ours.
 *
 * @since 0.1.0
 */
import type { Balance } from "@effect-exchange/core/Balance"
import * as ExchangeSymbol from "@effect-exchange/core/ExchangeSymbol"
import type { KeyPermissions } from "@effect-exchange/core/KeyPermissions"
import type { Market } from "@effect-exchange/core/Market"
import type { Ticker } from "@effect-exchange/core/Ticker"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import type * as Wire from "./Wire.js"

// By `typ`; the rest are indices, spreads and predictions, which have no symbol in our notation.
const kinds: ReadonlyMap<string, Market["kind"]> = new Map([
  ["IFXXXP", "spot"],
  ["FFWCSX", "perpetual"],
  ["FFWCSF", "perpetual"],
  ["FFSCSX", "perpetual"],
  ["FFCCSX", "future"]
])

const statuses: ReadonlyMap<string, Market["status"]> = new Map([
  ["Open", "open"],
  ["Closed", "halted"],
  ["Settled", "closed"],
  ["Unlisted", "closed"]
])

/**
 * Minor units by their case-sensitive codes: the asset, and how many decimal places one unit is of it.
 */
const minorUnits: ReadonlyMap<string, { readonly asset: string; readonly places: number }> = new Map([
  ["XBt", { asset: "BTC", places: 8 }],
  ["USDt", { asset: "USDT", places: 6 }],
  ["Gwei", { asset: "ETH", places: 9 }],
  ["RLUSd", { asset: "RLUSD", places: 6 }],
  ["MAMUSd", { asset: "MAMUSD", places: 6 }],
  ["USYc", { asset: "USYC", places: 6 }],
  ["LAMp", { asset: "LAMP", places: 6 }]
])

/**
 * The asset a currency code stands for: `XBT` is `BTC`, and so is its minor unit `XBt`.
 *
 * @since 0.1.0
 * @category mapping
 */
export const asset = (currency: string): string =>
  minorUnits.get(currency)?.asset ?? (currency === "XBT" ? "BTC" : currency.toUpperCase())

/**
 * The market of an instrument, or `undefined` for what has no symbol in our notation.
 *
 * @since 0.1.0
 * @category mapping
 */
export const market = (instrument: Wire.Instrument): Market | undefined => {
  const kind = kinds.get(instrument.typ)
  const { expiry, quoteCurrency, settlCurrency, underlying } = instrument
  if (kind === undefined || underlying == null || quoteCurrency == null) return undefined
  if (kind !== "spot" && settlCurrency == null) return undefined
  // Without its day a future would pass for the perpetual of the same assets.
  if (kind === "future" && expiry == null) return undefined
  const assets = { base: asset(underlying), quote: asset(quoteCurrency) }
  const symbol = ExchangeSymbol.fromAssets({
    ...assets,
    settle: kind === "spot" || settlCurrency == null ? undefined : asset(settlCurrency),
    expiry: kind === "future" && expiry != null ? expiry.slice(2, 10).replaceAll("-", "") : undefined
  })
  return symbol === undefined ? undefined : {
    symbol,
    id: instrument.symbol,
    kind,
    status: statuses.get(instrument.state) ?? "unknown",
    ...assets,
    tickSize: positive(instrument.tickSize),
    lotSize: lotSize(instrument)
  }
}

// One contract is 1/multiplier of the base currency; an inverse one is a unit of the quote currency, whatever that buys.
// What a contract without a multiplier is worth in the base currency changes with its price.
const lotSize = (instrument: Wire.Instrument): BigDecimal.BigDecimal | undefined => {
  const lots = positive(instrument.lotSize)
  if (lots === undefined || instrument.isInverse === true) return lots
  const multiplier = positive(instrument.underlyingToPositionMultiplier) ??
    positive(instrument.underlyingToSettleMultiplier)
  return multiplier === undefined ? undefined : BigDecimal.unsafeDivide(lots, multiplier)
}

/**
 * @since 0.1.0
 * @category mapping
 */
export const ticker = (market: Market, instrument: Wire.Instrument): Ticker => ({
  exchange: "bitmex",
  symbol: market.symbol,
  last: positive(instrument.lastPrice),
  bid: positive(instrument.bidPrice),
  ask: positive(instrument.askPrice),
  open24h: positive(instrument.prevPrice24h),
  high24h: positive(instrument.highPrice),
  low24h: positive(instrument.lowPrice),
  volume24h: instrument.homeNotional24h ?? undefined,
  at: DateTime.toEpochMillis(instrument.timestamp)
})

const positive = (decimal: BigDecimal.BigDecimal | null | undefined): BigDecimal.BigDecimal | undefined =>
  decimal != null && BigDecimal.isPositive(decimal) ? decimal : undefined

/**
 * The balance of a margin row; `undefined` for a currency whose minor unit is not known here, as a guess would be wrong
 * by powers of ten.
 *
 * @since 0.1.0
 * @category mapping
 */
export const balance = (margin: Wire.Margin): Balance | undefined => {
  const unit = minorUnits.get(margin.currency)
  return unit === undefined ? undefined : {
    asset: unit.asset,
    free: BigDecimal.make(BigInt(margin.availableMargin), unit.places),
    total: BigDecimal.make(BigInt(margin.marginBalance), unit.places)
  }
}

/**
 * What a key may do, by the list of those it can see; all unknown when it is not among them.
 *
 * @since 0.1.0
 * @category mapping
 */
export const permissions = (keys: ReadonlyArray<Wire.ApiKey>, id: string): KeyPermissions => {
  const key = keys.find((key) => key.id === id)
  if (key === undefined) return { read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" }
  return {
    read: key.enabled !== false,
    trade: key.permissions.includes("order"),
    withdraw: key.permissions.includes("withdraw"),
    ipRestricted: isRestricted(key)
  }
}

const isRestricted = ({ cidr, cidrs }: Wire.ApiKey): boolean => {
  const ranges = [...cidrs ?? [], ...cidr == null || cidr === "" ? [] : [cidr]]
  return ranges.length > 0 && !ranges.some((range) => range === "0.0.0.0/0" || range === "::/0")
}
