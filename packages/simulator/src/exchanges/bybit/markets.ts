import type * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { list } from "../../internal/listed.js"

/** @internal Of options there are none. */
export type Category = "spot" | "linear" | "inverse" | "option"

const fees = {
  spot: { makerFee: "0.001", takerFee: "0.001" },
  linear: { makerFee: "0.0002", takerFee: "0.00055" },
  inverse: { makerFee: "0.0002", takerFee: "0.00055" }
}

const listed = (
  category: Exclude<Category, "option">,
  base: "BTC" | "ETH" | "XRP" | "SOL",
  quote: string,
  tick: string,
  lot: string,
  leastNotional: string,
  status: "Trading" | "Closed" = "Trading"
) => {
  const [name, inverse, isSpot] = [base + quote, category === "inverse", category === "spot"]
  const settle = inverse ? base : quote
  const currencies = { base, quote, settle, inverse, ...fees[category] }
  const terms = list({
    id: `${category}/${name}`,
    symbol: isSpot ? `${base}/${quote}` : `${base}/${quote}:${settle}`,
    kind: isSpot ? "spot" : "perpetual",
    underlying: quote === "BTC" ? "ETH/BTC" : base,
    traded: status === "Trading",
    tick,
    lot,
    leastNotional,
    ...currencies
  })
  return { ...terms, name, category, base, quote, settle, status, lot, leastNotional, priceScale: terms.tickSize.scale }
}

/** @internal A Bybit symbol: what never changes about it. One name may be listed in several categories. */
export type BybitListing = ReturnType<typeof listed>

/** @internal Everything the simulated Bybit lists, one symbol of which no longer trades. */
export const listings: ReadonlyArray<BybitListing> = [
  listed("spot", "BTC", "USDT", "0.1", "0.000001", "5"),
  listed("spot", "ETH", "USDT", "0.01", "0.00001", "5"),
  listed("spot", "XRP", "USDT", "0.0001", "0.01", "5"),
  listed("spot", "SOL", "USDT", "0.01", "0.001", "5"),
  listed("spot", "ETH", "BTC", "0.000001", "0.00001", "0.0002"),
  listed("linear", "BTC", "USDT", "0.10", "0.001", "5"),
  listed("linear", "ETH", "USDT", "0.01", "0.01", "5"),
  listed("linear", "XRP", "USDT", "0.0001", "0.1", "5", "Closed"),
  listed("inverse", "BTC", "USD", "0.10", "1", "1")
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
  Decimal.fixed(value, listing.terms.lotSize.scale)

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
    basePrecision: listing.lot,
    quotePrecision: "0.0000001",
    minOrderQty: listing.lot,
    maxOrderQty: "17000",
    minOrderAmt: listing.leastNotional,
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
    minOrderQty: listing.lot,
    qtyStep: listing.lot,
    postOnlyMaxOrderQty: listing.category === "inverse" ? "25000000" : "1000000",
    maxMktOrderQty: "500000",
    minNotionalValue: listing.leastNotional
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
