/**
 * Binance's public endpoints.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import type { Trade } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import * as Candles from "./candles.js"
import type { Endpoints } from "./endpoint.js"
import * as Limits from "./limits.js"
import { type BinanceListing, coin, market } from "./markets.js"
import {
  flag,
  limitOf,
  missing,
  page,
  type Params,
  type Refusal,
  refuse,
  select,
  type Selection,
  spanOf,
  symbolOf,
  whole,
  within
} from "./params.js"
import { quoteOf, statistics } from "./tickers.js"

// A request whose symbols cannot be read is refused later; it costs as much as a small one.
const requested = (params: Params): Selection =>
  Either.getOrElse(select(params), (): Selection => ({ kind: "one", listings: [] }))

const tickerWeight = (one: number, more: number) => (params: Params): number =>
  requested(params).kind === "one" ? one : more

const statisticsWeight = (params: Params): number => {
  const { kind, listings } = requested(params)
  if (kind === "all" || listings.length > 100) return 80
  return listings.length > 20 ? 40 : 2
}

const depthLimit = (params: Params) => limitOf(params, 100, 5000)

const depthWeight = (params: Params): number => {
  const limit = Either.getOrElse(depthLimit(params), () => 1)
  if (limit <= 100) return 5
  if (limit <= 500) return 25
  return limit <= 1000 ? 50 : 250
}

const body = <E>(answer: Either.Either<Json, E>) => Either.map(answer, (body) => ({ body }))

const each = (params: Params, row: (listing: BinanceListing) => Json) =>
  Either.map(select(params), (selection) => {
    const rows = selection.listings.map(row)
    return { body: selection.kind === "one" ? rows[0] ?? null : rows }
  })

/** @internal */
export const endpoints: Endpoints = {
  "GET /api/v3/ping": { params: [], weight: () => 1, answer: () => Either.right({ body: {} }) },
  "GET /api/v3/time": {
    params: [],
    weight: () => 1,
    answer: (_, world) => Either.right({ body: { serverTime: world.now } })
  },
  "GET /sapi/v1/system/status": {
    params: [],
    weight: () => 1,
    answer: () => Either.right({ body: { status: 0, msg: "normal" } })
  },
  "GET /fapi/v1/exchangeInfo": { params: [], weight: () => 1, answer: (_, world) => contracts(world) },
  "GET /dapi/v1/exchangeInfo": { params: [], weight: () => 1, answer: (_, world) => contracts(world) },
  "GET /api/v3/exchangeInfo": {
    params: ["symbol", "symbols", "showPermissionSets", "symbolStatus"],
    weight: () => 20,
    answer: (params, world) => body(exchangeInfo(params, world))
  },
  "GET /api/v3/ticker/24hr": {
    params: ["symbol", "symbols", "type"],
    weight: statisticsWeight,
    answer: (params, world) => {
      const type = params.get("type") ?? "FULL"
      if (type !== "FULL" && type !== "MINI") return refuse(-1139, "Invalid ticker type.")
      return each(params, (listing) => statistics(listing, world, type === "FULL"))
    }
  },
  "GET /api/v3/ticker/price": {
    params: ["symbol", "symbols"],
    weight: tickerWeight(2, 4),
    answer: (params, world) =>
      each(params, (listing) => ({ symbol: listing.id, price: coin(quoteOf(listing, world).last) }))
  },
  "GET /api/v3/ticker/bookTicker": {
    params: ["symbol", "symbols"],
    weight: tickerWeight(2, 4),
    answer: (params, world) =>
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
  },
  "GET /api/v3/depth": {
    params: ["symbol", "limit"],
    weight: depthWeight,
    answer: (params, world) => body(depth(params, world))
  },
  "GET /api/v3/trades": {
    params: ["symbol", "limit"],
    weight: () => 25,
    answer: (params, world) => body(trades(params, world))
  },
  "GET /api/v3/aggTrades": {
    params: ["symbol", "fromId", "startTime", "endTime", "limit"],
    weight: () => 4,
    answer: (params, world) => body(aggregates(params, world))
  },
  "GET /api/v3/klines": {
    params: ["symbol", "interval", "startTime", "endTime", "limit"],
    weight: () => 2,
    answer: (params, world) => body(klines(params, world))
  }
}

// Its futures have hosts of their own, where nothing is listed here.
const contracts = (world: World) =>
  Either.right({
    body: { timezone: "UTC", serverTime: world.now, rateLimits: [], exchangeFilters: [], assets: [], symbols: [] }
  })

const exchangeInfo = (params: Params, world: World): Either.Either<Json, Refusal> =>
  Either.gen(function*() {
    const status = params.get("symbolStatus")
    const selection = yield* select(params)
    const showSets = yield* flag(params, "showPermissionSets", true)
    if (status !== undefined && selection.kind !== "all") {
      return yield* refuse(-1128, "Combination of optional parameters invalid.")
    }
    if (status !== undefined && !["TRADING", "HALT", "BREAK"].includes(status)) {
      return yield* refuse(-1122, "Invalid symbolStatus.")
    }
    return {
      timezone: "UTC",
      serverTime: world.now,
      rateLimits: [
        { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: Limits.weightLimit },
        ...Limits.orderLimits.map(({ interval, intervalNum, limit }) => ({
          rateLimitType: "ORDERS",
          interval,
          intervalNum,
          limit
        })),
        { rateLimitType: "RAW_REQUESTS", interval: "MINUTE", intervalNum: 5, limit: 300_000 }
      ],
      exchangeFilters: [],
      symbols: selection.listings
        .filter((listing) => status === undefined || listing.status === status)
        .map((listing) => market(listing, showSets))
    }
  })

const depth = (params: Params, world: World): Either.Either<Json, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const limit = yield* depthLimit(params)
    if (listing.status !== "TRADING") return { lastUpdateId: 0, bids: [], asks: [] }
    const { asks, bids, sequence } = Engine.book(world.engine, listing.id, limit)
    const level = ({ amount, price }: Engine.Level): Json => [coin(price), coin(amount)]
    return { lastUpdateId: sequence, bids: bids.map(level), asks: asks.map(level) }
  })

const recent = (listing: BinanceListing, world: World, limit: number): ReadonlyArray<Trade> =>
  listing.status === "TRADING" ? world.trades(listing, limit) : []

const trades = (params: Params, world: World): Either.Either<Json, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const limit = yield* limitOf(params, 500, 1000)
    return recent(listing, world, limit).map((trade) => ({
      id: trade.id,
      price: coin(trade.price),
      qty: coin(trade.amount),
      quoteQty: coin(BigDecimal.multiply(trade.price, trade.amount)),
      time: trade.at,
      isBuyerMaker: trade.side === "sell",
      isBestMatch: true
    }))
  })

// Each trade is an aggregate of its own, and the exchange remembers the last thousand of a market.
const aggregates = (params: Params, world: World): Either.Either<Json, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const limit = yield* limitOf(params, 500, 1000)
    const fromId = yield* whole(params, "fromId")
    const span = yield* spanOf(params)
    const found = recent(listing, world, 1000)
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

const klines = (params: Params, world: World): Either.Either<Json, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const name = params.get("interval")
    if (name === undefined) return yield* missing("interval")
    const interval = Object.hasOwn(Candles.intervals, name) ? Candles.intervals[name] : undefined
    if (interval === undefined) return yield* refuse(-1120, "Invalid interval.")
    const span = yield* spanOf(params)
    const limit = yield* limitOf(params, 500, 1000)
    return listing.status === "TRADING" ? Candles.rows(listing, world, interval, { ...span, limit }) : []
  })
