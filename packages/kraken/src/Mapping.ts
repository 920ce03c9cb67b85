/**
 * Kraken's words in ours, and its public data. What belongs to an account is in `OrderMapping`.
 *
 * @since 0.1.0
 */
import {
  type ExchangeStatus,
  ExchangeSymbol,
  type Market,
  type OrderBook,
  type Ticker,
  type Trade
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import type * as Wire from "./Wire.js"

const renamed: ReadonlyMap<string, string> = new Map([["XBT", "BTC"], ["XDG", "DOGE"]])
const original: ReadonlyMap<string, string> = new Map(Array.from(renamed, ([theirs, ours]) => [ours, theirs]))

/**
 * An asset's name from its `altname`: Bitcoin is `XBT` on Kraken, and Dogecoin `XDG`; all others are called alike.
 *
 * @since 0.1.0
 * @category symbols
 */
export const assetName = (altname: string): string => renamed.get(altname) ?? altname

/**
 * What orders call a market: the names of its assets, one behind the other (`XBTUSD`), where tickers and fills have the
 * market's id (`XXBTZUSD`).
 *
 * @since 0.1.0
 * @category symbols
 */
export const altname = ({ base, quote }: Pick<Market.Market, "base" | "quote">): string =>
  `${original.get(base) ?? base}${original.get(quote) ?? quote}`

/**
 * Whether a pair, by either of its names, is the market's.
 *
 * @since 0.1.0
 * @category symbols
 */
export const isOf = (market: Market.Market, pair: string): boolean => pair === market.id || pair === altname(market)

/**
 * Markets by either of their names.
 *
 * @since 0.1.0
 * @category symbols
 */
export const byPair = (markets: ReadonlyArray<Market.Market>): ReadonlyMap<string, Market.Market> =>
  new Map(markets.flatMap((market) => [[altname(market), market], [market.id, market]]))

/**
 * The market of a row of `AssetPairs`, with the key of the row as its id. Its assets are those of `wsname`, which alone
 * separates them; a pair without one (a dark pool), or whose `altname` is not made of the two, is left out.
 *
 * @since 0.1.0
 * @category mapping
 */
export const market = (id: string, pair: Wire.AssetPair): Market.Market | undefined => {
  const [first = "", second = ""] = pair.wsname?.split("/") ?? []
  const [base, quote] = [assetName(first), assetName(second)]
  const symbol = ExchangeSymbol.fromAssets({ base, quote })
  if (symbol === undefined || pair.altname !== altname({ base, quote })) return undefined
  return {
    symbol,
    id,
    kind: "spot",
    status: marketStatuses.get(pair.status ?? "") ?? "unknown",
    base,
    quote,
    tickSize: positive(pair.tick_size) ?? BigDecimal.make(1n, pair.pair_decimals),
    lotSize: BigDecimal.make(1n, pair.lot_decimals),
    minAmount: positive(pair.ordermin),
    minNotional: positive(pair.costmin)
  }
}

// Those that take some kinds of orders are open: which kinds is for the exchange to say.
const marketStatuses: ReadonlyMap<string, Market.Market["status"]> = new Map([
  ["online", "open"],
  ["post_only", "open"],
  ["limit_only", "open"],
  ["cancel_only", "halted"],
  ["reduce_only", "halted"],
  ["maintenance", "halted"],
  ["work_in_progress", "halted"],
  ["delisted", "closed"]
])

/**
 * Of the last 24 hours; what it opened at then Kraken does not say. `at` is when the answer came, as it bears no time.
 *
 * @since 0.1.0
 * @category mapping
 */
export const ticker = (market: Market.Market, wire: Wire.Ticker, at: number): Ticker.Ticker => ({
  exchange: "kraken",
  symbol: market.symbol,
  last: positive(wire.c[0]),
  bid: positive(wire.b[0]),
  ask: positive(wire.a[0]),
  high24h: positive(wire.h[1]),
  low24h: positive(wire.l[1]),
  volume24h: wire.v[1],
  at
})

/**
 * `at` is when the answer came: Kraken says only when each level changed.
 *
 * @since 0.1.0
 * @category mapping
 */
export const orderBook = (market: Market.Market, wire: Wire.Depth, at: number): OrderBook.OrderBook => ({
  exchange: "kraken",
  symbol: market.symbol,
  bids: wire.bids.map(([price, amount]) => ({ price, amount })),
  asks: wire.asks.map(([price, amount]) => ({ price, amount })),
  at
})

/**
 * @since 0.1.0
 * @category mapping
 */
export const trade = (
  market: Market.Market,
  [price, amount, at, side, , , id]: typeof Wire.Trade.Type
): Trade.Trade => ({
  exchange: "kraken",
  symbol: market.symbol,
  id: String(id),
  side: side === "b" ? "buy" : "sell",
  price,
  amount,
  at
})

/**
 * @since 0.1.0
 * @category mapping
 */
export const bar = ([openTime, open, high, low, close, , volume]: typeof Wire.Candle.Type): Adapter.Bar => ({
  openTime,
  open,
  high,
  low,
  close,
  volume
})

/**
 * `now` stands in for an instant that cannot be read.
 *
 * @since 0.1.0
 * @category mapping
 */
export const status = (wire: typeof Wire.SystemStatus.Type, now: number): ExchangeStatus.ExchangeStatus => {
  const at = Date.parse(wire.timestamp)
  return {
    exchange: "kraken",
    status: systemStatuses.get(wire.status) ?? "unknown",
    detail: wire.status.slice(0, 200),
    at: Number.isNaN(at) ? now : at
  }
}

const systemStatuses: ReadonlyMap<string, ExchangeStatus.ExchangeStatus["status"]> = new Map([
  ["online", "operational"],
  ["maintenance", "maintenance"],
  ["cancel_only", "limited"],
  ["post_only", "limited"],
  ["limit_only", "limited"]
])

/**
 * The decimal, unless it is zero, which stands for none: no trade, an empty side of the book, no limit.
 *
 * @since 0.1.0
 * @category mapping
 */
export const positive = (decimal: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal | undefined =>
  decimal !== undefined && BigDecimal.isPositive(decimal) ? decimal : undefined
