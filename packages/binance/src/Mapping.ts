/**
 * Binance's words in ours.
 *
 * @since 0.1.0
 */
import {
  type Balance,
  type ExchangeStatus,
  ExchangeSymbol,
  type KeyPermissions,
  type Market,
  type OrderBook,
  type Ticker,
  type Trade
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import type * as Wire from "./Wire.js"

/**
 * The market of a symbol: its name is not split, as nothing separates `BTC` from `USDT`, but read from its assets. Prices
 * are bound by `PRICE_FILTER`, amounts by `LOT_SIZE`, their product by `NOTIONAL` (or its forerunner `MIN_NOTIONAL`);
 * zero means none.
 *
 * @since 0.1.0
 * @category mapping
 */
export const market = (info: Wire.SymbolInfo): Market.Market | undefined => {
  const symbol = ExchangeSymbol.fromAssets({ base: info.baseAsset, quote: info.quoteAsset })
  if (symbol === undefined) return undefined
  const filter = (type: string) => info.filters.find(({ filterType }) => filterType === type)
  const price = filter("PRICE_FILTER")
  const lot = filter("LOT_SIZE")
  return {
    symbol,
    id: info.symbol,
    kind: "spot",
    status: statuses.get(info.status) ?? "unknown",
    base: info.baseAsset,
    quote: info.quoteAsset,
    tickSize: positive(price?.tickSize),
    lotSize: positive(lot?.stepSize),
    minAmount: positive(lot?.minQty),
    maxAmount: positive(lot?.maxQty),
    minPrice: positive(price?.minPrice),
    maxPrice: positive(price?.maxPrice),
    minNotional: positive((filter("NOTIONAL") ?? filter("MIN_NOTIONAL"))?.minNotional)
  }
}

const statuses: ReadonlyMap<string, Market.Market["status"]> = new Map([
  ["TRADING", "open"],
  ["END_OF_DAY", "halted"],
  ["HALT", "halted"],
  ["BREAK", "halted"],
  ["CANCEL_ONLY", "halted"]
])

/**
 * A zero price is none: there was no trade, or that side of the book is empty.
 *
 * @since 0.1.0
 * @category mapping
 */
export const ticker = (market: Market.Market, wire: Wire.Ticker24hr): Ticker.Ticker => ({
  exchange: "binance",
  symbol: market.symbol,
  last: positive(wire.lastPrice),
  bid: positive(wire.bidPrice),
  ask: positive(wire.askPrice),
  open24h: positive(wire.openPrice),
  high24h: positive(wire.highPrice),
  low24h: positive(wire.lowPrice),
  volume24h: wire.volume,
  at: wire.closeTime
})

/**
 * The book as it was received at an instant (epoch milliseconds), as the exchange gives none.
 *
 * @since 0.1.0
 * @category mapping
 */
export const orderBook = (market: Market.Market, wire: Wire.Depth, at: number): OrderBook.OrderBook => ({
  exchange: "binance",
  symbol: market.symbol,
  bids: wire.bids.map(level),
  asks: wire.asks.map(level),
  at,
  sequence: String(wire.lastUpdateId)
})

const level = ([price, amount]: Wire.Depth["bids"][number]): OrderBook.Level => ({ price, amount })

/**
 * @since 0.1.0
 * @category mapping
 */
export const trade = (market: Market.Market, wire: Wire.Trade): Trade.Trade => ({
  exchange: "binance",
  symbol: market.symbol,
  id: String(wire.id),
  side: wire.isBuyerMaker ? "sell" : "buy",
  price: wire.price,
  amount: wire.qty,
  at: wire.time
})

/**
 * @since 0.1.0
 * @category mapping
 */
export const bar = ([openTime, open, high, low, close, volume]: Wire.Kline): Adapter.Bar => ({
  openTime,
  open,
  high,
  low,
  close,
  volume
})

/**
 * @since 0.1.0
 * @category mapping
 */
export const status = ({ msg, status }: Wire.SystemStatus, at: number): ExchangeStatus.ExchangeStatus => ({
  exchange: "binance",
  status: status === 0 ? "operational" : status === 1 ? "maintenance" : "unknown",
  detail: msg === "" ? undefined : msg.slice(0, 200),
  at
})

/**
 * The value, unless it is zero, which Binance writes for none.
 *
 * @since 0.1.0
 * @category mapping
 */
export const positive = (decimal: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal | undefined =>
  decimal !== undefined && BigDecimal.isPositive(decimal) ? decimal : undefined

/**
 * @since 0.1.0
 * @category mapping
 */
export const balances = (account: typeof Wire.Account.Type): ReadonlyArray<Balance.Balance> =>
  account.balances
    .map(({ asset, free, locked }) => ({ asset, free, total: BigDecimal.sum(free, locked) }))
    .filter(({ total }) => !BigDecimal.isZero(total))

/**
 * A key that may trade anything, be it what is not traded here or by another protocol, may trade; one that may move funds
 * to other accounts may withdraw. It expires when it may no longer trade.
 *
 * @since 0.1.0
 * @category mapping
 */
export const permissions = (wire: Wire.ApiRestrictions): KeyPermissions.KeyPermissions => ({
  read: wire.enableReading,
  trade: [
    wire.enableSpotAndMarginTrading,
    wire.enableMargin,
    wire.enableFutures,
    wire.enableVanillaOptions,
    wire.enableFixApiTrade
  ].includes(true),
  withdraw: wire.enableWithdrawals || wire.enableInternalTransfer || wire.permitsUniversalTransfer,
  ipRestricted: wire.ipRestrict,
  expiresAt: wire.tradingAuthorityExpirationTime
})
