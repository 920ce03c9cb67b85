/**
 * Coinbase's words for public data in ours.
 *
 * @since 0.1.0
 */
import {
  type Candle,
  type ExchangeStatus,
  ExchangeSymbol,
  type Market,
  type OrderBook,
  type Ticker,
  type Trade
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import type * as Wire from "./Wire.js"

/**
 * The market of a product; `undefined` when one of its currencies is not in our notation. `BTC-USD` and `BTC-USDC` are
 * two markets, though they share one book.
 *
 * @since 0.1.0
 * @category mapping
 */
export const market = (product: Wire.Product): Market.Market | undefined => {
  const { base_currency_id: base, quote_currency_id: quote } = product
  const symbol = ExchangeSymbol.fromAssets({ base, quote })
  return symbol === undefined ? undefined : {
    symbol,
    id: product.product_id,
    kind: "spot",
    status: statusOf(product),
    base,
    quote,
    tickSize: positive(product.price_increment) ?? positive(product.quote_increment),
    lotSize: positive(product.base_increment),
    minAmount: positive(product.base_min_size),
    maxAmount: positive(product.base_max_size),
    minNotional: positive(product.quote_min_size)
  }
}

const statusOf = (product: Wire.Product): Market.Market["status"] => {
  const { auction_mode, cancel_only, is_disabled, trading_disabled, view_only } = product
  if (product.status === "delisted") return "closed"
  const halted = [auction_mode, cancel_only, is_disabled, trading_disabled, view_only].includes(true)
  if (halted || product.status === "offline") return "halted"
  return product.status === "online" ? "open" : "unknown"
}

/**
 * Coinbase has no word on itself: it is judged by what of its products can be traded, and how.
 *
 * @since 0.1.0
 * @category mapping
 */
export const status = (products: ReadonlyArray<Wire.Product>, at: number): ExchangeStatus.ExchangeStatus => {
  const open = products.filter((product) => statusOf(product) === "open")
  const unlimited = open.filter(({ limit_only, post_only }) => limit_only !== true && post_only !== true)
  const detail = `${open.length} of ${products.length} products are open, ${unlimited.length} to all orders`
  const limited = open.length > 0 || products.some(({ cancel_only }) => cancel_only === true)
  return {
    exchange: "coinbase",
    status: unlimited.length > 0 ? "operational" : limited ? "limited" : "maintenance",
    detail,
    at
  }
}

const one = BigDecimal.fromBigInt(1n)
const hundred = BigDecimal.fromBigInt(100n)

// The exchange gives the change in percent only: what it began with is as exact as prices are.
const open24h = (
  { price, price_percentage_change_24h: percent }: Wire.Product,
  tickSize: BigDecimal.BigDecimal | undefined
): BigDecimal.BigDecimal | undefined => {
  if (price === undefined || percent === undefined || tickSize === undefined) return undefined
  const open = BigDecimal.divide(price, BigDecimal.sum(one, BigDecimal.unsafeDivide(percent, hundred)))
  return positive(
    Option.getOrUndefined(Option.map(open, BigDecimal.round({ scale: tickSize.scale, mode: "half-even" })))
  )
}

/**
 * The ticker of a product, with the top of its book where that was asked for: `at` is the book's instant, or else that of
 * receipt.
 *
 * @since 0.1.0
 * @category mapping
 */
export const ticker = (
  market: Market.Market,
  product: Wire.Product,
  book: Pick<Wire.PriceBook, "bids" | "asks" | "time"> | { readonly time: number }
): Ticker.Ticker => ({
  exchange: "coinbase",
  symbol: market.symbol,
  last: positive(product.price),
  ..."bids" in book ? { bid: positive(book.bids[0]?.price), ask: positive(book.asks[0]?.price) } : {},
  open24h: open24h(product, market.tickSize),
  volume24h: product.volume_24h,
  at: book.time
})

const positive = (decimal: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal | undefined =>
  decimal !== undefined && BigDecimal.isPositive(decimal) ? decimal : undefined

/**
 * @since 0.1.0
 * @category mapping
 */
export const orderBook = (market: Market.Market, book: Wire.PriceBook): OrderBook.OrderBook => ({
  exchange: "coinbase",
  symbol: market.symbol,
  bids: book.bids.map(level),
  asks: book.asks.map(level),
  at: book.time
})

const level = ({ price, size }: Wire.PriceBook["bids"][number]) => ({ price, amount: size })

/**
 * Who was in a hurry in a public trade: Coinbase names the side of the maker (since 2025-07-30; before, the taker's).
 *
 * @since 0.1.0
 * @category mapping
 */
export const takerSide = (maker: Wire.Side): Trade.Side => maker === "SELL" ? "buy" : "sell"

/**
 * @since 0.1.0
 * @category mapping
 */
export const trade = (market: Market.Market) => (trade: Wire.MarketTrade): Trade.Trade => ({
  exchange: "coinbase",
  symbol: market.symbol,
  id: trade.trade_id,
  side: takerSide(trade.side),
  price: trade.price,
  amount: trade.size,
  at: trade.time
})

/**
 * Coinbase's names of the intervals.
 *
 * @since 0.1.0
 * @category mapping
 */
export const granularities: { readonly [I in Candle.Interval]: string } = {
  "1m": "ONE_MINUTE",
  "5m": "FIVE_MINUTE",
  "15m": "FIFTEEN_MINUTE",
  "30m": "THIRTY_MINUTE",
  "1h": "ONE_HOUR",
  "4h": "FOUR_HOUR",
  "1d": "ONE_DAY"
}

/**
 * @since 0.1.0
 * @category mapping
 */
export const bar = ({ start, ...rest }: Wire.Candle): Adapter.Bar => ({ openTime: start * 1000, ...rest })
