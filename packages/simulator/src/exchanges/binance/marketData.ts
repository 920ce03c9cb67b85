/**
 * Binance's public endpoints.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import type * as Bars from "../../engine/internal/bars.js"
import type { Trade } from "../../engine/Market.js"
import { columns, type Json } from "../../internal/json.js"
import type * as Table from "../../internal/table.js"
import * as Candles from "./candles.js"
import * as Limits from "./limits.js"
import { type BinanceListing, coin, market } from "./markets.js"
import {
  type Answering,
  does,
  flag,
  limit,
  missing,
  page,
  type Params,
  type Read,
  refuse,
  select,
  type Selection,
  shows,
  span,
  symbol,
  whole,
  within
} from "./params.js"
import { quoteOf, statistics } from "./tickers.js"

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
  each(params, (listing) => ({ symbol: listing.id, price: coin(quoteOf(listing, world).last) }))

/** @internal */
export const bests: Answering = (params, world) =>
  each(params, (listing) => {
    const { ask, askSize, bid, bidSize } = quoteOf(listing, world)
    return {
      symbol: listing.id,
      bidPrice: coin(bid),
      bidQty: coin(bidSize),
      askPrice: coin(ask),
      askQty: coin(askSize)
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
  const level = ({ amount, price }: Engine.Level): Json => [coin(price), coin(amount)]
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
      price: coin(trade.price),
      qty: coin(trade.amount),
      quoteQty: coin(BigDecimal.multiply(trade.price, trade.amount)),
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
    p: coin(trade.price),
    q: coin(trade.amount),
    f: trade.id,
    l: trade.id,
    T: trade.at,
    m: trade.side === "sell",
    M: true
  }))
})

const interval = ({ interval: name }: Params): Read<Bars.Bars> => {
  if (name === undefined) return missing("interval")
  const found = Object.hasOwn(Candles.intervals, name) ? Candles.intervals[name] : undefined
  return found === undefined ? refuse(-1120, "Invalid interval.") : Either.right(found)
}

const candles = { symbol, interval, span: span(), limit: limit(500, 1000) }

/** @internal */
export const klines = shows(
  candles,
  ({ interval, limit, span, symbol }, world) =>
    symbol.status === "TRADING" ? Candles.rows(symbol, world, interval, { ...span, limit }) : []
)
