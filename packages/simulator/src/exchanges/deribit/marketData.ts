import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../Engine.js"
import * as Decimal from "../../internal/decimal.js"
import type { Json } from "../../internal/json.js"
import type { Trade } from "../../Market.js"
import { amountOf, contracts, type DeribitListing, idOf, isOf, kindOf, listings, row } from "./markets.js"
import { type Answer, flag, integer, invalid, listingOf, oneOf, paged, pageOf, required } from "./params.js"

/** @internal */
export const kinds = ["future", "option", "spot", "future_combo", "option_combo"] as const

const currencies = ["BTC", "ETH", "USDC", "USDT", "EURR", "any"] as const

/** @internal */
export const instruments: Answer = (params) =>
  Either.gen(function*() {
    const currency = yield* oneOf(params, "currency", currencies)
    const kind = params["kind"] === undefined ? undefined : yield* oneOf(params, "kind", kinds)
    const expired = flag(params, "expired")
    const shown = listings.filter((listing) =>
      isOf(listing, currency) && (kind ?? kindOf(listing)) === kindOf(listing) &&
      (listing.instrument === undefined) === expired
    )
    return [shown.map(row)]
  })

/** @internal */
export const instrument: Answer = (params) => Either.map(listingOf(params), (listing) => [row(listing)])

const widest = Decimal.literal("0.015")

/** @internal The lowest price that can be sold at and the highest that can be bought at. */
export const band = (listing: DeribitListing, world: World): readonly [low: BigDecimal.BigDecimal, typeof widest] => {
  const { last } = world.quote(listing)
  const width = BigDecimal.multiply(last, widest)
  const onTick = (price: BigDecimal.BigDecimal) =>
    Decimal.ofSteps(Decimal.steps(price, listing.tickSize), listing.tickSize)
  return [onTick(BigDecimal.subtract(last, width)), onTick(BigDecimal.sum(last, width))]
}

const hundred = Decimal.literal("100")

const tickerRow = (listing: DeribitListing, world: World): { readonly [key: string]: Json } => {
  const { high, last, low, open, quoteVolume, volume } = world.quote(listing)
  const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
  const [min, max] = band(listing, world)
  const change = Decimal.ratio(BigDecimal.multiply(BigDecimal.subtract(last, open), hundred), open, 4)
  const contract = { open_interest: 1_132_329_370, settlement_price: open, estimated_delivery_price: last }
  const perpetual = { current_funding: 0, funding_8h: 6.55e-8, interest_value: 0.0028213400122472977 }
  return {
    ...(listing.terms.kind === "spot" ? {} : contract),
    ...(listing.terms.kind === "perpetual" ? perpetual : {}),
    timestamp: world.now,
    state: listing.instrument === undefined ? "closed" : "open",
    stats: { high, low, price_change: change, volume, volume_usd: quoteVolume, volume_notional: quoteVolume },
    instrument_name: listing.id,
    index_price: last,
    mark_price: last,
    last_price: last,
    min_price: min,
    max_price: max,
    best_bid_price: bid?.price ?? 0,
    best_bid_amount: bid?.amount ?? 0,
    best_ask_price: ask?.price ?? 0,
    best_ask_amount: ask?.amount ?? 0
  }
}

/** @internal */
export const ticker: Answer = (params, world) => Either.map(listingOf(params), (listing) => [tickerRow(listing, world)])

/** @internal */
export const book: Answer = (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params)
    const depth = Number(yield* oneOf(params, "depth", ["1", "5", "10", "20", "50", "100", "1000", "10000"], "5"))
    const { asks, bids, sequence } = Engine.book(world.engine, listing.id, depth)
    const level = ({ amount, price }: Engine.Level): Json => [price, amount]
    return [{
      ...tickerRow(listing, world),
      bids: bids.map(level),
      asks: asks.map(level),
      change_id: 133_112_427_566 + sequence
    }]
  })

// How far back a page that names a time or a sequence number can reach.
const tape = 5000

const tradeRow = (listing: DeribitListing) => ({ amount, at, id, price, side }: Trade): Json => {
  const size = amountOf(listing, amount, price)
  return {
    trade_id: idOf(listing, id),
    trade_seq: id,
    instrument_name: listing.id,
    timestamp: at,
    direction: side,
    price,
    amount: size,
    contracts: contracts(listing, size),
    tick_direction: side === "buy" ? 0 : 2,
    index_price: price,
    mark_price: price
  }
}

/** @internal */
export const trades: Answer = (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params)
    const page = yield* pageOf(params)
    const first = yield* integer(params, "start_seq", undefined)
    const last = yield* integer(params, "end_seq", undefined)
    const isPlain = [first, last, page.from, page.to].every((one) => one === undefined)
    const all = listing.instrument === undefined ? [] : world.trades(listing, isPlain ? page.count + 1 : tape)
    return [paged(all.filter(({ id }) => (first ?? id) <= id && id <= (last ?? id)), page, tradeRow(listing))]
  })

const minute = 60_000
const resolutions = ["1", "3", "5", "10", "15", "30", "60", "120", "180", "360", "720", "1D"] as const
const mostCandles = 5000

/** @internal */
export const candles: Answer = (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params)
    const resolution = yield* oneOf(params, "resolution", resolutions)
    yield* required(params, "start_timestamp")
    yield* required(params, "end_timestamp")
    const from = yield* integer(params, "start_timestamp", 0)
    const to = yield* integer(params, "end_timestamp", 0)
    if (to < from) return yield* invalid("end_timestamp", "must not be before start_timestamp")
    const length = resolution === "1D" ? 1440 * minute : Number(resolution) * minute
    const end = Math.min(to, world.now)
    const rows = world.candles(listing, length, Math.max(from, end - mostCandles * length + 1), end)
    return [{
      status: rows.length === 0 ? "no_data" : "ok",
      ticks: rows.map(({ openTime }) => openTime),
      open: rows.map(({ open }) => open),
      high: rows.map(({ high }) => high),
      low: rows.map(({ low }) => low),
      close: rows.map(({ close }) => close),
      volume: rows.map(({ volume }) => volume),
      cost: rows.map(({ quoteVolume }) => quoteVolume)
    }]
  })
