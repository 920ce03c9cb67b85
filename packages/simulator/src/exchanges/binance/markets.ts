import type { BigDecimal } from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Listing } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { list } from "../../internal/listed.js"

/** @internal A Binance symbol: what never changes about it. */
export interface BinanceListing extends Listing {
  readonly base: string
  readonly quote: string
  readonly stepSize: string
  readonly minNotional: string
  readonly status: "TRADING" | "BREAK"
}

const listing = (
  base: string,
  quote: string,
  underlying: Listing["underlying"],
  tickSize: string,
  stepSize: string,
  minNotional: string,
  status: BinanceListing["status"] = "TRADING"
): BinanceListing => ({
  ...list({
    id: base + quote,
    symbol: `${base}/${quote}`,
    kind: "spot",
    base,
    quote,
    underlying,
    tick: tickSize,
    lot: stepSize,
    leastNotional: minNotional,
    makerFee: "0.001",
    takerFee: "0.001",
    traded: status === "TRADING"
  }),
  base,
  quote,
  stepSize,
  minNotional,
  status
})

/** @internal */
export const maxPrice = Decimal.literal("1000000")
/** @internal */
export const maxQuantity = Decimal.literal("9000")
/** @internal */
export const maxMarketQuantity = Decimal.literal("100")

/** @internal Everything the simulated Binance lists, one symbol of which no longer trades. */
export const listings: ReadonlyArray<BinanceListing> = [
  listing("ETH", "BTC", "ETH/BTC", "0.00001", "0.0001", "0.0001"),
  listing("BTC", "USDT", "BTC", "0.01", "0.00001", "5"),
  listing("ETH", "USDT", "ETH", "0.01", "0.0001", "5"),
  listing("XRP", "USDT", "XRP", "0.0001", "0.1", "5"),
  listing("BTC", "BUSD", "BTC", "0.01", "0.00001", "5", "BREAK"),
  listing("SOL", "USDT", "SOL", "0.01", "0.001", "5"),
  listing("BTC", "USDC", "BTC", "0.01", "0.00001", "5"),
  listing("ETH", "USDC", "ETH", "0.01", "0.0001", "5")
]

/** @internal A symbol as `exchangeInfo` describes it. */
export const market = (listing: BinanceListing, showSets: boolean): Json => ({
  symbol: listing.id,
  status: listing.status,
  baseAsset: listing.base,
  baseAssetPrecision: 8,
  quoteAsset: listing.quote,
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  baseCommissionPrecision: 8,
  quoteCommissionPrecision: 8,
  orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET"],
  icebergAllowed: false,
  ocoAllowed: false,
  quoteOrderQtyMarketAllowed: true,
  allowTrailingStop: false,
  cancelReplaceAllowed: false,
  amendAllowed: false,
  isSpotTradingAllowed: true,
  isMarginTradingAllowed: true,
  filters: [
    {
      filterType: "PRICE_FILTER",
      minPrice: coin(listing.tickSize),
      maxPrice: coin(maxPrice),
      tickSize: coin(listing.tickSize)
    },
    {
      filterType: "LOT_SIZE",
      minQty: coin(Decimal.literal(listing.stepSize)),
      maxQty: coin(maxQuantity),
      stepSize: coin(Decimal.literal(listing.stepSize))
    },
    { filterType: "MARKET_LOT_SIZE", minQty: "0.00000000", maxQty: coin(maxMarketQuantity), stepSize: "0.00000000" },
    {
      filterType: "NOTIONAL",
      minNotional: coin(Decimal.literal(listing.minNotional)),
      applyMinToMarket: true,
      maxNotional: "9000000.00000000",
      applyMaxToMarket: false,
      avgPriceMins: 5
    }
  ],
  permissions: [],
  permissionSets: showSets ? [["SPOT", "MARGIN"]] : undefined,
  defaultSelfTradePreventionMode: "NONE",
  allowedSelfTradePreventionModes: ["NONE"]
})

/** @internal A decimal as Binance writes prices and amounts. */
export const coin = (value: BigDecimal): string => Decimal.fixed(value, 8)
