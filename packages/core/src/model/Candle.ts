/**
 * Candles: what was traded in an interval of time.
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
 * How long a candle is. All begin at multiples of their length since the epoch, so `1d` is a day of UTC.
 *
 * @since 0.1.0
 * @category models
 */
export type Interval = typeof Interval.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Interval = Schema.Literal("1m", "5m", "15m", "30m", "1h", "4h", "1d")

const minute = 60_000

const lengths: { readonly [I in Interval]: number } = {
  "1m": minute,
  "5m": 5 * minute,
  "15m": 15 * minute,
  "30m": 30 * minute,
  "1h": 60 * minute,
  "4h": 240 * minute,
  "1d": 1440 * minute
}

/**
 * The length of an interval in milliseconds.
 *
 * @since 0.1.0
 * @category getters
 */
export const millis = (interval: Interval): number => lengths[interval]

/**
 * A candle, stamped with the instant it opened at (epoch milliseconds). `volume` is in the base currency (in contracts
 * for inverse markets). `isOpen` marks the one whose interval has not ended: all but its open may change still.
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
 * Which candles: those that open at `from` or later and before `to` (by default now, which includes the open one). Both are
 * instants in any form that `DateTime.make` reads: epoch milliseconds, a `Date`, a `DateTime`, or a text such as
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
 * A range in epoch milliseconds, which ends `now` where it says nothing else; none where it ends before it begins, begins
 * before 1970, or one of the two is no instant.
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

/** `NaN` for what is no instant, which is neither before nor after any other. */
const instantOf = (input: DateTime.DateTime.Input): number =>
  Option.match(DateTime.make(input), { onNone: () => Number.NaN, onSome: DateTime.toEpochMillis })

/**
 * How far a range has been read: all before `readTo` (epoch milliseconds), which is `fraction` (0 to 1) of it, in which
 * `candles` were found.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  readonly readTo: number
  readonly fraction: number
  readonly candles: number
}
