import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { type CoinbaseListing, listings, productRow } from "./markets.js"
import { all, type Answer, integer, invalid, iso, type Refusal, refuse } from "./params.js"

/** @internal */
export const time = (now: number): Json => ({
  iso: iso(now).replace(/\.\d+/, ""),
  epochSeconds: String(Math.floor(now / 1000)),
  epochMillis: String(now)
})

/** @internal */
export const findProduct = (id: string): Either.Either<CoinbaseListing, Refusal> => {
  const listing = listings.find((listing) => listing.id === id)
  return listing === undefined
    ? refuse(404, "NOT_FOUND", "valid product_id is required")
    : Either.right(listing)
}

/** @internal Those asked for, or those that can be traded, or everything with `get_all_products`. */
export const products = (query: URLSearchParams, world: World): Answer =>
  Either.gen(function*() {
    const ids = all(query, "product_ids")
    const type = query.get("product_type") ?? "SPOT"
    const listed = listings.filter(({ id, status }) =>
      ids.length > 0 ? ids.includes(id) : status === "online" || query.get("get_all_products") === "true"
    )
    const offset = yield* integer(query, "offset", 0)
    const limit = yield* integer(query, "limit", listed.length)
    const rows = type === "SPOT" ? listed.slice(offset, offset + limit) : []
    return { products: rows.map((listing) => productRow(listing, world)), num_products: rows.length }
  })

/** @internal */
export const product = (id: string, world: World): Answer =>
  Either.map(findProduct(id), (listing) => productRow(listing, world))

const levelRow = ({ amount, price }: Engine.Level): Json => ({
  price: Decimal.plain(price),
  size: Decimal.plain(amount)
})

const wholeBook = 1_000_000

const pricebook = (listing: CoinbaseListing, world: World, depth: number): Json => {
  const { asks, bids } = Engine.book(world.engine, listing.id, depth)
  return {
    product_id: listing.id,
    bids: bids.map(levelRow),
    asks: asks.map(levelRow),
    time: iso(world.now)
  }
}

/** @internal */
export const productBook = (query: URLSearchParams, world: World): Answer =>
  Either.gen(function*() {
    const listing = yield* findProduct(query.get("product_id") ?? "")
    const limit = yield* integer(query, "limit", wholeBook)
    const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
    const book = { pricebook: pricebook(listing, world, limit === 0 ? wholeBook : limit) }
    if (ask === undefined || bid === undefined) {
      return { ...book, last: "", mid_market: "", spread_bps: "", spread_absolute: "" }
    }
    const middle = BigDecimal.multiply(BigDecimal.sum(ask.price, bid.price), Decimal.literal("0.5"))
    const spread = BigDecimal.subtract(ask.price, bid.price)
    return {
      ...book,
      last: Decimal.plain(world.quote(listing).last),
      mid_market: Decimal.plain(middle),
      spread_bps: Decimal.plain(Decimal.ratio(BigDecimal.multiply(spread, Decimal.literal("10000")), middle, 12)),
      spread_absolute: Decimal.plain(spread)
    }
  })

/** @internal */
export const bestBidAsk = (query: URLSearchParams, world: World): Answer => {
  const ids = all(query, "product_ids")
  const wanted = ids.length === 0 ? Either.right(listings) : Either.all(ids.map(findProduct))
  return Either.map(wanted, (listings) => ({ pricebooks: listings.map((listing) => pricebook(listing, world, 1)) }))
}

/** @internal The public tape names the side of the maker: the opposite of who was in a hurry. */
export const makerSide = (taker: Engine.Side): "BUY" | "SELL" => taker === "buy" ? "SELL" : "BUY"

const mostTrades = 1000

/** @internal The last trades, newest first, and the best prices. */
export const ticker = (id: string, query: URLSearchParams, world: World): Answer =>
  Either.gen(function*() {
    const listing = yield* findProduct(id)
    const limit = yield* integer(query, "limit", undefined)
    if (limit === undefined || limit === 0) return yield* invalid("limit argument is invalid")
    const start = yield* integer(query, "start", 0)
    const end = yield* integer(query, "end", Number.MAX_SAFE_INTEGER)
    const { asks: [ask], bids: [bid] } = Engine.book(world.engine, id, 1)
    const trades = listing.status === "online" ? world.trades(listing, mostTrades) : []
    return {
      trades: trades
        .filter(({ at }) => at >= start * 1000 && at <= end * 1000)
        .toReversed()
        .slice(0, limit)
        .map((trade): Json => ({
          trade_id: String(trade.id),
          product_id: id,
          price: Decimal.plain(trade.price),
          size: Decimal.plain(trade.amount),
          time: iso(trade.at),
          side: makerSide(trade.side),
          bid: "",
          ask: "",
          exchange: "coinbase"
        })),
      best_bid: bid === undefined ? "" : Decimal.plain(bid.price),
      best_ask: ask === undefined ? "" : Decimal.plain(ask.price)
    }
  })

const granularities: Readonly<Record<string, number>> = {
  ONE_MINUTE: 60,
  FIVE_MINUTE: 300,
  FIFTEEN_MINUTE: 900,
  THIRTY_MINUTE: 1800,
  ONE_HOUR: 3600,
  TWO_HOUR: 7200,
  FOUR_HOUR: 14_400,
  SIX_HOUR: 21_600,
  ONE_DAY: 86_400
}

const mostCandles = 350

/** @internal Newest first; buckets in which nothing was traded are left out. */
export const candles = (id: string, query: URLSearchParams, world: World): Answer =>
  Either.gen(function*() {
    const listing = yield* findProduct(id)
    const length = granularities[query.get("granularity") ?? ""]
    if (length === undefined) return yield* invalid("granularity argument is invalid")
    const start = yield* integer(query, "start", undefined)
    const end = yield* integer(query, "end", undefined)
    const limit = yield* integer(query, "limit", mostCandles)
    if (start === undefined || end === undefined || end < start) {
      return yield* invalid("start and end argument is invalid")
    }
    if ((end - start) / length >= mostCandles) {
      return yield* invalid(
        `start and end argument is invalid - number of candles requested should be less than ${mostCandles}`
      )
    }
    const known = listing.status === "online" ? world.candles(listing, length * 1000, start * 1000, end * 1000) : []
    return {
      candles: known
        .filter(({ trades }) => trades > 0)
        .toReversed()
        .slice(0, limit)
        .map((candle): Json => ({
          start: String(candle.openTime / 1000),
          low: Decimal.plain(candle.low),
          high: Decimal.plain(candle.high),
          open: Decimal.plain(candle.open),
          close: Decimal.plain(candle.close),
          volume: Decimal.plain(candle.volume)
        }))
    }
  })
