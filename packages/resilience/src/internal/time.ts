import type * as Clock from "effect/Clock"

/**
 * The longest delay of a JavaScript timer, in milliseconds. Effect's clock never fires for a longer one.
 *
 * @internal
 */
export const maxTimerMillis = 2 ** 31 - 1

/** The largest distance of a `Date` from the epoch, in milliseconds. It bounds the conversion to `bigint`. */
const maxMillis = 8.64e15

const nanosPerMilli = 1_000_000n

/**
 * Converts milliseconds to nanoseconds, rounded up to whole milliseconds; `NaN` counts as zero.
 *
 * @internal
 */
export const millisToNanos = (millis: number): bigint =>
  Number.isNaN(millis)
    ? 0n
    : BigInt(Math.ceil(Math.min(Math.max(millis, -maxMillis), maxMillis))) * nanosPerMilli

/**
 * Converts nanoseconds to milliseconds, rounded up so that a sleep never ends early, and capped to the longest delay of
 * a timer.
 *
 * @internal
 */
export const nanosToTimerMillis = (nanos: bigint): number =>
  Math.min(Math.ceil(Number(nanos) / 1_000_000), maxTimerMillis)

/**
 * Returns the later of two instants.
 *
 * @internal
 */
export const later = (a: bigint, b: bigint): bigint => a > b ? a : b

/**
 * Returns the sooner of two instants.
 *
 * @internal
 */
export const sooner = (a: bigint, b: bigint): bigint => a < b ? a : b

/**
 * Reads the monotonic clock in nanoseconds, rounded to the microsecond. `TestClock` computes its nanoseconds in
 * floating point, which for present dates is off by up to 128, and that must not cause a missed deadline.
 *
 * @internal
 */
export const monotonic = (clock: Clock.Clock): bigint => (clock.unsafeCurrentTimeNanos() + 500n) / 1000n * 1000n
