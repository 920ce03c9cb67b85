/**
 * Bybit's words in ours: public data, balances and permissions.
 *
 * A market's `id` is Bybit's own name for it. Spot and linear contracts share names (`BTCUSDT` is both), so a name stands
 * for one market only together with its category, which a market's kind tells (see {@link category}).
 *
 * @since 0.1.0
 */
import {
  type Balance,
  Decimal,
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
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type * as TradingWire from "./TradingWire.js"
import * as Wire from "./Wire.js"

/**
 * The category of a market: what is not spot is `inverse` or `linear`.
 *
 * @since 0.1.0
 * @category mapping
 */
export const category = (market: Pick<Market.Market, "kind" | "inverse">): Wire.Category =>
  market.kind === "spot" ? "spot" : market.inverse === true ? "inverse" : "linear"

/**
 * The market of an instrument, or `undefined` for what has no symbol in our notation. Names are not split but read from
 * the coins. One inverse contract is one unit of its quote coin.
 *
 * @since 0.1.0
 * @category mapping
 */
export const market = (category: Wire.Category, row: Wire.Instrument): Market.Market | undefined => {
  const kind = category === "spot" ? "spot" : kinds.get(row.contractType ?? "")
  const settle = category === "spot" ? undefined : Wire.given(row.settleCoin)
  if (kind === undefined || (kind !== "spot" && settle === undefined)) return undefined
  // Perpetuals have a day of delivery, too, when they are to be taken off.
  const expiry = kind === "future" ? day(Wire.given(row.deliveryTime)) : undefined
  // Without its day a future would pass for the perpetual of the same coins.
  if (kind === "future" && expiry === undefined) return undefined
  const assets = { base: row.baseCoin, quote: row.quoteCoin, settle }
  const symbol = ExchangeSymbol.fromAssets({ ...assets, expiry })
  const { lotSizeFilter: size, priceFilter: price } = row
  return symbol === undefined ? undefined : {
    symbol,
    id: row.symbol,
    kind,
    status: statuses.get(row.status) ?? "unknown",
    ...assets,
    tickSize: positive(price.tickSize),
    minPrice: positive(price.minPrice),
    maxPrice: positive(price.maxPrice),
    ...kind === "spot"
      // Spot has a `minOrderQty` as well, which does not count any more.
      ? {
        lotSize: positive(size.basePrecision),
        maxAmount: positive(size.maxLimitOrderQty) ?? positive(size.maxOrderQty),
        minNotional: positive(size.minOrderAmt)
      }
      : {
        lotSize: positive(size.qtyStep),
        minAmount: positive(size.minOrderQty),
        maxAmount: positive(size.maxOrderQty),
        minNotional: positive(size.minNotionalValue),
        ...category === "inverse" ? { inverse: true, multiplier: one } : {}
      }
  }
}

const one = Decimal.make("1")

const kinds: ReadonlyMap<string, Market.Market["kind"]> = new Map([
  ["LinearPerpetual", "perpetual"],
  ["InversePerpetual", "perpetual"],
  ["LinearFutures", "future"],
  ["InverseFutures", "future"]
])

const statuses: ReadonlyMap<string, Market.Market["status"]> = new Map([
  ["Trading", "open"],
  ["PreLaunch", "halted"],
  ["Delivering", "halted"],
  ["Closed", "closed"]
])

// As in symbols: YYMMDD.
const day = (millis: number | undefined): string | undefined =>
  millis === undefined || millis === 0
    ? undefined
    : Option.getOrUndefined(
      Option.map(DateTime.make(millis), (at) => DateTime.formatIsoDateUtc(at).slice(2).replaceAll("-", ""))
    )

/**
 * A decimal above zero; zero and nothing are none.
 *
 * @since 0.1.0
 * @category mapping
 */
export const positive = (decimal: BigDecimal.BigDecimal | "" | null | undefined): BigDecimal.BigDecimal | undefined => {
  const value = Wire.given(decimal)
  return value !== undefined && BigDecimal.isPositive(value) ? value : undefined
}

/**
 * The volume is in the base currency: of inverse contracts that is the turnover, as their volume is in contracts.
 *
 * @since 0.1.0
 * @category mapping
 */
export const ticker = (market: Market.Market, row: Wire.Ticker, at: number): Ticker.Ticker => ({
  exchange: "bybit",
  symbol: market.symbol,
  last: positive(row.lastPrice),
  bid: positive(row.bid1Price),
  ask: positive(row.ask1Price),
  open24h: positive(row.prevPrice24h),
  high24h: positive(row.highPrice24h),
  low24h: positive(row.lowPrice24h),
  volume24h: Wire.given(category(market) === "inverse" ? row.turnover24h : row.volume24h),
  at
})

/**
 * @since 0.1.0
 * @category mapping
 */
export const orderBook = (market: Market.Market, wire: Wire.OrderBook): OrderBook.OrderBook => ({
  exchange: "bybit",
  symbol: market.symbol,
  bids: wire.b.map(level),
  asks: wire.a.map(level),
  at: wire.cts ?? wire.ts,
  sequence: String(wire.u)
})

const level = ([price, amount]: Wire.OrderBook["a"][number]): OrderBook.OrderBook["asks"][number] => ({ price, amount })

/**
 * @since 0.1.0
 * @category mapping
 */
export const trade = (market: Market.Market, wire: Wire.Trade): Trade.Trade => ({
  exchange: "bybit",
  symbol: market.symbol,
  id: wire.execId,
  side: side(wire.side),
  price: wire.price,
  amount: wire.size,
  at: wire.time
})

/**
 * @since 0.1.0
 * @category mapping
 */
export const side = (wire: typeof Wire.Side.Type): Trade.Side => wire === "Buy" ? "buy" : "sell"

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
 * What an exchange that announces its interruptions says of itself: `operational` when none is under way, `maintenance`
 * when orders are taken of neither spot nor contracts, `limited` otherwise. WebSocket alone does not count, as nothing
 * here uses it.
 *
 * @since 0.1.0
 * @category mapping
 */
export const status = (interruptions: ReadonlyArray<Wire.Interruption>, at: number): ExchangeStatus.ExchangeStatus => {
  const relevant = interruptions.filter((each) =>
    each.env !== 2 && touches(each.product, [1, 2]) && touches(each.serviceTypes, [1, 2, 5]) &&
    !["scheduled", "completed", "canceled"].includes(each.state)
  )
  const ongoing = relevant.filter(({ state }) => state === "ongoing")
  const closed = ongoing.filter((each) => touches(each.serviceTypes, [1, 2]) && (each.uidSuffix ?? []).length === 0)
  const isClosed = (product: number) => closed.some((each) => touches(each.product, [product]))
  const titles = relevant.flatMap(({ title }) => Wire.given(title) ?? [])
  return {
    exchange: "bybit",
    status: relevant.length === 0
      ? "operational"
      : ongoing.length === 0
      ? "unknown"
      : isClosed(1) && isClosed(2)
      ? "maintenance"
      : "limited",
    detail: titles.length === 0 ? undefined : titles.join("; ").slice(0, 200),
    at
  }
}

// What is not said is meant to be everything.
const touches = (listed: ReadonlyArray<unknown> | undefined, wanted: ReadonlyArray<number>): boolean =>
  listed === undefined || listed.length === 0 || wanted.some((each) => listed.includes(each))

/**
 * The coins of which there are any. What is free of a coin is what neither orders nor positions nor a bonus hold; with
 * cross margin, orders can use more than that, as other coins count as well.
 *
 * @since 0.1.0
 * @category mapping
 */
export const balances = (wallet: typeof TradingWire.Wallet.Type): ReadonlyArray<Balance.Balance> =>
  wallet.list.flatMap(({ coin }) => coin).map(balance).filter(({ total }) => !BigDecimal.isZero(total))

const balance = (coin: TradingWire.Coin): Balance.Balance => {
  const held = [coin.locked, coin.totalOrderIM, coin.totalPositionIM, coin.bonus]
    .map((amount) => Wire.given(amount) ?? zero)
    .reduce(BigDecimal.sum)
  const free = BigDecimal.subtract(coin.walletBalance, held)
  return { asset: coin.coin, free: BigDecimal.isNegative(free) ? zero : free, total: coin.walletBalance }
}

const zero = Decimal.make("0")

/**
 * What a key may do. One that may move coins out of the wallet, be it to an account of the same owner, may withdraw.
 *
 * @since 0.1.0
 * @category mapping
 */
export const permissions = ({ expiredAt, ips, permissions, readOnly }: Wire.ApiKey): KeyPermissions.KeyPermissions => {
  const may = (name: string, ...actions: ReadonlyArray<string>): boolean =>
    readOnly === 0 && actions.some((action) => permissions[name]?.includes(action) === true)
  const ipRestricted = ips.length > 0 && !ips.includes("*")
  const expiresAt = Date.parse(Wire.given(expiredAt) ?? "")
  return {
    read: true,
    trade: may("ContractTrade", "Order", "Position") || may("Spot", "SpotTrade") || may("Options", "OptionsTrade") ||
      may("Derivatives", "DerivativesTrade"),
    withdraw: may("Wallet", "Withdraw", "AccountTransfer", "SubMemberTransfer", "SubMemberTransferList"),
    ipRestricted,
    // Only keys without addresses expire, and the date of others is 1970.
    ...expiresAt > 0 && !ipRestricted ? { expiresAt } : {}
  }
}
