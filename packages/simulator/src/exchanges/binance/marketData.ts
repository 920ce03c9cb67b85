/**
 * Binance's public endpoints.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Candle, Quote, Trade } from "../../engine/Market.js"
import { columns, type Json } from "../../internal/json.js"
import type * as Table from "../../internal/table.js"
import * as Limits from "./limits.js"
import { type BinanceListing, coin, market } from "./markets.js"
import {
  type Answering,
  byMember,
  does,
  flag,
  limit,
  page,
  type Params,
  refuse,
  select,
  type Selection,
  shows,
  span,
  symbol,
  whole,
  within
} from "./params.js"

// --- rows

// Returns the quote of a symbol. It is all zeros for a symbol that is not traded.
const quoteOf = (listing: BinanceListing, world: World): Quote => {
  const quote = world.quote(listing)
  if (listing.status === "TRADING") return quote
  const { trades: _, ...amounts } = quote
  return { ...Record.map(amounts, () => Decimal.zero), trades: 0 }
}

/** @internal Encodes a row of `ticker/24hr`, either FULL or MINI. */
export const statistics = (
  listing: BinanceListing,
  world: World,
  full: boolean
): { readonly [name: string]: Json } => {
  const quote = quoteOf(listing, world)
  const change = BigDecimal.subtract(quote.last, quote.open)
  const percent = Decimal.ratio(BigDecimal.multiply(change, Decimal.literal("100")), quote.open, 3)
  const firstId = Math.floor(world.now / 1000)
  const whole = {
    priceChange: change,
    priceChangePercent: Decimal.fixed(percent, 3),
    weightedAvgPrice: Decimal.ratio(quote.quoteVolume, quote.volume, 8),
    prevClosePrice: quote.open,
    lastQty: quote.lastSize,
    bidPrice: quote.bid,
    bidQty: quote.bidSize,
    askPrice: quote.ask,
    askQty: quote.askSize
  }
  return {
    symbol: listing.id,
    ...(full ? whole : {}),
    openPrice: quote.open,
    highPrice: quote.high,
    lowPrice: quote.low,
    lastPrice: quote.last,
    volume: quote.volume,
    quoteVolume: quote.quoteVolume,
    openTime: world.now - 86_400_000,
    closeTime: world.now,
    firstId: quote.trades === 0 ? -1 : firstId,
    lastId: quote.trades === 0 ? -1 : firstId + quote.trades - 1,
    count: quote.trades
  }
}

// --- endpoints

// A request with invalid symbols is refused later. It costs as much as a request for one symbol.
const requested = (params: Params): Selection =>
  Either.getOrElse(select(params), (): Selection => ({ kind: "one", listings: [] }))

/** @internal */
export const tickerWeight = (one: number, more: number) => (params: Params): number =>
  requested(params).kind === "one" ? one : more

/** @internal */
export const statisticsWeight = (params: Params): number => {
  const { kind, listings } = requested(params)
  if (kind === "all" || listings.length > 100) return 80
  return listings.length > 20 ? 40 : 2
}

const depthLimit = limit(100, 5000)

/** @internal */
export const depthWeight = (params: Params): number => {
  const limit = Either.getOrElse(depthLimit(params), () => 1)
  if (limit <= 100) return 5
  if (limit <= 500) return 25
  return limit <= 1000 ? 50 : 250
}

const each = (params: Params, row: (listing: BinanceListing) => Json) =>
  Either.map(select(params), (selection): Table.Answer => {
    const rows = selection.listings.map(row)
    return [selection.kind === "one" ? rows[0] ?? null : rows]
  })

/** @internal */
export const prices: Answering = (params, world) =>
  each(params, (listing) => ({ symbol: listing.id, price: quoteOf(listing, world).last }))

/** @internal */
export const bests: Answering = (params, world) =>
  each(params, (listing) => {
    const { ask, askSize, bid, bidSize } = quoteOf(listing, world)
    return {
      symbol: listing.id,
      bidPrice: bid,
      bidQty: bidSize,
      askPrice: ask,
      askQty: askSize
    }
  })

/** @internal */
export const tickers: Answering = (params, world) => {
  const type = params["type"] ?? "FULL"
  if (type !== "FULL" && type !== "MINI") return refuse(-1139, "Invalid ticker type.")
  return each(params, (listing) => statistics(listing, world, type === "FULL"))
}

/** @internal Returns no futures: they have their own hosts, and the simulator lists none. */
export const contracts = shows({}, (_, { now }) => ({
  timezone: "UTC",
  serverTime: now,
  ...columns("rateLimits exchangeFilters assets symbols", [])
}))

const info = { select, showsSets: flag("showPermissionSets", true) }

/** @internal */
export const exchangeInfo = does(info, ({ select: { kind, listings }, showsSets }, world, params) => {
  const status = params["symbolStatus"]
  if (status !== undefined && kind !== "all") return refuse(-1128, "Combination of optional parameters invalid.")
  if (status !== undefined && !["TRADING", "HALT", "BREAK"].includes(status)) {
    return refuse(-1122, "Invalid symbolStatus.")
  }
  return Either.right([{
    timezone: "UTC",
    serverTime: world.now,
    rateLimits: [
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: Limits.weight.limit },
      ...Limits.orderLimits.map(({ interval, intervalNum, limit }) => ({
        rateLimitType: "ORDERS",
        interval,
        intervalNum,
        limit
      })),
      { rateLimitType: "RAW_REQUESTS", interval: "MINUTE", intervalNum: 5, limit: 300_000 }
    ],
    exchangeFilters: [],
    symbols: listings
      .filter((listing) => status === undefined || listing.status === status)
      .map((listing) => market(listing, showsSets))
  }])
})

/** @internal */
export const depth = shows({ symbol, limit: depthLimit }, ({ limit, symbol }, world) => {
  if (symbol.status !== "TRADING") return { lastUpdateId: 0, bids: [], asks: [] }
  const { asks, bids, sequence } = Engine.book(world.engine, symbol.id, limit)
  const level = ({ amount, price }: Engine.Level): Json => [price, amount]
  return { lastUpdateId: sequence, bids: bids.map(level), asks: asks.map(level) }
})

const recent = (listing: BinanceListing, world: World, limit: number): ReadonlyArray<Trade> =>
  listing.status === "TRADING" ? world.trades(listing, limit) : []

/** @internal */
export const trades = shows(
  { symbol, limit: limit(500, 1000) },
  ({ limit, symbol }, world) =>
    recent(symbol, world, limit).map((trade) => ({
      id: trade.id,
      price: trade.price,
      qty: trade.amount,
      quoteQty: BigDecimal.multiply(trade.price, trade.amount),
      time: trade.at,
      isBuyerMaker: trade.side === "sell",
      isBestMatch: true
    }))
)

const tape = { symbol, limit: limit(500, 1000), fromId: whole("fromId"), span: span() }

// Each trade is its own aggregate. The exchange keeps the last thousand trades of a market.
/** @internal */
export const aggregates = shows(tape, ({ fromId, limit, span, symbol }, world) => {
  const found = recent(symbol, world, 1000)
    .filter(({ at, id }) => within(span, at) && (fromId === undefined || fromId <= id))
  return page(found, limit, fromId !== undefined || span.startTime !== undefined).map((trade) => ({
    a: trade.id,
    p: trade.price,
    q: trade.amount,
    f: trade.id,
    l: trade.id,
    T: trade.at,
    m: trade.side === "sell",
    M: true
  }))
})

// --- candles

const { day, hour, minute } = Bars

/** @internal The intervals by their Binance names, which are case-sensitive. */
export const intervals: Readonly<Record<string, Bars.Bars>> = {
  ...Bars.named(1000, "s", 1),
  ...Bars.named(minute, "m", 1, 3, 5, 15, 30),
  ...Bars.named(hour, "h", 1, 2, 4, 6, 8, 12),
  ...Bars.named(day, "d", 1),
  "3d": Bars.fixed(3 * day, 0, day),
  "1w": Bars.weeks(),
  "1M": Bars.months()
}

// The history begins with the day the exchange opened, or thirty days ago if that is earlier.
const beginning = 1_502_928_000_000
const shortHistory = 30 * day

/**
 * Returns the oldest candles from `startTime` on, or else the newest ones. Candles in the future are never
 * returned.
 */
const candleRows = (
  listing: BinanceListing,
  world: World,
  bars: Bars.Bars,
  range: { readonly startTime: number | undefined; readonly endTime: number | undefined; readonly limit: number }
): ReadonlyArray<Json> => {
  const { endTime = Infinity, limit, startTime } = range
  const earliest = bars.openOf(Math.min(beginning, world.now - shortHistory))
  const from = Math.max(startTime ?? -Infinity, earliest)
  const last = startTime === undefined ? Infinity : Bars.forward(bars, bars.openOf(from - 1), limit + 1) - 1
  return Bars.between(bars, listing, world, { from, to: Math.min(endTime, last), most: limit })
    .map((candle) => candleRow(candle, bars.after(candle.openTime) - 1))
}

// The taker buy volume is half of the volume.
const half = Decimal.literal("0.5")

const candleRow = (
  { close, high, low, open, openTime, quoteVolume, trades, volume }: Candle,
  closeTime: number
): Json => [
  openTime,
  ...[open, high, low, close, volume].map(coin),
  closeTime,
  quoteVolume,
  trades,
  ...[volume, quoteVolume].map((all) => BigDecimal.multiply(all, half)),
  "0"
]

const interval = byMember("interval", intervals, refuse(-1120, "Invalid interval."))

const candles = { symbol, interval, span: span(), limit: limit(500, 1000) }

/** @internal */
export const klines = shows(
  candles,
  ({ interval, limit, span, symbol }, world) =>
    symbol.status === "TRADING" ? candleRows(symbol, world, interval, { ...span, limit }) : []
)
