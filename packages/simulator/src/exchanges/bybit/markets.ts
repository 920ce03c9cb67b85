import type * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Listing } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { list } from "../../internal/listed.js"

/** @internal Of options there are none. */
export type Category = "spot" | "linear" | "inverse" | "option"

/** @internal A Bybit symbol: what never changes about it. One name may be listed in several categories. */
export interface BybitListing extends Listing {
  readonly name: string
  readonly category: Exclude<Category, "option">
  readonly base: string
  readonly quote: string
  readonly settle: string
  readonly status: "Trading" | "Closed"
  readonly priceScale: number
  readonly lotScale: number
  readonly lotSize: string
  readonly minQty: string
  readonly minNotional: string
}

interface Terms {
  readonly name: string
  readonly category: BybitListing["category"]
  readonly base: string
  readonly quote: string
  readonly underlying: Listing["underlying"]
  readonly tickSize: string
  readonly lotSize: string
  readonly minQty: string
  readonly minNotional: string
  readonly status?: BybitListing["status"]
}

const fees = {
  spot: { makerFee: "0.001", takerFee: "0.001" },
  linear: { makerFee: "0.0002", takerFee: "0.00055" },
  inverse: { makerFee: "0.0002", takerFee: "0.00055" }
}

const listing = ({ status = "Trading", ...terms }: Terms): BybitListing => {
  const { base, category, lotSize, minNotional, minQty, name, quote, underlying } = terms
  const settle = category === "inverse" ? base : quote
  const made = list({
    id: `${category}/${name}`,
    symbol: category === "spot" ? `${base}/${quote}` : `${base}/${quote}:${settle}`,
    kind: category === "spot" ? "spot" : "perpetual",
    base,
    quote,
    settle,
    inverse: category === "inverse",
    underlying,
    tick: terms.tickSize,
    lot: lotSize,
    least: minQty,
    leastNotional: minNotional,
    ...fees[category],
    traded: status === "Trading"
  })
  const scales = { priceScale: made.tickSize.scale, lotScale: Decimal.literal(lotSize).scale }
  return { ...made, ...scales, name, category, base, quote, settle, status, lotSize, minQty, minNotional }
}

const spot = (
  base: string,
  quote: string,
  underlying: Listing["underlying"],
  tickSize: string,
  lotSize: string,
  minNotional: string
): BybitListing =>
  listing({
    name: base + quote,
    category: "spot",
    base,
    quote,
    underlying,
    tickSize,
    lotSize,
    minQty: lotSize,
    minNotional
  })

const linear = (
  base: "BTC" | "ETH" | "XRP",
  tickSize: string,
  lotSize: string,
  status?: BybitListing["status"]
): BybitListing =>
  listing({
    name: `${base}USDT`,
    category: "linear",
    base,
    quote: "USDT",
    underlying: base,
    tickSize,
    lotSize,
    minQty: lotSize,
    minNotional: "5",
    ...(status === undefined ? {} : { status })
  })

/** @internal Everything the simulated Bybit lists, one symbol of which no longer trades. */
export const listings: ReadonlyArray<BybitListing> = [
  spot("BTC", "USDT", "BTC", "0.1", "0.000001", "5"),
  spot("ETH", "USDT", "ETH", "0.01", "0.00001", "5"),
  spot("XRP", "USDT", "XRP", "0.0001", "0.01", "5"),
  spot("SOL", "USDT", "SOL", "0.01", "0.001", "5"),
  spot("ETH", "BTC", "ETH/BTC", "0.000001", "0.00001", "0.0002"),
  linear("BTC", "0.10", "0.001"),
  linear("ETH", "0.01", "0.01"),
  linear("XRP", "0.0001", "0.1", "Closed"),
  listing({
    name: "BTCUSD",
    category: "inverse",
    base: "BTC",
    quote: "USD",
    underlying: "BTC",
    tickSize: "0.10",
    lotSize: "1",
    minQty: "1",
    minNotional: "1"
  })
]

const byId = new Map(listings.map((listing) => [listing.id, listing]))

/** @internal The listing an order or fill of the engine is of. */
export const ofInstrument = (instrument: string): BybitListing | undefined => byId.get(instrument)

/** @internal */
export const find = (category: Category, name: string): BybitListing | undefined => byId.get(`${category}/${name}`)

/** @internal A price as Bybit writes it: with the decimals of the tick. */
export const price = (listing: BybitListing, value: BigDecimal.BigDecimal): string =>
  Decimal.fixed(value, listing.priceScale)

/** @internal A quantity as Bybit writes it: with the decimals of the lot. */
export const quantity = (listing: BybitListing, value: BigDecimal.BigDecimal): string =>
  Decimal.fixed(value, listing.lotScale)

/** @internal A symbol as `instruments-info` describes it. */
export const row = (listing: BybitListing): Json =>
  listing.category === "spot" ? spotRow(listing) : contractRow(listing)

const spotRow = (listing: BybitListing): Json => ({
  symbol: listing.name,
  baseCoin: listing.base,
  quoteCoin: listing.quote,
  innovation: "0",
  status: listing.status,
  marginTrading: "utaOnly",
  stTag: "0",
  lotSizeFilter: {
    basePrecision: listing.lotSize,
    quotePrecision: "0.0000001",
    minOrderQty: listing.minQty,
    maxOrderQty: "17000",
    minOrderAmt: listing.minNotional,
    maxOrderAmt: "8000000",
    maxLimitOrderQty: "17000",
    maxMarketOrderQty: "8500"
  },
  priceFilter: { tickSize: price(listing, listing.tickSize) },
  riskParameters: { priceLimitRatioX: "0.01", priceLimitRatioY: "0.02" }
})

const contractRow = (listing: BybitListing): Json => ({
  symbol: listing.name,
  symbolId: 5,
  contractType: listing.category === "inverse" ? "InversePerpetual" : "LinearPerpetual",
  status: listing.status,
  baseCoin: listing.base,
  quoteCoin: listing.quote,
  launchTime: "1585526400000",
  deliveryTime: "0",
  deliveryFeeRate: "",
  priceScale: String(listing.priceScale),
  leverageFilter: { minLeverage: "1", maxLeverage: "100.00", leverageStep: "0.01" },
  priceFilter: {
    minPrice: price(listing, listing.tickSize),
    maxPrice: "1999999.80",
    tickSize: price(listing, listing.tickSize)
  },
  lotSizeFilter: {
    maxOrderQty: listing.category === "inverse" ? "25000000" : "1000000",
    minOrderQty: listing.minQty,
    qtyStep: listing.lotSize,
    postOnlyMaxOrderQty: listing.category === "inverse" ? "25000000" : "1000000",
    maxMktOrderQty: "500000",
    minNotionalValue: listing.minNotional
  },
  unifiedMarginTrade: true,
  fundingInterval: 480,
  settleCoin: listing.settle,
  copyTrading: "both",
  upperFundingRate: "0.00375",
  lowerFundingRate: "-0.00375",
  isPreListing: false,
  preListingInfo: null,
  symbolType: ""
})
