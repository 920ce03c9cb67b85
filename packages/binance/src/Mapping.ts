/**
 * Binance's words in ours.
 *
 * @since 0.1.0
 */
import type { Balance } from "@effect-exchange/core/Balance"
import * as ExchangeSymbol from "@effect-exchange/core/ExchangeSymbol"
import type { KeyPermissions } from "@effect-exchange/core/KeyPermissions"
import type { Market } from "@effect-exchange/core/Market"
import type { Ticker } from "@effect-exchange/core/Ticker"
import * as BigDecimal from "effect/BigDecimal"
import type * as Wire from "./Wire.js"

/**
 * The market of a symbol: its name is not split, as nothing separates `BTC` from `USDT`, but read from its assets. The
 * step of prices is `PRICE_FILTER.tickSize` and that of amounts `LOT_SIZE.stepSize`; zero means none.
 *
 * @since 0.1.0
 * @category mapping
 */
export const market = (info: Wire.SymbolInfo): Market | undefined => {
  const symbol = ExchangeSymbol.fromAssets({ base: info.baseAsset, quote: info.quoteAsset })
  if (symbol === undefined) return undefined
  const filter = (type: string) => info.filters.find(({ filterType }) => filterType === type)
  return {
    symbol,
    id: info.symbol,
    kind: "spot",
    status: statuses.get(info.status) ?? "unknown",
    base: info.baseAsset,
    quote: info.quoteAsset,
    tickSize: positive(filter("PRICE_FILTER")?.tickSize),
    lotSize: positive(filter("LOT_SIZE")?.stepSize)
  }
}

const statuses: ReadonlyMap<string, Market["status"]> = new Map([
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
export const ticker = (market: Market, wire: Wire.Ticker24hr): Ticker => ({
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

const positive = (decimal: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal | undefined =>
  decimal !== undefined && BigDecimal.isPositive(decimal) ? decimal : undefined

/**
 * @since 0.1.0
 * @category mapping
 */
export const balances = (account: typeof Wire.Account.Type): ReadonlyArray<Balance> =>
  account.balances
    .map(({ asset, free, locked }) => ({ asset, free, total: BigDecimal.sum(free, locked) }))
    .filter(({ total }) => !BigDecimal.isZero(total))

/**
 * A key that may move funds to other accounts may withdraw.
 *
 * @since 0.1.0
 * @category mapping
 */
export const permissions = (wire: Wire.ApiRestrictions): KeyPermissions => ({
  read: wire.enableReading,
  trade: wire.enableSpotAndMarginTrading,
  withdraw: wire.enableWithdrawals || wire.enableInternalTransfer || wire.permitsUniversalTransfer,
  ipRestricted: wire.ipRestrict
})
