import type { BigDecimal } from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns, type Json } from "../../internal/json.js"
import { catalogue, type Coin, list } from "../../internal/listed.js"

const listed = (
  base: Coin,
  quote: string,
  tick: string,
  lot: string,
  leastNotional: string,
  status: "TRADING" | "BREAK" = "TRADING"
) => {
  const sizes = { tick, lot, leastNotional, traded: status === "TRADING", makerFee: "0.001", takerFee: "0.001" }
  return { ...list({ id: base + quote, kind: "spot", base, quote, crossing: "refuses", ...sizes }), status }
}

/** @internal The constant properties of a Binance symbol. */
export type BinanceListing = ReturnType<typeof listed>

/** @internal */
export const maxPrice = Decimal.literal("1000000")
/** @internal */
export const maxQuantity = Decimal.literal("9000")
/** @internal */
export const maxMarketQuantity = Decimal.literal("100")

/** @internal All symbols of the simulated Binance. One of them no longer trades. */
export const listings: ReadonlyArray<BinanceListing> = [
  listed("ETH", "BTC", "0.00001", "0.0001", "0.0001"),
  listed("BTC", "USDT", "0.01", "0.00001", "5"),
  listed("ETH", "USDT", "0.01", "0.0001", "5"),
  listed("XRP", "USDT", "0.0001", "0.1", "5"),
  listed("BTC", "BUSD", "0.01", "0.00001", "5", "BREAK"),
  listed("SOL", "USDT", "0.01", "0.001", "5"),
  listed("BTC", "USDC", "0.01", "0.00001", "5"),
  listed("ETH", "USDC", "0.01", "0.0001", "5")
]

/** @internal */
export const { fills } = catalogue(listings)

/** @internal Encodes a symbol as `exchangeInfo` returns it. */
export const market = (listing: BinanceListing, showSets: boolean): Json => {
  const { base, lotSize, minNotional, quote, tickSize } = listing.terms
  const step = coin(lotSize)
  const notMoreThan = {
    applyMinToMarket: true,
    maxNotional: "9000000.00000000",
    applyMaxToMarket: false,
    avgPriceMins: 5
  }
  return {
    symbol: listing.id,
    status: listing.status,
    baseAsset: base,
    quoteAsset: quote,
    ...columns("baseAssetPrecision quotePrecision quoteAssetPrecision", 8),
    ...columns("baseCommissionPrecision quoteCommissionPrecision", 8),
    orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET"],
    ...columns("icebergAllowed ocoAllowed allowTrailingStop cancelReplaceAllowed amendAllowed", false),
    ...columns("quoteOrderQtyMarketAllowed isSpotTradingAllowed isMarginTradingAllowed", true),
    filters: [
      { filterType: "PRICE_FILTER", minPrice: coin(tickSize), maxPrice: coin(maxPrice), tickSize: coin(tickSize) },
      { filterType: "LOT_SIZE", minQty: step, maxQty: coin(maxQuantity), stepSize: step },
      { filterType: "MARKET_LOT_SIZE", ...columns("minQty stepSize", "0.00000000"), maxQty: coin(maxMarketQuantity) },
      { filterType: "NOTIONAL", minNotional: coin(minNotional), ...notMoreThan }
    ],
    permissions: [],
    permissionSets: showSets ? [["SPOT", "MARGIN"]] : undefined,
    defaultSelfTradePreventionMode: "NONE",
    allowedSelfTradePreventionModes: ["NONE"]
  }
}

/** @internal Formats a price or an amount with eight decimals, as Binance does. */
export const coin = (value: BigDecimal): string => Decimal.fixed(value, 8)
