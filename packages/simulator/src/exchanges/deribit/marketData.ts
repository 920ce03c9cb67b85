import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import type { Candle, Trade } from "../../engine/Market.js"
import { columns, type Json } from "../../internal/json.js"
import { wholeLots } from "../../internal/listed.js"
import * as Markets from "./markets.js"
import * as Params from "./params.js"

const { currency, invalid, listing, open, page } = Params
const { byMember, integer, needed, oneOf, routing } = Params.readers

const { shows: listed } = routing({ meter: "instruments" })

const filters = {
  currency: oneOf("currency", ["BTC", "ETH", "USDC", "USDT", "EURR", "any"], "any"),
  kind: oneOf("kind", ["future", "option", "spot", "future_combo", "option_combo", ""], "")
}

/** @internal */
export const tickerRow = (listing: Markets.DeribitListing, world: World) => {
  const { high, last, low, quoteVolume, volume } = world.quote(listing)
  const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
  return {
    instrument_name: listing.id,
    state: "open",
    timestamp: world.now,
    last_price: last,
    ...columns("mark_price index_price", last),
    best_bid_price: bid?.price ?? 0,
    best_bid_amount: bid?.amount ?? 0,
    best_ask_price: ask?.price ?? 0,
    best_ask_amount: ask?.amount ?? 0,
    stats: { high, low, volume, ...columns("volume_usd volume_notional", quoteVolume) }
  }
}

const summaryRow = (listing: Markets.DeribitListing, world: World): Json => {
  const { best_ask_price, best_bid_price, last_price, stats, timestamp } = tickerRow(listing, world)
  const prices = { bid_price: best_bid_price, ask_price: best_ask_price, last: last_price, ...stats }
  return { instrument_name: listing.id, ...prices, creation_timestamp: timestamp }
}

const level = ({ amount, price }: Engine.Level): Json => [price, amount]

/** @internal The offset of Deribit's order book change ids from the sequence numbers of the engine. */
export const firstChange = 133_112_427_566

const depth = oneOf("depth", ["1", "5", "10", "20", "50", "100", "1000", "10000"], "5")

/** @internal */
export const tradeRow = (listing: Markets.DeribitListing) => ({ amount, at, id, price, side }: Trade): Json => ({
  trade_id: Markets.idOf(listing.id, id),
  trade_seq: id,
  instrument_name: listing.id,
  direction: side,
  price,
  amount: wholeLots(listing.terms, amount, price),
  timestamp: at
})

// How many trades back a request may reach.
const maxTradesBack = 2000

// The maximum number of candles of a response.
const maxCandles = 5000

const bars = {
  ...Bars.named(Bars.minute, "", 1, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720),
  // Deribit settles at 08:00 UTC, when its days begin.
  "1D": Bars.fixed(Bars.day, 8 * Bars.hour, 8 * Bars.hour)
}

/** @internal Reads the bars that `resolution` names. */
export const resolution = byMember("resolution", bars, invalid("resolution", "invalid resolution"))

const instant = (name: string) => needed(name, integer(name, undefined))

const charted = { listing, resolution, from: instant("start_timestamp"), to: instant("end_timestamp") }

/** @internal */
export const routes = {
  "public/test": open({}, () => ({ version: "1.2.26" })),
  "public/get_time": open({}, (_, world) => world.now),
  "public/status": open({}, () => ({ locked: "false", locked_indices: [] })),
  "public/get_instruments": listed(filters, (_, __, input) => Markets.asked(input).map(Markets.row)),
  "public/get_currencies": open({}, () => {
    const names = new Set(Markets.listings.flatMap(({ terms: { base, settle } }) => [base, settle]))
    return [...names].map((currency) => ({ currency }))
  }),
  "public/get_book_summary_by_currency": open(
    { currency },
    (_, world, input) => Markets.asked(input).map((listing) => summaryRow(listing, world))
  ),
  "public/ticker": open({ listing }, ({ listing }, world) => tickerRow(listing, world)),
  "public/get_order_book": open({ listing, depth }, ({ depth, listing }, world) => {
    const { asks, bids, sequence } = Engine.book(world.engine, listing.id, Number(depth))
    const sides = { bids: bids.map(level), asks: asks.map(level) }
    return { ...tickerRow(listing, world), ...sides, change_id: firstChange + sequence }
  }),
  "public/get_last_trades_by_instrument": open(
    { listing, page },
    ({ listing, page }, world) => page(world.trades(listing, maxTradesBack), tradeRow(listing))
  ),
  "public/get_tradingview_chart_data": open(charted, ({ from, listing, resolution, to }, world) => {
    const rows = Bars.between(resolution, listing, world, { from, to, most: maxCandles })
    const column = (name: keyof Candle): Json => rows.map((row) => row[name])
    return {
      status: rows.length === 0 ? "no_data" : "ok",
      ticks: column("openTime"),
      open: column("open"),
      high: column("high"),
      low: column("low"),
      close: column("close"),
      volume: column("volume"),
      cost: column("quoteVolume")
    }
  })
}
