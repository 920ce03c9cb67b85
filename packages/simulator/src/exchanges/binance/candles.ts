/**
 * Binance's candles: the intervals longer than a day that do not align to the epoch are made of days.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import type { World } from "../../Dialect.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Candle } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { type BinanceListing, coin } from "./markets.js"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** @internal How candles of one interval follow each other: `floor` is the open time of the candle an instant is in. */
export interface Interval {
  readonly floor: (at: number) => number
  readonly next: (openTime: number) => number
  readonly previous: (openTime: number) => number
  /** Milliseconds of the candles it is made of. */
  readonly made: number
}

const every = (milliseconds: number, offset = 0, made = milliseconds): Interval => ({
  floor: (at) => Math.floor((at - offset) / milliseconds) * milliseconds + offset,
  next: (openTime) => openTime + milliseconds,
  previous: (openTime) => openTime - milliseconds,
  made
})

const monthOf = (at: number, step: number): number => {
  const month = DateTime.startOf(DateTime.unsafeMake(at), "month")
  return DateTime.toEpochMillis(DateTime.add(month, { months: step }))
}

/** @internal By Binance's names, which are case-sensitive. Weeks begin on Monday; the epoch was a Thursday. */
export const intervals: Readonly<Record<string, Interval>> = {
  "1s": every(1000),
  "1m": every(minute),
  "3m": every(3 * minute),
  "5m": every(5 * minute),
  "15m": every(15 * minute),
  "30m": every(30 * minute),
  "1h": every(hour),
  "2h": every(2 * hour),
  "4h": every(4 * hour),
  "6h": every(6 * hour),
  "8h": every(8 * hour),
  "12h": every(12 * hour),
  "1d": every(day),
  "3d": every(3 * day, 0, day),
  "1w": every(7 * day, 4 * day, day),
  "1M": {
    floor: (at) => monthOf(at, 0),
    next: (openTime) => monthOf(openTime, 1),
    previous: (openTime) => monthOf(openTime, -1),
    made: day
  }
}

/** @internal The oldest candles from `startTime`, else the newest; never one that has not begun. */
export const rows = (
  listing: BinanceListing,
  world: World,
  interval: Interval,
  range: { readonly startTime: number | undefined; readonly endTime: number | undefined; readonly limit: number }
): ReadonlyArray<Json> => {
  const last = interval.floor(Math.min(range.endTime ?? world.now, world.now))
  const earliest = interval.floor(Math.min(beginning, world.now - shortHistory))
  const openTimes = range.startTime === undefined
    ? backward(interval, earliest, last, range.limit)
    : forward(interval, Math.max(range.startTime, earliest), last, range.limit)
  const [first] = openTimes
  const end = openTimes.at(-1)
  if (first === undefined || end === undefined) return []
  const parts = world.candles(listing, interval.made, first, interval.next(end) - 1)
  return openTimes.flatMap((openTime) => {
    const closes = interval.next(openTime)
    const candle = merge(openTime, parts.filter((part) => openTime <= part.openTime && part.openTime < closes))
    return candle === undefined ? [] : [row(candle, closes - 1)]
  })
}

// The day the exchange opened; where the clock is before it, the last thirty days are all there is.
const beginning = 1_502_928_000_000
const shortHistory = 30 * day

const backward = (interval: Interval, earliest: number, last: number, count: number): ReadonlyArray<number> => {
  const openTimes: Array<number> = []
  for (let at = last; at >= earliest && openTimes.length < count; at = interval.previous(at)) openTimes.push(at)
  return openTimes.toReversed()
}

const forward = (interval: Interval, from: number, last: number, count: number): ReadonlyArray<number> => {
  const openTimes: Array<number> = []
  const floor = interval.floor(from)
  for (
    let at = floor < from ? interval.next(floor) : floor;
    at <= last && openTimes.length < count;
    at = interval.next(at)
  ) {
    openTimes.push(at)
  }
  return openTimes
}

const merge = (openTime: number, parts: ReadonlyArray<Candle>): Candle | undefined => {
  const [first, ...others] = parts
  return first === undefined ? undefined : others.reduce<Candle>((whole, part) => ({
    openTime,
    open: whole.open,
    high: BigDecimal.max(whole.high, part.high),
    low: BigDecimal.min(whole.low, part.low),
    close: part.close,
    volume: BigDecimal.sum(whole.volume, part.volume),
    quoteVolume: BigDecimal.sum(whole.quoteVolume, part.quoteVolume),
    trades: whole.trades + part.trades
  }), { ...first, openTime })
}

// Takers bought half of everything.
const half = Decimal.literal("0.5")

const row = (candle: Candle, closeTime: number): Json => [
  candle.openTime,
  coin(candle.open),
  coin(candle.high),
  coin(candle.low),
  coin(candle.close),
  coin(candle.volume),
  closeTime,
  coin(candle.quoteVolume),
  candle.trades,
  coin(BigDecimal.multiply(candle.volume, half)),
  coin(BigDecimal.multiply(candle.quoteVolume, half)),
  "0"
]
