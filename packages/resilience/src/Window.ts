/**
 * Which of the recent calls a rule looks at: so many of the latest, or those of the latest while.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { requireDuration } from "./internal/duration.js"
import { requireThat, requireWhole } from "./internal/requireWhole.js"

/**
 * A stretch of recent calls, as a value: rules such as `Trip.failureRate` count over it, each in counters of its own.
 *
 * @since 0.1.0
 * @category models
 */
export type Window = Count | Time

/**
 * The latest calls, however long ago they were.
 *
 * @since 0.1.0
 * @category models
 */
export interface Count {
  readonly _tag: "Count"
  readonly size: number
}

/**
 * The calls of the latest while, however many they were.
 *
 * @since 0.1.0
 * @category models
 */
export interface Time {
  readonly _tag: "Time"
  readonly duration: Duration.Duration
  readonly buckets: number
}

/**
 * The latest `size` calls. One byte is kept for each. Reads no clock.
 *
 * Throws a `RangeError` unless `size` is a whole number of at least 1.
 *
 * @since 0.1.0
 * @category constructors
 */
export const count = (size: number): Window => {
  requireWhole("Window.count: size", size, 1, 0xffff_ffff)
  return { _tag: "Count", size }
}

/**
 * The calls that ended within the latest `duration`, to the bucket.
 *
 * Time is cut into buckets of `duration / buckets`. The window is the present, unfinished bucket and the `buckets - 1`
 * before it: a call leaves it after at least `duration - duration / buckets` and at most `duration`. Whatever the
 * silence before, nothing older is left in it, and a clock that steps back leaves it as it is until time has caught up.
 *
 * Costs a reading of the monotonic clock for each call that ends. Throws a `RangeError` unless `duration` is finite and
 * above 0 and `buckets` a whole number from 1 to 10,000.
 *
 * @since 0.1.0
 * @category constructors
 */
export const time = (
  duration: Duration.DurationInput,
  options?: {
    /** Into how many parts it is cut; each costs 12 bytes. Defaults to `10`. */
    readonly buckets?: number | undefined
  }
): Window => {
  const buckets = options?.buckets ?? 10
  const decoded = requireDuration("Window.time: duration", duration)
  const isTime = Duration.isFinite(decoded) && !Duration.equals(decoded, Duration.zero)
  requireThat("Window.time: duration", decoded, isTime, "finite and longer than 0")
  requireWhole("Window.time: buckets", buckets, 1, 10_000)
  return { _tag: "Time", duration: decoded, buckets }
}
