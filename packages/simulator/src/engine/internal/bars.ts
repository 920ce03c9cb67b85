import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import type { Candle, Listing } from "../Market.js"

/** @internal A division of time into bars, each made of whole candles of `unit` milliseconds. */
export interface Bars {
  readonly unit: number
  /** Returns the open of the bar that contains an instant. */
  readonly openOf: (at: number) => number
  /** Returns the open of the bar after the one that opens at an instant. */
  readonly after: (open: number) => number
}

/** @internal */
export const minute = 60_000
/** @internal */
export const hour = 60 * minute
/** @internal */
export const day = 24 * hour

/** @internal Returns bars of a fixed length, shifted from the epoch by a multiple of the unit. */
export const fixed = (length: number, shift = 0, unit = length): Bars => ({
  unit,
  openOf: (at) => Math.floor((at - shift) / length) * length + shift,
  after: (open) => open + length
})

/**
 * @internal Returns bars of several units, for example of five minutes, by the number of units with a suffix, for
 * example `5m`.
 */
export const named = (
  unit: number,
  suffix: string,
  ...counts: ReadonlyArray<number>
): Readonly<Record<string, Bars>> =>
  Object.fromEntries(counts.map((count) => [`${count}${suffix}`, fixed(count * unit)]))

// The epoch was a Thursday.
const firstMonday = 4 * day

/** @internal Returns bars of a week that open on Monday, `shift` after midnight UTC. */
export const weeks = (shift = 0, unit = day): Bars => fixed(7 * day, firstMonday + shift, unit)

/** @internal Returns bars of a calendar month that open `shift` after midnight UTC. */
export const months = (shift = 0, unit = day): Bars => ({
  unit,
  openOf: (at) => DateTime.toEpochMillis(DateTime.startOf(DateTime.unsafeMake(at - shift), "month")) + shift,
  after: (open) => DateTime.toEpochMillis(DateTime.add(DateTime.unsafeMake(open - shift), { months: 1 })) + shift
})

/** @internal Returns the open of the first of `count` bars, the last of which contains `at`. */
export const back = (bars: Bars, at: number, count: number): number => {
  let open = bars.openOf(at)
  for (let index = 1; index < count; index++) open = bars.openOf(open - 1)
  return open
}

/** @internal Returns the end of the last of `count` bars, the first of which opens at `open`. */
export const forward = (bars: Bars, open: number, count: number): number => {
  let end = open
  for (let index = 0; index < count; index++) end = bars.after(end)
  return end
}

interface Tape {
  readonly now: number
  readonly candles: (listing: Listing, unit: number, from: number, to: number) => ReadonlyArray<Candle>
}

/**
 * Returns the bars of a market that open between two instants, both included, oldest first. If there are more than
 * `most`, these are the last ones. They are built from the candles of the world, the last of which may still be open.
 *
 * @internal
 */
export const between = (
  bars: Bars,
  listing: Listing,
  world: Tape,
  range: { readonly from: number; readonly to: number; readonly most?: number }
): ReadonlyArray<Candle> => {
  const { most, to: end } = range
  const to = Math.min(end, world.now)
  const from = most === undefined ? range.from : Math.max(range.from, back(bars, to, most))
  const opened = bars.openOf(from)
  const first = opened < from ? bars.after(opened) : opened
  if (to < first) return []
  const parts = world.candles(listing, bars.unit, first, bars.after(bars.openOf(to)) - 1)
  const grouped = new Map<number, Candle>()
  for (const part of parts) {
    const open = bars.openOf(part.openTime)
    const before = grouped.get(open)
    grouped.set(open, before === undefined ? { ...part, openTime: open } : join(before, part))
  }
  return [...grouped.values()].filter(({ openTime }) => first <= openTime && openTime <= to)
}

const join = (bar: Candle, part: Candle): Candle => ({
  openTime: bar.openTime,
  open: bar.open,
  high: BigDecimal.max(bar.high, part.high),
  low: BigDecimal.min(bar.low, part.low),
  close: part.close,
  volume: BigDecimal.sum(bar.volume, part.volume),
  quoteVolume: BigDecimal.sum(bar.quoteVolume, part.quoteVolume),
  trades: bar.trades + part.trades
})
