/**
 * The recent calls that a rule considers: a number of the latest calls, or the calls of a recent period.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { requireDuration } from "./internal/duration.js"
import { requireThat, requireWhole } from "./internal/requireWhole.js"

/**
 * The recent calls that a rule such as `Trip.failureRate` considers, as a value. Each rule counts them in its own
 * counters.
 *
 * @since 0.1.0
 * @category models
 */
export type Window = Count | Time

/**
 * The latest calls, however long ago they ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Count {
  readonly _tag: "Count"
  readonly size: number
}

/**
 * The calls of a recent period, however many they were.
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
 * Returns a window of the latest `size` calls. It uses one byte per call and does not read the clock.
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
 * Returns a window of the calls that ended within the latest `duration`, accurate to one bucket.
 *
 * Time is divided into buckets of `duration / buckets`. The window is the current, unfinished bucket and the
 * `buckets - 1` before it: a call leaves it after at least `duration - duration / buckets` and at most `duration`.
 * Older calls are dropped even after a period without calls. A clock that steps back leaves the window unchanged until
 * time has caught up.
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
    /** The number of buckets; each costs 12 bytes. Defaults to `10`. */
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
