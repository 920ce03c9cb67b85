/** Binance's responses for BTC/USDT in its own format, the same on every run. */

const ticker = {
  symbol: "BTCUSDT",
  priceChange: "1532.20000000",
  priceChangePercent: "2.451",
  weightedAvgPrice: "63511.90212345",
  prevClosePrice: "62511.01000000",
  lastPrice: "64043.21000000",
  lastQty: "0.00042000",
  bidPrice: "64043.20000000",
  bidQty: "3.10250000",
  askPrice: "64043.21000000",
  askQty: "0.71999000",
  openPrice: "62511.01000000",
  highPrice: "64500.00000000",
  lowPrice: "62011.98000000",
  volume: "18601.59213000",
  quoteVolume: "1181422339.48121460",
  openTime: 1763856000000,
  closeTime: 1763942399999,
  firstId: 5500000000,
  lastId: 5501233333,
  count: 1233334
}

const market = (base: string): unknown => ({
  symbol: `${base}USDT`,
  status: "TRADING",
  baseAsset: base,
  baseAssetPrecision: 8,
  quoteAsset: "USDT",
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  baseCommissionPrecision: 8,
  quoteCommissionPrecision: 8,
  orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"],
  icebergAllowed: true,
  ocoAllowed: true,
  otoAllowed: true,
  opoAllowed: true,
  quoteOrderQtyMarketAllowed: true,
  allowTrailingStop: true,
  cancelReplaceAllowed: true,
  amendAllowed: true,
  pegInstructionsAllowed: true,
  isSpotTradingAllowed: true,
  isMarginTradingAllowed: true,
  filters: [
    { filterType: "PRICE_FILTER", minPrice: "0.01000000", maxPrice: "1000000.00000000", tickSize: "0.01000000" },
    { filterType: "LOT_SIZE", minQty: "0.00001000", maxQty: "9000.00000000", stepSize: "0.00001000" },
    { filterType: "ICEBERG_PARTS", limit: 100 },
    { filterType: "MARKET_LOT_SIZE", minQty: "0.00000000", maxQty: "83.14159265", stepSize: "0.00000000" },
    {
      filterType: "TRAILING_DELTA",
      minTrailingAboveDelta: 10,
      maxTrailingAboveDelta: 2000,
      minTrailingBelowDelta: 10,
      maxTrailingBelowDelta: 2000
    },
    {
      filterType: "PERCENT_PRICE_BY_SIDE",
      bidMultiplierUp: "5",
      bidMultiplierDown: "0.2",
      askMultiplierUp: "5",
      askMultiplierDown: "0.2",
      avgPriceMins: 5
    },
    {
      filterType: "NOTIONAL",
      minNotional: "5.00000000",
      applyMinToMarket: true,
      maxNotional: "9000000.00000000",
      applyMaxToMarket: false,
      avgPriceMins: 5
    },
    { filterType: "MAX_NUM_ORDERS", maxNumOrders: 200 },
    { filterType: "MAX_NUM_ORDER_LISTS", maxNumOrderLists: 20 },
    { filterType: "MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders: 5 },
    { filterType: "MAX_NUM_ORDER_AMENDS", maxNumOrderAmends: 10 }
  ],
  permissions: [],
  permissionSets: [["SPOT", "MARGIN", "TRD_GRP_004", "TRD_GRP_005", "TRD_GRP_006", "TRD_GRP_009", "TRD_GRP_010"]],
  defaultSelfTradePreventionMode: "EXPIRE_MAKER",
  allowedSelfTradePreventionModes: ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"]
})

/** Returns `count` markets, the first of which is BTC/USDT. */
const listing = (count: number): unknown => ({
  timezone: "UTC",
  serverTime: 1763942400123,
  rateLimits: [
    { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6000 },
    { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 100 },
    { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 200000 },
    { rateLimitType: "RAW_REQUESTS", interval: "MINUTE", intervalNum: 5, limit: 300000 }
  ],
  exchangeFilters: [],
  symbols: Array.from({ length: count }, (_, index) => market(index === 0 ? "BTC" : `C${index}`))
})

export const hour = 3_600_000
/** The open time of the first candle. */
export const firstCandle = 1_760_000_400_000
/** The number of candles and of trades. */
export const rows = 1000

const price = (at: number): string => `6${4000 + at * 37 % 1000}.${10 + at % 90}000000`
const amount = (at: number): string => `0.0${1000 + at * 31 % 9000}000`

const candles = Array.from({ length: rows }, (_, at) => [
  firstCandle + at * hour,
  price(at),
  `65${100 + at % 900}.${10 + at % 90}000000`,
  `63${100 + at % 900}.${10 + at % 90}000000`,
  price(at + 1),
  `${800 + at % 200}.${10_000_000 + at}`,
  firstCandle + (at + 1) * hour - 1,
  `519603${11 + at % 80}.20114000`,
  140233 + at,
  `40${at % 10}.11000000`,
  "25650000.10000000",
  "0"
])

const trades = Array.from({ length: rows }, (_, at) => ({
  id: 5500001233 + at,
  price: price(at),
  qty: amount(at),
  quoteQty: "26.89814400",
  time: 1763942399120 + at,
  isBuyerMaker: at % 2 === 0,
  isBestMatch: true
}))

const book = {
  lastUpdateId: 68210554021,
  bids: Array.from({ length: 5000 }, (_, at) => [((6_404_320 - at * 3) / 100).toFixed(8), amount(at)]),
  asks: Array.from({ length: 5000 }, (_, at) => [((6_404_321 + at * 3) / 100).toFixed(8), amount(at)])
}

const binance = (symbols: number): Readonly<Record<string, unknown>> => ({
  "/api/v3/ticker/24hr": ticker,
  "/api/v3/exchangeInfo": listing(symbols),
  "/api/v3/klines": candles,
  "/api/v3/trades": trades,
  "/api/v3/aggTrades": trades,
  "/api/v3/depth": book,
  "/api/v3/time": { serverTime: 1763942400123 }
})

/** Returns a function from a path to the response of an exchange with the given number of markets. */
export const answering = (symbols: number): (path: string) => unknown => {
  const answers = binance(symbols)
  return (url) => answers[url.split("?")[0] ?? url]
}
