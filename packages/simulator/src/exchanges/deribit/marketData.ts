import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Candle, Trade } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { wholeLots } from "../../internal/listed.js"
import * as Markets from "./markets.js"
import { currency, flag, integer, listing, oneOf, page, required, shows } from "./params.js"

const kinds = {
  currency: oneOf("currency", ["BTC", "ETH", "USDC", "USDT", "EURR", "any"], "any"),
  kind: oneOf("kind", ["future", "option", "spot", "future_combo", "option_combo", ""], ""),
  isPast: flag("expired")
}

/** @internal */
export const instruments = shows(
  kinds,
  ({ isPast }, _, input) =>
    Markets.asked(input).filter(({ instrument }) => isPast === (instrument === undefined)).map(Markets.row)
)

/** @internal */
export const instrument = shows({ listing }, ({ listing }) => Markets.row(listing))

/** @internal */
export const currencies = shows({}, () => {
  const names = new Set(Markets.listings.flatMap(({ terms: { base, settle } }) => [base, settle]))
  return [...names].map((currency) => ({ currency, currency_long: currency, coin_type: currency }))
})

const [lowest, highest, hundred] = [Decimal.literal("0.985"), Decimal.literal("1.015"), Decimal.literal("100")]

/** @internal Returns the lowest sell price and the highest buy price. */
export const band = (listing: Markets.DeribitListing, world: World) => {
  const { last } = world.quote(listing)
  const bound = (ratio: BigDecimal.BigDecimal) =>
    Decimal.ofSteps(Decimal.steps(BigDecimal.multiply(last, ratio), listing.tickSize), listing.tickSize)
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
export const ticker = shows({ listing }, ({ listing }, world) => tickerRow(listing, world))

/** @internal Returns short tickers of a currency and kind. */
export const summaries = shows(
  { currency },
  (_, world, input) =>
    Markets.asked(input).filter(({ instrument }) => instrument !== undefined).map((listing) => {
      const { best_ask_price, best_bid_price, instrument_name, last_price, stats } = tickerRow(listing, world)
      const prices = { bid_price: best_bid_price, ask_price: best_ask_price, last: last_price, mark_price: last_price }
      const { base: base_currency, quote: quote_currency } = listing.terms
      return { instrument_name, ...prices, ...stats, base_currency, quote_currency, creation_timestamp: world.now }
    })
)

/** @internal The offset of Deribit's order book change ids from the sequence numbers of the engine. */
export const firstChange = 133_112_427_566

const depth = oneOf("depth", ["1", "5", "10", "20", "50", "100", "1000", "10000"], "5")

/** @internal */
export const book = shows({ listing, depth }, ({ depth, listing }, world) => {
  const { asks, bids, sequence } = Engine.book(world.engine, listing.id, Number(depth))
  const levels = (side: ReadonlyArray<Engine.Level>): Json => side.map(({ amount, price }) => [price, amount])
  const change_id = firstChange + sequence
  return { ...tickerRow(listing, world), bids: levels(bids), asks: levels(asks), change_id }
})

/** @internal */
export const tradeRow = (listing: Markets.DeribitListing) => ({ amount: coins, at, id, price, side }: Trade): Json => {
  const amount = wholeLots(listing.terms, coins, price)
  const ids = { trade_id: Markets.idOf(listing.id, id), trade_seq: id, instrument_name: listing.id, timestamp: at }
  const prices = { price, index_price: price, mark_price: price, tick_direction: side === "buy" ? 0 : 2 }
  return { ...ids, ...prices, amount, contracts: Markets.contracts(listing, amount), direction: side }
}

// How many trades back a request may reach, and the maximum number of candles.
const [tape, mostCandles] = [2000, 5000]

const [first, last, count] = [integer("start_seq", 0), integer("end_seq", Infinity), integer("count", 10)]

/** @internal */
export const trades = shows(
  { listing, first, last, count, page },
  ({ count, first, last, listing, page }, world, input) => {
    // Generates only as many trades as the request needs.
    const reach = Object.keys(input).some((name) => /_(seq|timestamp)$/.test(name)) ? tape : count + 1
    const all = listing.instrument === undefined ? [] : world.trades(listing, reach)
    return page(all.filter(({ id }) => first <= id && id <= last), tradeRow(listing))
  }
)

/** @internal */
export const resolutions = ["1", "3", "5", "10", "15", "30", "60", "120", "180", "360", "720", "1D"] as const
/** @internal Returns the length of a resolution in milliseconds. */
export const lengthOf = (resolution: string): number => (resolution === "1D" ? 1440 : Number(resolution)) * 60_000

const wanted = {
  listing,
  resolution: oneOf("resolution", resolutions),
  start: required("start_timestamp"),
  end: required("end_timestamp"),
  from: integer("start_timestamp", 0),
  to: integer("end_timestamp", 0)
}

/** @internal */
export const candles = shows(wanted, ({ from, listing, resolution, to }, world) => {
  const [length, until] = [lengthOf(resolution), Math.min(to, world.now)]
  const rows = world.candles(listing, length, Math.max(from, until - mostCandles * length + 1), until)
  const column = (name: keyof Candle): Json => rows.map((row) => row[name])
  const prices = { open: column("open"), high: column("high"), low: column("low"), close: column("close") }
  const volumes = { volume: column("volume"), cost: column("quoteVolume") }
  return { status: rows.length === 0 ? "no_data" : "ok", ticks: column("openTime"), ...prices, ...volumes }
})
