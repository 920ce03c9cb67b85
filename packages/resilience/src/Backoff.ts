/**
 * Delays between retries, as schedules for `Retry` or any other user of `Schedule`.
 *
 * All schedules recur forever and output the chosen delay in whole milliseconds, rounded up. `max` is applied after the
 * jitter, so no delay ever exceeds it. Randomness comes from the `Random` service: with a seeded `Random` the delays
 * are deterministic.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"
import { requireMillis } from "./internal/duration.js"
import { requireThat } from "./internal/requireWhole.js"
import { maxTimerMillis } from "./internal/time.js"
import { wholeMillis } from "./internal/wholeMillis.js"

/**
 * The parameters of a backoff. The constructors throw a `RangeError` for values out of range.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The first delay, before jitter. */
  readonly base: Duration.DurationInput
  /**
   * The maximum delay, in whole milliseconds, rounded up. At most about 24.8 days (2^31 - 1 ms), the longest time a
   * timer can sleep.
   */
  readonly max: Duration.DurationInput
  /** The factor by which each delay grows; finite, at least 1. Defaults to `2`, or `3` for {@link decorrelated}. */
  readonly factor?: number | undefined
}

/**
 * Exponential backoff without jitter: `min(max, base * factor^n)`, n = 0, 1, 2...
 *
 * Use it for a single caller only: without jitter, callers that failed together retry together.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none = (options: Options): Schedule.Schedule<Duration.Duration> => exponential(options, Effect.succeed)

/**
 * Exponential backoff with full jitter: `U(0, min(max, base * factor^n))`, n = 0, 1, 2...
 *
 * Spreads callers the most and puts the least load on the server. It is the default of `Retry`.
 *
 * @example
 * import { Backoff } from "@effect-exchange/resilience"
 * import { Effect, Schedule } from "effect"
 *
 * const backoff = Backoff.full({ base: "100 millis", max: "10 seconds" }).pipe(Schedule.intersect(Schedule.recurs(3)))
 *
 * Effect.runFork(Effect.retry(Effect.fail("down"), backoff).pipe(Effect.catchAll((error) => Effect.log(error))))
 *
 * @since 0.1.0
 * @category constructors
 */
export const full = (options: Options): Schedule.Schedule<Duration.Duration> =>
  exponential(options, (ceiling) => Random.nextRange(0, ceiling))

/**
 * Exponential backoff with equal jitter: `c / 2 + U(0, c / 2)` where `c = min(max, base * factor^n)`, n = 0, 1, 2...
 *
 * Each delay is at least half of the delay without jitter. Use it where an almost immediate retry would be pointless.
 *
 * @since 0.1.0
 * @category constructors
 */
export const equal = (options: Options): Schedule.Schedule<Duration.Duration> =>
  exponential(options, (ceiling) => Random.nextRange(ceiling / 2, ceiling))

/**
 * Exponential backoff with decorrelated jitter: `min(max, U(base, factor * previous))`, starting with
 * `previous = base`.
 *
 * Each delay is drawn from the previous delay instead of from the number of attempts. `factor` defaults to `3`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decorrelated = (options: Options): Schedule.Schedule<Duration.Duration> => {
  const { base, factor, max } = bounds(options, 3)
  return Schedule.makeWithState(
    base,
    (now, _, previous) =>
      Effect.map(Random.nextRange(base, previous * factor), (drawn) => {
        const delay = wholeMillis(Math.min(max, drawn))
        const interval = ScheduleInterval.after(now + delay)
        return [delay, Duration.millis(delay), ScheduleDecision.continueWith(interval)]
      })
  )
}

const exponential = (
  options: Options,
  jitter: (ceiling: number) => Effect.Effect<number>
): Schedule.Schedule<Duration.Duration> => {
  const { base, factor, max } = bounds(options, 2)
  return Schedule.delayedSchedule(
    Schedule.mapEffect(
      Schedule.forever,
      (n) =>
        Effect.map(
          // A base of 0 is handled separately: 0 * factor^n is NaN once the power overflows to Infinity.
          jitter(base === 0 ? 0 : Math.min(max, base * Math.pow(factor, n))),
          (delay) => Duration.millis(wholeMillis(Math.min(max, delay)))
        )
    )
  )
}

const bounds = (options: Options, defaultFactor: number): {
  readonly base: number
  readonly max: number
  readonly factor: number
} => {
  const factor = options.factor ?? defaultFactor
  requireThat("Backoff: factor", factor, factor >= 1 && Number.isFinite(factor), "finite and at least 1")
  const max = Math.min(requireMillis("Backoff: max", options.max), maxTimerMillis)
  return { base: Math.min(requireMillis("Backoff: base", options.base), max), max, factor }
}
