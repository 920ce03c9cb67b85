import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Trade } from "../../engine/Market.js"
import { flag } from "../../internal/fields.js"
import type { Json } from "../../internal/json.js"
import * as Markets from "./markets.js"
import { type Answering, integer, listingOf, needed, oneOf, page } from "./params.js"

/** @internal */
export const instruments: Answering = (params) =>
  Either.gen(function*() {
    const currency = yield* oneOf(params, "currency", ["BTC", "ETH", "USDC", "USDT", "EURR", "any"], "any")
    const kind = yield* oneOf(params, "kind", ["future", "option", "spot", "future_combo", "option_combo", ""], "")
    const named = Markets.listings.filter((one) => Markets.isOf(one, currency, kind || undefined))
    const isPast = flag(params, "expired")
    return [named.filter(({ instrument }) => (instrument === undefined) === isPast).map(Markets.row)]
  })

/** @internal */
export const instrument: Answering = (params) => Either.map(listingOf(params), (listing) => [Markets.row(listing)])

/** @internal */
export const currencies: Answering = () => {
  const names = new Set(Markets.listings.flatMap(({ terms: { base, settle } }) => [base, settle]))
  return Either.right([[...names].map((currency) => ({ currency, currency_long: currency, coin_type: currency }))])
}

const [lowest, highest, hundred] = [Decimal.literal("0.985"), Decimal.literal("1.015"), Decimal.literal("100")]

/** @internal The lowest price that can be sold at, and the highest that can be bought at. */
export const band = ({ tickSize, ...listing }: Markets.DeribitListing, world: World) => {
  const { last } = world.quote({ ...listing, tickSize })
  const bound = (ratio: BigDecimal.BigDecimal) =>
    Decimal.ofSteps(Decimal.steps(BigDecimal.multiply(last, ratio), tickSize), tickSize)
  return { min_price: bound(lowest), max_price: bound(highest) }
}

/** @internal */
export const tickerRow = (listing: Markets.DeribitListing, world: World) => {
  const { high, last, low, open, quoteVolume, volume } = world.quote(listing)
  const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
  const price_change = Decimal.ratio(BigDecimal.multiply(BigDecimal.subtract(last, open), hundred), open, 4)
  const bids = { best_bid_price: bid?.price ?? 0, best_bid_amount: bid?.amount ?? 0 }
  const asks = { best_ask_price: ask?.price ?? 0, best_ask_amount: ask?.amount ?? 0 }
  const prices = { index_price: last, mark_price: last, last_price: last, ...bids, ...asks, ...band(listing, world) }
  const stats = { high, low, price_change, volume, volume_usd: quoteVolume, volume_notional: quoteVolume }
  const state = listing.instrument === undefined ? "closed" : "open"
  const row = { instrument_name: listing.id, timestamp: world.now, state, stats, ...prices }
  const contract = { open_interest: 1_132_329_370, settlement_price: open, estimated_delivery_price: last }
  const perpetual = { current_funding: 0, funding_8h: 6.55e-8, interest_value: 0.0028213400122472977 }
  const { kind } = listing.terms
  return { ...row, ...(kind === "spot" ? {} : contract), ...(kind === "perpetual" ? perpetual : {}) }
}

/** @internal */
export const ticker: Answering = (params, world) =>
  Either.map(listingOf(params), (listing) => [tickerRow(listing, world)])

/** @internal The tickers of a currency and kind in short. */
export const summaries: Answering = (params, world) =>
  Either.map(needed(params, ["currency"]), () => {
    const { currency, kind } = params
    const shown = Markets.listings.filter((one) => one.instrument !== undefined && Markets.isOf(one, currency, kind))
    return [shown.map((listing) => {
      const { best_ask_price, best_bid_price, instrument_name, last_price, stats } = tickerRow(listing, world)
      const prices = { bid_price: best_bid_price, ask_price: best_ask_price, last: last_price, mark_price: last_price }
      const { base: base_currency, quote: quote_currency } = listing.terms
      return { instrument_name, ...prices, ...stats, base_currency, quote_currency, creation_timestamp: world.now }
    })]
  })

/** @internal What Deribit's numbers of a book are above the engine's. */
export const firstChange = 133_112_427_566

/** @internal */
export const book: Answering = (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params)
    const depth = yield* oneOf(params, "depth", ["1", "5", "10", "20", "50", "100", "1000", "10000"], "5")
    const { asks, bids, sequence } = Engine.book(world.engine, listing.id, Number(depth))
    const levels = (side: ReadonlyArray<Engine.Level>): Json => side.map(({ amount, price }) => [price, amount])
    const change_id = firstChange + sequence
    return [{ ...tickerRow(listing, world), bids: levels(bids), asks: levels(asks), change_id }]
  })

/** @internal */
export const tradeRow = (listing: Markets.DeribitListing) => ({ amount: coins, at, id, price, side }: Trade): Json => {
  const amount = Markets.amountOf(listing, coins, price)
  const ids = { trade_id: Markets.idOf(listing, id), trade_seq: id, instrument_name: listing.id, timestamp: at }
  const prices = { price, index_price: price, mark_price: price, tick_direction: side === "buy" ? 0 : 2 }
  return { ...ids, ...prices, amount, contracts: Markets.contracts(listing, amount), direction: side }
}

// How far back trades can be asked for, and how many candles.
const [tape, mostCandles] = [2000, 5000]

/** @internal */
export const trades: Answering = (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params)
    const first = yield* integer(params, "start_seq", 0)
    const last = yield* integer(params, "end_seq", Infinity)
    const reaches = Object.keys(params).some((name) => /_(seq|timestamp)$/.test(name))
    const reach = reaches ? tape : 1 + (yield* integer(params, "count", 10))
    const all = listing.instrument === undefined ? [] : world.trades(listing, Math.min(reach, tape))
    return yield* page(params, all.filter(({ id }) => first <= id && id <= last), tradeRow(listing))
  })

/** @internal */
export const resolutions = ["1", "3", "5", "10", "15", "30", "60", "120", "180", "360", "720", "1D"] as const
/** @internal In milliseconds. */
export const lengthOf = (resolution: string): number => (resolution === "1D" ? 1440 : Number(resolution)) * 60_000

const columns = ["open", "high", "low", "close", "volume"] as const

/** @internal */
export const candles: Answering = (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params)
    const resolution = yield* oneOf(params, "resolution", resolutions)
    yield* needed(params, ["start_timestamp", "end_timestamp"])
    const from = yield* integer(params, "start_timestamp", 0)
    const to = Math.min(yield* integer(params, "end_timestamp", 0), world.now)
    const length = lengthOf(resolution)
    const rows = world.candles(listing, length, Math.max(from, to - mostCandles * length + 1), to)
    const values = Object.fromEntries(columns.map((name) => [name, rows.map((row) => row[name])]))
    const [ticks, cost] = [rows.map(({ openTime }) => openTime), rows.map(({ quoteVolume }) => quoteVolume)]
    return [{ status: rows.length === 0 ? "no_data" : "ok", ticks, cost, ...values }]
  })
