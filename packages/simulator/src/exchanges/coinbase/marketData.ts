import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { uuid } from "../../internal/ids.js"
import { flag, iso, list, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import * as Markets from "./markets.js"
import { type Answering, integer, invalid, type Read, refuse } from "./params.js"

/** @internal */
export const time = (now: number): Json => ({
  iso: iso(now).replace(/\.\d+/, ""),
  epochSeconds: String(Math.floor(now / 1000)),
  epochMillis: String(now)
})

const productOf = (id: string | undefined): Read<Markets.CoinbaseListing> => {
  const listing = Markets.find(id)
  return listing === undefined ? refuse(404, "NOT_FOUND", "valid product_id is required") : Either.right(listing)
}

/** @internal Those asked for, or those that can be traded, or everything with `get_all_products`. */
export const products: Answering = (input, world) =>
  Either.gen(function*() {
    const ids = list(input, "product_ids")
    const listed = Markets.listings.filter(({ id, status }) =>
      ids.length > 0 ? ids.includes(id) : status === "online" || flag(input, "get_all_products")
    )
    const offset = yield* integer(input, "offset", 0)
    const limit = yield* integer(input, "limit", listed.length)
    const shown = (text(input, "product_type") ?? "SPOT") === "SPOT" ? listed.slice(offset, offset + limit) : []
    return [{ products: shown.map((listing) => Markets.row(listing, world)), num_products: shown.length }]
  })

/** @internal */
export const product: Answering = (input, world) =>
  Either.map(productOf(text(input, "id")), (listing) => [Markets.row(listing, world)])

const wholeBook = 1_000_000

const pricebook = (listing: Markets.CoinbaseListing, world: World, depth: number): Json => {
  const { asks, bids } = Engine.book(world.engine, listing.id, depth)
  const row = ({ amount, price }: Engine.Level) => ({ price: Decimal.plain(price), size: Decimal.plain(amount) })
  return { product_id: listing.id, bids: bids.map(row), asks: asks.map(row), time: iso(world.now) }
}

/** @internal */
export const productBook: Answering = (input, world) =>
  Either.gen(function*() {
    const listing = yield* productOf(text(input, "product_id"))
    const limit = yield* integer(input, "limit", wholeBook)
    const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
    const book = { pricebook: pricebook(listing, world, limit === 0 ? wholeBook : limit) }
    if (ask === undefined || bid === undefined) {
      return [{ ...book, last: "", mid_market: "", spread_bps: "", spread_absolute: "" }]
    }
    const middle = BigDecimal.multiply(BigDecimal.sum(ask.price, bid.price), Decimal.literal("0.5"))
    const spread = BigDecimal.subtract(ask.price, bid.price)
    return [{
      ...book,
      last: Decimal.plain(world.quote(listing).last),
      mid_market: Decimal.plain(middle),
      spread_bps: Decimal.plain(Decimal.ratio(BigDecimal.multiply(spread, Decimal.literal("10000")), middle, 12)),
      spread_absolute: Decimal.plain(spread)
    }]
  })

/** @internal */
export const bestBidAsk: Answering = (input, world) => {
  const ids = list(input, "product_ids")
  const wanted = ids.length === 0 ? Either.right(Markets.listings) : Either.all(ids.map(productOf))
  return Either.map(wanted, (listings) => [{ pricebooks: listings.map((listing) => pricebook(listing, world, 1)) }])
}

const mostTrades = 1000

/** @internal The last trades, newest first, and the best prices. */
export const ticker: Answering = (input, world) =>
  Either.gen(function*() {
    const listing = yield* productOf(text(input, "id"))
    const limit = yield* integer(input, "limit", 0)
    if (limit === 0) return yield* invalid("limit argument is invalid")
    const start = yield* integer(input, "start", 0)
    const end = yield* integer(input, "end", Infinity)
    const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
    const trades = (listing.status === "online" ? world.trades(listing, mostTrades) : [])
      .filter(({ at }) => at >= start * 1000 && at <= end * 1000)
      .toReversed()
      .slice(0, limit)
      .map(({ amount, at, id, price, side }) => ({
        trade_id: String(id),
        product_id: listing.id,
        price: Decimal.plain(price),
        size: Decimal.plain(amount),
        time: iso(at),
        // The maker's: the opposite of who was in a hurry.
        side: side === "buy" ? "SELL" : "BUY",
        bid: "",
        ask: "",
        exchange: "coinbase"
      }))
    const best = (level: Engine.Level | undefined) => level === undefined ? "" : Decimal.plain(level.price)
    return [{ trades, best_bid: best(bid), best_ask: best(ask) }]
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
export const candles: Answering = (input, world) =>
  Either.gen(function*() {
    const listing = yield* productOf(text(input, "id"))
    const length = granularities[text(input, "granularity") ?? ""]
    if (length === undefined) return yield* invalid("granularity argument is invalid")
    const start = yield* integer(input, "start", undefined)
    const end = yield* integer(input, "end", undefined)
    const limit = yield* integer(input, "limit", mostCandles)
    if (start === undefined || end === undefined || end < start) {
      return yield* invalid("start and end argument is invalid")
    }
    if ((end - start) / length >= mostCandles) {
      return yield* invalid(
        `start and end argument is invalid - number of candles requested should be less than ${mostCandles}`
      )
    }
    const known = listing.status === "online" ? world.candles(listing, length * 1000, start * 1000, end * 1000) : []
    const shown = known.filter(({ trades }) => trades > 0).toReversed().slice(0, limit)
    return [{
      candles: shown.map(({ close, high, low, open, openTime, volume }) => ({
        start: String(openTime / 1000),
        ...Record.map({ low, high, open, close, volume }, Decimal.plain)
      }))
    }]
  })

/** @internal The currencies of banks, or the others, as the older API names them. */
export const currencies = (fiat: boolean): Answering => () => {
  const data = Markets.currencies.filter((currency) => currency.fiat === fiat).map(({ id, name }) =>
    fiat
      ? { id, name, min_size: "0.01" }
      : { asset_id: uuid(`coinbase/asset/${id}`), code: id, name, type: "crypto" }
  )
  return Either.right([{ data }])
}

/** @internal What a dollar is worth of each currency that is priced in dollars. */
export const rates: Answering = (_, world) => {
  const priced = Markets.listings.filter(({ terms, status }) => terms.quote === "USD" && status === "online")
  const rates = Object.fromEntries(priced.map((listing) => [
    listing.terms.base,
    Decimal.plain(Decimal.ratio(Decimal.literal("1"), world.quote(listing).last, 16))
  ]))
  return Either.right([{ data: { currency: "USD", rates: { USD: "1.0", USDT: "1.0", ...rates } } }])
}
