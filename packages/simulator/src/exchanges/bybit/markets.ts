import type * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { catalogue, type Coin, list } from "../../internal/listed.js"

/** @internal A product category. The simulated exchange lists no options. */
export type Category = "spot" | "linear" | "inverse" | "option"

const fees = {
  spot: { makerFee: "0.001", takerFee: "0.001" },
  linear: { makerFee: "0.0002", takerFee: "0.00055" },
  inverse: { makerFee: "0.0002", takerFee: "0.00055" }
}

const listed = (
  category: Exclude<Category, "option">,
  base: Coin,
  quote: string,
  tick: string,
  lot: string,
  leastNotional: string,
  status: "Trading" | "Closed" = "Trading"
) => {
  const [name, isSpot] = [base + quote, category === "spot"]
  const listing = list({
    id: `${category}/${name}`,
    kind: isSpot ? "spot" : "perpetual",
    base,
    quote,
    // Contracts acknowledge a crossing post-only order and then cancel it.
    crossing: isSpot ? "refuses" : "cancels",
    traded: status === "Trading",
    tick,
    lot,
    leastNotional,
    ...fees[category]
  })
  const { settle, tickSize: { scale: priceScale } } = listing.terms
  return { ...listing, name, category, base, quote, settle, status, lot, leastNotional, priceScale }
}

/** @internal The constant properties of a Bybit symbol. A name may be listed in several categories. */
export type BybitListing = ReturnType<typeof listed>

/** @internal All symbols of the simulated Bybit. One of them no longer trades. */
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

/** @internal `ofInstrument` finds a listing by the id of the engine. */
export const { events, fills, find: ofInstrument, open, order, orders } = catalogue(listings)

/** @internal */
export const find = (category: Category, name: string) => ofInstrument(`${category}/${name}`)

/** @internal The parameters that filter lists. */
export const marketOf = {
  symbol: ({ listing }: Of) => listing.name,
  baseCoin: ({ listing }: Of) => listing.base,
  settleCoin: ({ listing }: Of) => listing.settle
}

interface Of {
  readonly listing: BybitListing
}

/** @internal Formats a price with the decimals of the tick size. */
export const price = (listing: BybitListing, value: BigDecimal.BigDecimal): string =>
  Decimal.fixed(value, listing.priceScale)

/** @internal Formats a quantity with the decimals of the lot size. */
export const quantity = (listing: BybitListing, value: BigDecimal.BigDecimal): string =>
  Decimal.fixed(value, listing.terms.lotSize.scale)

/** @internal Encodes a symbol as `instruments-info` returns it. */
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
