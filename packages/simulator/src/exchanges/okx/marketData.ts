import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import type { Candle, Trade } from "../../engine/Market.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { wholeLots } from "../../internal/listed.js"
import { find, listings, type OkxListing, row, size, volume } from "./markets.js"
import { byMember, byName, count, does, integer, live, noInstrument, refuse, shows, wrong } from "./params.js"

const instTypes = ["SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS"]

const instType = byName("instType", (name) => instTypes.find((one) => one === name), wrong("instType"))

const family = (listing: OkxListing): string => `${listing.terms.base}-${listing.terms.quote}`

const selected = (input: Input, instType: string): ReadonlyArray<OkxListing> =>
  listings.filter((listing) =>
    listing.instType === instType &&
    (text(input, "instId") ?? listing.id) === listing.id &&
    (instType === "SPOT" || (text(input, "instFamily") ?? text(input, "uly") ?? family(listing)) === family(listing))
  )

/** @internal */
export const instruments = does({ instType }, ({ instType }, _, input) => {
  if (instType === "OPTION" && text(input, "instFamily") === undefined && text(input, "uly") === undefined) {
    return refuse("50015", "Either parameter uly or instFamily is required", 400)
  }
  const found = selected(input, instType)
  return text(input, "instId") !== undefined && found.length === 0
    ? noInstrument
    : Either.right([{ data: found.map(row) }])
})

/** @internal */
export const ticker = shows({ live }, ({ live }, world) => ({ data: [tickerRow(live, world)] }))

/** @internal */
export const tickers = shows({ instType }, ({ instType }, world, input) => ({
  data: selected(input, instType).filter(({ state }) => state === "live").map((one) => tickerRow(one, world))
}))

/** @internal */
export const tickerRow = (listing: OkxListing, world: World): Json => {
  const quote = world.quote(listing)
  const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
  return {
    instType: listing.instType,
    instId: listing.id,
    last: quote.last,
    lastSz: size(listing, wholeLots(listing.terms, quote.lastSize, quote.last)),
    askPx: ask?.price ?? "",
    askSz: ask === undefined ? "" : size(listing, ask.amount),
    bidPx: bid?.price ?? "",
    bidSz: bid === undefined ? "" : size(listing, bid.amount),
    open24h: quote.open,
    high24h: quote.high,
    low24h: quote.low,
    volCcy24h: listing.instType === "SPOT" ? quote.quoteVolume : quote.volume,
    vol24h: volume(listing, quote.volume, quote.quoteVolume),
    ts: String(world.now),
    sodUtc0: quote.open,
    sodUtc8: quote.open
  }
}

/** @internal */
export const markPrices = does({ instType }, ({ instType }, world, input) => {
  const instId = text(input, "instId")
  if (instId !== undefined && find(instId)?.instType !== instType) return noInstrument
  const rows = instType === "SPOT" ? [] : selected(input, instType)
  const row = (listing: OkxListing): Json => ({
    instType,
    instId: listing.id,
    markPx: world.quote(listing).last,
    ts: String(world.now)
  })
  return Either.right([{ data: rows.map(row) }])
})

/** @internal The offset of OKX's order book sequence numbers from those of the engine. */
export const firstSequence = 123_456

const book = (most: number, withSequence: boolean) =>
  shows({ live, depth: count(1, most, "sz") }, ({ depth, live }, world) => {
    const { asks, bids, sequence } = Engine.book(world.engine, live.id, depth)
    // The third column of this endpoint is deprecated and always "0".
    const level = ({ amount, orders, price }: Engine.Level): Json => [
      price,
      size(live, amount),
      ...(withSequence ? ["0"] : []),
      String(orders)
    ]
    const row = { asks: asks.map(level), bids: bids.map(level), ts: String(world.now) }
    return { data: [withSequence ? { ...row, seqId: firstSequence + sequence } : row] }
  })

/** @internal */
export const books = book(400, true)

/** @internal */
export const booksFull = book(5000, false)

/** @internal Returns the latest trades, newest first. */
export const trades = shows({ live, limit: count(100, 500) }, ({ limit, live }, world) => ({
  data: world.trades(live, limit).toReversed().map((one) => tradeRow(live, one))
}))

/** @internal */
export const tradeRow = (listing: OkxListing, { amount, at, id, price, side }: Trade) => ({
  instId: listing.id,
  side,
  sz: size(listing, wholeLots(listing.terms, amount, price)),
  source: "0",
  px: price,
  tradeId: String(id),
  ts: String(at)
})

// --- candles

const { day, hour, minute } = Bars

// Without the suffix `utc`, a day begins at midnight of UTC+8, which is 16:00 UTC.
const hongKong = -8 * hour

/** @internal The bars by their OKX names, which are case-sensitive. */
export const bars: Readonly<Record<string, Bars.Bars>> = {
  ...Bars.named(1000, "s", 1),
  ...Bars.named(minute, "m", 1, 3, 5, 15, 30),
  ...Bars.named(hour, "H", 1, 2, 4),
  "6H": Bars.fixed(6 * hour, hongKong, 2 * hour),
  "12H": Bars.fixed(12 * hour, hongKong, 4 * hour),
  "1D": Bars.fixed(day, hongKong, 8 * hour),
  "2D": Bars.fixed(2 * day, hongKong, 8 * hour),
  "3D": Bars.fixed(3 * day, hongKong, 8 * hour),
  "1W": Bars.weeks(hongKong, 8 * hour),
  "1M": Bars.months(hongKong, 8 * hour),
  ...Bars.named(hour, "Hutc", 6, 12),
  ...Bars.named(day, "Dutc", 1),
  "2Dutc": Bars.fixed(2 * day, 0, day),
  "3Dutc": Bars.fixed(3 * day, 0, day),
  "1Wutc": Bars.weeks(),
  "1Mutc": Bars.months()
}

/** @internal How many bars back `candles` goes. `history-candles` has no such limit, and leaves out the open bar. */
const recent = 1440

const asked = {
  live,
  shape: byMember("bar", bars, wrong("bar"), "1m"),
  limit: count(100, 300),
  after: integer("after", Infinity),
  before: integer("before", -Infinity)
}

/** @internal Returns the newest bars older than `after` and newer than `before`, both excluded, newest first. */
export const candles = (kind: "recent" | "history") =>
  shows(asked, ({ after, before, limit, live, shape }, world) => {
    const newest = kind === "recent" ? world.now : shape.openOf(world.now) - 1
    const oldest = kind === "recent" ? Bars.back(shape, world.now, recent) : -Infinity
    const range = { from: Math.max(oldest, before + 1), to: Math.min(newest, after - 1), most: limit }
    const found = Bars.between(shape, live, world, range).toReversed()
    return { data: found.map((bar) => barRow(live, bar, shape.after(bar.openTime) <= world.now)) }
  })

/** @internal */
export const barRow = (listing: OkxListing, bar: Candle, isClosed: boolean): Json => [
  String(bar.openTime),
  bar.open,
  bar.high,
  bar.low,
  bar.close,
  volume(listing, bar.volume, bar.quoteVolume),
  listing.instType === "SPOT" ? bar.quoteVolume : bar.volume,
  bar.quoteVolume,
  isClosed ? "1" : "0"
]
