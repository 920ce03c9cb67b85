/**
 * Candles: the trades of a market aggregated over intervals of time.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { Instant } from "./internal/leaves.js"

/**
 * The length of a candle. Intervals up to `1d` open at multiples of their length since the epoch, so a `1d` candle
 * covers one UTC day. A `1w` candle covers a week from Monday and a `1M` candle a calendar month, both in UTC.
 *
 * @since 0.1.0
 * @category models
 */
export type Interval = typeof Interval.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Interval = Schema.Literal(
  "1m",
  "3m",
  "5m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "6h",
  "12h",
  "1d",
  "1w",
  "1M"
)

/**
 * Maps instants to the index of their candle, counted from the candle that contains the epoch, and an index to its open
 * time.
 */
interface Cut {
  readonly indexOf: (at: number) => number
  readonly openOf: (index: number) => number
}

const minute = 60_000
const day = 1440 * minute

const every = (length: number, from = 0): Cut => ({
  indexOf: (at) => Math.floor((at - from) / length),
  openOf: (index) => from + index * length
})

// An instant outside the range of valid dates has no month, so its index is `NaN`.
const months: Cut = {
  indexOf: (at) =>
    Option.match(DateTime.make(at), {
      onNone: () => Number.NaN,
      onSome: (date) => (DateTime.getPartUtc(date, "year") - 1970) * 12 + DateTime.getPartUtc(date, "month") - 1
    }),
  openOf: (index) => Date.UTC(1970, index)
}

const cuts: { readonly [I in Interval]: Cut } = {
  "1m": every(minute),
  "3m": every(3 * minute),
  "5m": every(5 * minute),
  "15m": every(15 * minute),
  "30m": every(30 * minute),
  "1h": every(60 * minute),
  "2h": every(120 * minute),
  "4h": every(240 * minute),
  "6h": every(360 * minute),
  "12h": every(720 * minute),
  "1d": every(day),
  // The epoch was a Thursday.
  "1w": every(7 * day, 4 * day),
  "1M": months
}

/**
 * Returns the open time (epoch milliseconds) of the candle that contains an instant.
 *
 * @example
 * import { Candle } from "@effect-exchange/core"
 *
 * const at = Date.UTC(2024, 1, 29, 12)
 * console.log(new Date(Candle.openTime("1M", at)).toISOString()) // 2024-02-01T00:00:00.000Z
 * console.log(new Date(Candle.closeTime("1M", at)).toISOString()) // 2024-03-01T00:00:00.000Z
 *
 * @since 0.1.0
 * @category getters
 */
export const openTime = (interval: Interval, at: number): number => shift(interval, at, 0)

/**
 * Returns the end (epoch milliseconds) of the candle that contains an instant, which is when the next candle opens.
 *
 * @since 0.1.0
 * @category getters
 */
export const closeTime = (interval: Interval, at: number): number => shift(interval, at, 1)

/**
 * Returns the open time (epoch milliseconds) of the first candle that opens at an instant or later.
 *
 * @since 0.1.0
 * @category getters
 */
export const openFrom = (interval: Interval, at: number): number => {
  const open = openTime(interval, at)
  return open === at ? at : closeTime(interval, at)
}

/**
 * Returns the open time (epoch milliseconds) of the candle `candles` after the one that contains an instant, or before
 * it if `candles` is negative.
 *
 * @since 0.1.0
 * @category getters
 */
export const shift = (interval: Interval, at: number, candles: number): number => {
  const { indexOf, openOf } = cuts[interval]
  return openOf(indexOf(at) + candles)
}

/**
 * Returns the open times (epoch milliseconds) of all candles that open at `from` or later and before `to`, oldest
 * first.
 *
 * @since 0.1.0
 * @category getters
 */
export const openTimes = (interval: Interval, from: number, to: number): ReadonlyArray<number> => {
  const { indexOf, openOf } = cuts[interval]
  const first = indexOf(openFrom(interval, from))
  const count = indexOf(openFrom(interval, to)) - first
  return Array.from({ length: Math.max(0, count) }, (_, index) => openOf(first + index))
}

/**
 * A candle, identified by its open time (epoch milliseconds). `volume` is in the base currency (in contracts for
 * inverse markets). `isOpen` is `true` while the interval has not ended: until then, every price but `open` may still
 * change, and so may `volume`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Candle extends Schema.Schema.Type<typeof Candle> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Candle = Schema.Struct({
  exchange: Schema.NonEmptyString,
  symbol: ExchangeSymbol,
  interval: Interval,
  openTime: Instant,
  open: Decimal.FromString,
  high: Decimal.FromString,
  low: Decimal.FromString,
  close: Decimal.FromString,
  volume: Decimal.FromString,
  isOpen: Schema.Boolean
})

/**
 * A range of candles: those that open at `from` or later and before `to`. `to` defaults to now, which includes the open
 * candle. Both accept any input of `DateTime.make`: epoch milliseconds, a `Date`, a `DateTime`, or text such as
 * `2026-01-31` (UTC unless it says otherwise). `onProgress` runs after each page.
 *
 * @since 0.1.0
 * @category models
 */
export interface Range {
  readonly from: DateTime.DateTime.Input
  readonly to?: DateTime.DateTime.Input | undefined
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

/**
 * Returns a range in epoch milliseconds, or none if it is invalid: if it ends before it begins, begins before 1970, or
 * contains an invalid date. A range without `to` ends at `now`, or at `from` if that is later.
 *
 * @since 0.1.0
 * @category getters
 */
export const window = (
  range: Range,
  now: number
): Option.Option<{ readonly from: number; readonly to: number }> => {
  const from = instantOf(range.from)
  const to = range.to === undefined ? Math.max(from, now) : instantOf(range.to)
  return from >= 0 && from <= to ? Option.some({ from, to }) : Option.none()
}

/** Returns `NaN` for an invalid date: every comparison with it is `false`. */
const instantOf = (input: DateTime.DateTime.Input): number =>
  Option.match(DateTime.make(input), { onNone: () => Number.NaN, onSome: DateTime.toEpochMillis })

/**
 * How far a range has been read. Everything before `readTo` (epoch milliseconds) has been read, which is `fraction` (0
 * to 1) of the range, and `candles` were found in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  readonly readTo: number
  readonly fraction: number
  readonly candles: number
}
