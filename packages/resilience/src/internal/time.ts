import type * as Clock from "effect/Clock"

/**
 * The longest delay a JavaScript timer can hold; Effect's clock never fires for a longer one.
 *
 * @internal
 */
export const maxTimerMillis = 2 ** 31 - 1

/** The largest distance between two instants a `Date` can express, so that any of them fits a `bigint`. */
const maxMillis = 8.64e15

const nanosPerMilli = BigInt(1_000_000)

/**
 * Whole nanoseconds, rounded up, of a number of milliseconds; what is not a number counts as zero.
 *
 * @internal
 */
export const millisToNanos = (millis: number): bigint =>
  Number.isNaN(millis)
    ? BigInt(0)
    : BigInt(Math.ceil(Math.min(Math.max(millis, -maxMillis), maxMillis))) * nanosPerMilli

/**
 * Milliseconds, rounded up so that a sleep of that length never ends early, and short enough for a timer.
 *
 * @internal
 */
export const nanosToTimerMillis = (nanos: bigint): number =>
  Math.min(Math.ceil(Number(nanos) / 1_000_000), maxTimerMillis)

/**
 * The later of two instants.
 *
 * @internal
 */
export const later = (a: bigint, b: bigint): bigint => a > b ? a : b

/**
 * The sooner of two instants.
 *
 * @internal
 */
export const sooner = (a: bigint, b: bigint): bigint => a < b ? a : b

/**
 * The monotonic clock in nanoseconds, to the microsecond: `TestClock` works its nanoseconds out in floating point, which
 * at instants of our days is off by up to 128, and no deadline must be missed for that.
 *
 * @internal
 */
export const monotonic = (clock: Clock.Clock): bigint => (clock.unsafeCurrentTimeNanos() + 500n) / 1000n * 1000n
