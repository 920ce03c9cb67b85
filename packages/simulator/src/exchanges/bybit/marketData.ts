import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Trade } from "../../engine/Market.js"
import { type Input, text } from "../../internal/inputs.js"
import { columns, type Json } from "../../internal/json.js"
import { wholeLots } from "../../internal/listed.js"
import { type BybitListing, listings, price, quantity, row } from "./markets.js"
import { byMember, category, does, integer, limit, live, page, refuse, shows } from "./params.js"

/** @internal */
export const time = shows({}, (_, { now }) => ({
  result: { timeSecond: String(Math.floor(now / 1000)), timeNano: `${now}000000` }
}))

/** @internal Returns the instruments with the requested status, which defaults to `Trading`. Spot has no pages. */
export const instruments = does({ category, page: page(500, 1000) }, ({ category, page }, _, input) => {
  const symbol = text(input, "symbol")
  const status = text(input, "status") ?? "Trading"
  const base = text(input, "baseCoin")
  const found = listings.filter((listing) => listing.category === category && (symbol ?? listing.name) === listing.name)
  if (symbol !== undefined && found.length === 0) return refuse(10001, "params error: symbol invalid")
  const shown = found.filter((listing) =>
    listing.status === status && (base === undefined || category === "spot" || base === listing.base)
  )
  if (category === "spot") return Either.right([{ result: { category, list: shown.map(row) } }])
  const { nextPageCursor, rows } = page(shown, (listing) => listings.indexOf(listing))
  return Either.right([{ result: { category, list: rows.map(row), nextPageCursor } }])
})

/** @internal */
export const tickers = does({ category }, ({ category }, world, input) => {
  const all = listings.filter((listing) => listing.category === category && listing.status === "Trading")
  const selected = text(input, "symbol") === undefined ? Either.right(all) : Either.map(live(input, world), Arr.of)
  return Either.map(selected, (listings) => [
    { result: { category, list: listings.map((listing) => ticker(listing, world)) } }
  ])
})

/** @internal Encodes a row of `tickers`. */
export const ticker = (listing: BybitListing, world: World): { readonly [name: string]: string } => {
  const quote = world.quote(listing)
  const { asks: [ask], bids: [bid] } = Engine.book(world.engine, listing.id, 1)
  const [volume, turnover] = turnovers(listing, quote.volume, quote.quoteVolume)
  const change = Decimal.ratio(BigDecimal.subtract(quote.last, quote.open), quote.open, 6)
  const common = {
    symbol: listing.name,
    bid1Price: bid === undefined ? "" : price(listing, bid.price),
    bid1Size: bid === undefined ? "" : quantity(listing, bid.amount),
    ask1Price: ask === undefined ? "" : price(listing, ask.price),
    ask1Size: ask === undefined ? "" : quantity(listing, ask.amount),
    lastPrice: price(listing, quote.last),
    prevPrice24h: price(listing, quote.open),
    price24hPcnt: Decimal.plain(change),
    highPrice24h: price(listing, quote.high),
    lowPrice24h: price(listing, quote.low),
    turnover24h: turnover,
    volume24h: volume
  }
  if (listing.category === "spot") return { ...common, usdIndexPrice: price(listing, quote.last) }
  return {
    ...common,
    indexPrice: price(listing, quote.last),
    markPrice: price(listing, quote.last),
    prevPrice1h: price(listing, quote.last),
    openInterest: quantity(listing, openInterest),
    openInterestValue: Decimal.plain(BigDecimal.multiply(openInterest, quote.last)),
    fundingRate: "0.0001",
    nextFundingTime: String((Math.floor(world.now / eightHours) + 1) * eightHours),
    ...columns("predictedDeliveryPrice basisRate deliveryFeeRate basis", ""),
    deliveryTime: "0",
    fundingIntervalHour: "8"
  }
}

const openInterest = Decimal.literal("54321")
const eightHours = 8 * Bars.hour

/**
 * @internal Returns the volume and the turnover. For inverse contracts, the volume is in US dollars and the turnover in
 * coins.
 */
export const turnovers = (
  listing: BybitListing,
  base: BigDecimal.BigDecimal,
  quote: BigDecimal.BigDecimal
): readonly [volume: string, turnover: string] =>
  listing.category === "inverse"
    ? [quantity(listing, quote), Decimal.plain(base)]
    : [Decimal.plain(base), Decimal.plain(quote)]

// Reads a `limit` whose default and maximum differ between spot and contracts.
const limited = (spot: readonly [number, number], contracts: readonly [number, number]) => {
  const [ofSpot, ofContracts] = [limit(...spot), limit(...contracts)]
  return (input: Input) => input["category"] === "spot" ? ofSpot(input) : ofContracts(input)
}

/** @internal */
export const orderBook = shows({ live, limit: limited([1, 1000], [25, 1000]) }, ({ limit, live }, world) => {
  const book = Engine.book(world.engine, live.id, limit)
  const level = ({ amount, price: at }: Engine.Level): Json => [price(live, at), quantity(live, amount)]
  return {
    result: {
      s: live.name,
      b: book.bids.map(level),
      a: book.asks.map(level),
      ts: world.now,
      u: book.sequence,
      seq: 1_432_604_333 + book.sequence,
      cts: world.now
    }
  }
})

/** @internal */
export const recentTrades = shows({ live, limit: limited([60, 60], [500, 1000]) }, ({ limit, live }, world) => {
  const list = world.trades(live, limit).toReversed().map((trade): Json => ({
    execId: execId(trade),
    symbol: live.name,
    price: price(live, trade.price),
    size: sizeOf(live, trade),
    side: trade.side === "buy" ? "Buy" : "Sell",
    time: String(trade.at),
    isBlockTrade: false,
    isRPITrade: false,
    seq: String(trade.id)
  }))
  return { result: { category: live.category, list } }
})

/** @internal */
export const execId = ({ id }: Trade): string => String(2_100_000_000_000_000_000n + BigInt(id))

/** @internal */
export const sizeOf = (listing: BybitListing, { amount, price }: Trade): string =>
  listing.category === "inverse"
    ? quantity(listing, wholeLots(listing.terms, amount, price))
    : Decimal.plain(amount)

// --- candles

/** @internal */
export const intervals: Readonly<Record<string, Bars.Bars>> = {
  ...Bars.named(Bars.minute, "", 1, 3, 5, 15, 30, 60, 120, 240, 360, 720),
  D: Bars.fixed(Bars.day),
  W: Bars.weeks(),
  M: Bars.months()
}

const asked = {
  live,
  bars: byMember("interval", intervals, refuse(10001, "Invalid period!"), ""),
  limit: limit(200, 1000),
  start: integer("start", undefined),
  end: integer("end", undefined)
}

/**
 * @internal Returns the bars that open between `start` and `end`, both included, newest first. The open bar is
 * included.
 */
export const klines = shows(asked, ({ bars, end, limit, live, start }, world) => {
  // Without `end`, these are the bars after `start`. Otherwise they are the last bars before `end`.
  const to = end ?? (start === undefined ? Infinity : Bars.forward(bars, bars.openOf(start - 1), limit + 1) - 1)
  const found = Bars.between(bars, live, world, { from: start ?? -Infinity, to, most: limit }).toReversed()
  const list = found.map((bar): Json => [
    String(bar.openTime),
    ...[bar.open, bar.high, bar.low, bar.close].map((value) => price(live, value)),
    ...turnovers(live, bar.volume, bar.quoteVolume)
  ])
  return { result: { category: live.category, symbol: live.name, list } }
})
