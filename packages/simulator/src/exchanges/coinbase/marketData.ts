import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { uuid } from "../../internal/ids.js"
import { flag, type Input, iso, list, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import * as Markets from "./markets.js"
import { type Answering, between, byMember, does, integer, invalid, type Read, refuse, shows } from "./params.js"

/** @internal */
export const time = (now: number): Json => ({
  iso: iso(now).replace(/\.\d+/, ""),
  epochSeconds: String(Math.floor(now / 1000)),
  epochMillis: String(now)
})

const noProduct = refuse(404, "NOT_FOUND", "valid product_id is required")

const productOf = (id = ""): Read<Markets.CoinbaseListing> => {
  const listing = Markets.find(id)
  return listing === undefined ? noProduct : Either.right(listing)
}

const inPath = (input: Input) => productOf(text(input, "id"))

const part = { offset: integer("offset", 0), limit: integer("limit", Infinity) }

/** @internal Returns the requested products, or those that are traded, or all with `get_all_products`. */
export const products = shows(part, ({ limit, offset }, world, input) => {
  const ids = list(input, "product_ids")
  const listed = Markets.listings.filter(({ id, status }) =>
    ids.length > 0 ? ids.includes(id) : status === "online" || flag(input, "get_all_products")
  )
  const shown = (text(input, "product_type") ?? "SPOT") === "SPOT" ? listed.slice(offset, offset + limit) : []
  return { products: shown.map((listing) => Markets.row(listing, world)), num_products: shown.length }
})

/** @internal */
export const product = shows({ listing: inPath }, ({ listing }, world) => Markets.row(listing, world))

const wholeBook = 1_000_000

const pricebook = (listing: Markets.CoinbaseListing, world: World, depth: number): Json => {
  const { asks, bids } = Engine.book(world.engine, listing.id, depth)
  const row = ({ amount, price }: Engine.Level) => ({ price, size: amount })
  return { product_id: listing.id, bids: bids.map(row), asks: asks.map(row), time: iso(world.now) }
}

const asked = { listing: (input: Input) => productOf(text(input, "product_id")), limit: integer("limit", wholeBook) }

/** @internal */
export const productBook = shows(asked, ({ limit, listing }, world) => {
  const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
  const book = { pricebook: pricebook(listing, world, limit === 0 ? wholeBook : limit) }
  if (ask === undefined || bid === undefined) {
    return { ...book, last: "", mid_market: "", spread_bps: "", spread_absolute: "" }
  }
  const middle = BigDecimal.multiply(BigDecimal.sum(ask.price, bid.price), Decimal.literal("0.5"))
  const spread = BigDecimal.subtract(ask.price, bid.price)
  return {
    ...book,
    last: world.quote(listing).last,
    mid_market: middle,
    spread_bps: Decimal.ratio(BigDecimal.multiply(spread, Decimal.literal("10000")), middle, 12),
    spread_absolute: spread
  }
})

/** @internal */
export const bestBidAsk: Answering = (input, world) => {
  const ids = list(input, "product_ids")
  const wanted = ids.length === 0 ? Either.right(Markets.listings) : Either.all(ids.map(productOf))
  return Either.map(wanted, (listings) => [{ pricebooks: listings.map((listing) => pricebook(listing, world, 1)) }])
}

const mostTrades = 1000

const tape = { listing: inPath, limit: integer("limit", 0), isAsked: between("start", "end") }

/** @internal Returns the latest trades, newest first, and the best prices. */
export const ticker = does(tape, ({ isAsked, limit, listing }, world) => {
  if (limit === 0) return invalid("limit argument is invalid")
  const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
  const trades = (listing.status === "online" ? world.trades(listing, mostTrades) : [])
    .filter(({ at }) => isAsked(at / 1000))
    .toReversed()
    .slice(0, limit)
    .map(({ amount, at, id, price, side }) => ({
      trade_id: String(id),
      product_id: listing.id,
      price,
      size: amount,
      time: iso(at),
      // The side of the maker, which is the opposite of the taker's.
      side: side === "buy" ? "SELL" : "BUY",
      bid: "",
      ask: "",
      exchange: "coinbase"
    }))
  const best = (level: Engine.Level | undefined) => level?.price ?? ""
  return Either.right([{ trades, best_bid: best(bid), best_ask: best(ask) }])
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

const bars = {
  listing: inPath,
  length: byMember("granularity", granularities, invalid("granularity argument is invalid")),
  start: integer("start", undefined),
  end: integer("end", undefined),
  limit: integer("limit", mostCandles)
}

/** @internal Returns the candles, newest first. Candles without a trade are left out. */
export const candles = does(bars, ({ end, length, limit, listing, start }, world) => {
  if (start === undefined || end === undefined || end < start) return invalid("start and end argument is invalid")
  if ((end - start) / length >= mostCandles) {
    return invalid(
      `start and end argument is invalid - number of candles requested should be less than ${mostCandles}`
    )
  }
  const known = listing.status === "online" ? world.candles(listing, length * 1000, start * 1000, end * 1000) : []
  const shown = known.filter(({ trades }) => trades > 0).toReversed().slice(0, limit)
  const candles = shown.map(({ close, high, low, open, openTime, volume }) => ({
    start: String(openTime / 1000),
    low,
    high,
    open,
    close,
    volume
  }))
  return Either.right([{ candles }])
})

/** @internal Returns the fiat currencies or the others, as the older API returns them. */
export const currencies = (fiat: boolean): Answering => () => {
  const data = Markets.currencies.filter((currency) => currency.fiat === fiat).map(({ id, name }) =>
    fiat
      ? { id, name, min_size: "0.01" }
      : { asset_id: uuid(`coinbase/asset/${id}`), code: id, name, type: "crypto" }
  )
  return Either.right([{ data }])
}

/** @internal Returns the value of one US dollar in each currency that is priced in dollars. */
export const rates = shows({}, (_, world) => {
  const priced = Markets.listings.filter(({ terms, status }) => terms.quote === "USD" && status === "online")
  const rates = Object.fromEntries(priced.map((listing) => [
    listing.terms.base,
    Decimal.ratio(Decimal.literal("1"), world.quote(listing).last, 16)
  ]))
  return { data: { currency: "USD", rates: { USD: "1.0", USDT: "1.0", ...rates } } }
})
