import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Candle, Trade } from "../../engine/Market.js"
import { columns } from "../../internal/columns.js"
import type { Json } from "../../internal/json.js"
import { wholeLots } from "../../internal/listed.js"
import * as Markets from "./markets.js"
import * as Params from "./params.js"

const { between, byMember, currency, flag, integer, invalid, listing, oneOf, open, page, required } = Params

const { shows: listed } = Params.routing({ meter: "instruments" })

const kinds = {
  currency: oneOf("currency", ["BTC", "ETH", "USDC", "USDT", "EURR", "any"], "any"),
  kind: oneOf("kind", ["future", "option", "spot", "future_combo", "option_combo", ""], ""),
  isPast: flag("expired")
}

const lowestRatio = Decimal.literal("0.985")
const highestRatio = Decimal.literal("1.015")
const hundred = Decimal.literal("100")

/** @internal Returns the lowest sell price and the highest buy price. */
export const band = (listing: Markets.DeribitListing, world: World) => {
  const { last } = world.quote(listing)
  const bound = (ratio: BigDecimal.BigDecimal) =>
    Decimal.ofSteps(Decimal.steps(BigDecimal.multiply(last, ratio), listing.tickSize), listing.tickSize)
  return { min_price: bound(lowestRatio), max_price: bound(highestRatio) }
}

/** @internal */
export const best = (listing: Markets.DeribitListing, world: World) => {
  const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
  const bids = { best_bid_price: bid?.price ?? 0, best_bid_amount: bid?.amount ?? 0 }
  const asks = { best_ask_price: ask?.price ?? 0, best_ask_amount: ask?.amount ?? 0 }
  return { instrument_name: listing.id, timestamp: world.now, ...bids, ...asks }
}

/** @internal */
export const tickerRow = (listing: Markets.DeribitListing, world: World) => {
  const { high, last, low, open, quoteVolume, volume } = world.quote(listing)
  const price_change = Decimal.ratio(BigDecimal.multiply(BigDecimal.subtract(last, open), hundred), open, 4)
  const stats = { high, low, price_change, volume, ...columns("volume_usd volume_notional", quoteVolume) }
  const state = listing.instrument === undefined ? "closed" : "open"
  const prices = { ...columns("index_price mark_price last_price", last), ...band(listing, world) }
  const contract = { open_interest: 1_132_329_370, settlement_price: open, estimated_delivery_price: last }
  const perpetual = { current_funding: 0, funding_8h: 6.55e-8, interest_value: 0.0028213400122472977 }
  const { kind } = listing.terms
  const more = { ...(kind === "spot" ? {} : contract), ...(kind === "perpetual" ? perpetual : {}) }
  return { ...best(listing, world), state, stats, ...prices, ...more }
}

const summaryRow = (listing: Markets.DeribitListing, world: World) => {
  const { best_ask_price, best_bid_price, instrument_name, stats } = tickerRow(listing, world)
  const { base: base_currency, quote: quote_currency } = listing.terms
  const prices = { bid_price: best_bid_price, ask_price: best_ask_price }
  const last = columns("last mark_price", world.quote(listing).last)
  return { instrument_name, ...prices, ...last, ...stats, base_currency, quote_currency, creation_timestamp: world.now }
}

/** @internal */
export const sides = ({ asks, bids }: Pick<Engine.Book, "asks" | "bids">) => {
  const levels = (side: ReadonlyArray<Engine.Level>): Json => side.map(({ amount, price }) => [price, amount])
  return { bids: levels(bids), asks: levels(asks) }
}

/** @internal The offset of Deribit's order book change ids from the sequence numbers of the engine. */
export const firstChange = 133_112_427_566

const depth = oneOf("depth", ["1", "5", "10", "20", "50", "100", "1000", "10000"], "5")

/** @internal */
export const tradeRow = (listing: Markets.DeribitListing) => ({ amount: coins, at, id, price, side }: Trade): Json => {
  const amount = wholeLots(listing.terms, coins, price)
  const ids = { trade_id: Markets.idOf(listing.id, id), trade_seq: id, instrument_name: listing.id, timestamp: at }
  const prices = { ...columns("price index_price mark_price", price), tick_direction: side === "buy" ? 0 : 2 }
  return { ...ids, ...prices, amount, contracts: Markets.contracts(listing, amount), direction: side }
}

// How many trades back a request with a range may reach.
const maxTradesBack = 2000

// The maximum number of candles of a response.
const maxCandles = 5000

const ranged = { listing, page, count: integer("count", 10), isAsked: between("start_seq", "end_seq") }

const bars = {
  ...Bars.named(Bars.minute, "", 1, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720),
  // Deribit settles at 08:00 UTC, when its days begin.
  "1D": Bars.fixed(Bars.day, 8 * Bars.hour, 8 * Bars.hour)
}

/** @internal Reads the bars that `resolution` names. */
export const resolution = byMember("resolution", bars, invalid("resolution", "invalid resolution"))

const ends = { start: required("start_timestamp"), end: required("end_timestamp") }
const charted = { listing, resolution, ...ends, from: integer("start_timestamp", 0), to: integer("end_timestamp", 0) }

/** @internal */
export const routes = {
  "public/test": open({}, () => ({ version: "1.2.26" })),
  "public/get_time": open({}, (_, world) => world.now),
  "public/status": open({}, () => ({ locked: "false", locked_indices: [] })),
  "public/get_instruments": listed(
    kinds,
    ({ isPast }, _, input) =>
      Markets.asked(input).filter(({ instrument }) => isPast === (instrument === undefined)).map(Markets.row)
  ),
  "public/get_instrument": open({ listing }, ({ listing }) => Markets.row(listing)),
  "public/get_currencies": open({}, () => {
    const names = new Set(Markets.listings.flatMap(({ terms: { base, settle } }) => [base, settle]))
    return [...names].map((name) => ({ ...columns("currency currency_long coin_type", name) }))
  }),
  "public/get_book_summary_by_currency": open({ currency }, (_, world, input) => {
    const open = Markets.asked(input).filter(({ instrument }) => instrument !== undefined)
    return open.map((listing) => summaryRow(listing, world))
  }),
  "public/ticker": open({ listing }, ({ listing }, world) => tickerRow(listing, world)),
  "public/get_order_book": open({ listing, depth }, ({ depth, listing }, world) => {
    const book = Engine.book(world.engine, listing.id, Number(depth))
    return { ...tickerRow(listing, world), ...sides(book), change_id: firstChange + book.sequence }
  }),
  "public/get_last_trades_by_instrument": open(ranged, ({ count, isAsked, listing, page }, world, input) => {
    // Generates only as many trades as the request needs.
    const reach = Object.keys(input).some((name) => /_(seq|timestamp)$/.test(name)) ? maxTradesBack : count + 1
    const all = listing.instrument === undefined ? [] : world.trades(listing, reach)
    return page(all.filter(({ id }) => isAsked(id)), tradeRow(listing))
  }),
  "public/get_tradingview_chart_data": open(charted, ({ from, listing, resolution, to }, world) => {
    const rows = Bars.between(resolution, listing, world, { from, to, most: maxCandles })
    const column = (name: keyof Candle): Json => rows.map((row) => row[name])
    const prices = { open: column("open"), high: column("high"), low: column("low"), close: column("close") }
    const volumes = { volume: column("volume"), cost: column("quoteVolume") }
    return { status: rows.length === 0 ? "no_data" : "ok", ticks: column("openTime"), ...prices, ...volumes }
  })
}
