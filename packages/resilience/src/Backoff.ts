/**
 * How long to wait before trying again: schedules of delays, to be given to `Retry` or any other `Schedule` user.
 *
 * All of them recur for ever and put out the delay they chose, in whole milliseconds: what their formula gives is rounded
 * up. `max` is applied after the jitter, so that no delay ever exceeds it. Randomness comes from the `Random` service:
 * with a seeded one the delays are exact.
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
 * The shape of a backoff. One that is out of range throws a `RangeError`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The first delay, before jitter. */
  readonly base: Duration.DurationInput
  /**
   * No delay exceeds this, in whole milliseconds, rounded up. At most about 24.8 days (2^31 - 1 ms), the longest that a
   * timer can sleep.
   */
  readonly max: Duration.DurationInput
  /**
   * What each delay is multiplied by to give the next; finite, at least 1. Defaults to `2`, for {@link decorrelated} to
   * `3`.
   */
  readonly factor?: number | undefined
}

/**
 * Exponential without jitter: `min(max, base * factor^n)`, n = 0, 1, 2...
 *
 * For one caller only: callers that failed together come back together.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none = (options: Options): Schedule.Schedule<Duration.Duration> => exponential(options, Effect.succeed)

/**
 * Exponential with full jitter: `U(0, min(max, base * factor^n))`, n = 0, 1, 2...
 *
 * Spreads callers the most and loads the other side the least; the default of `Retry`.
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
 * Exponential with equal jitter: `c / 2 + U(0, c / 2)` where `c = min(max, base * factor^n)`, n = 0, 1, 2...
 *
 * Never less than half of the full delay, where coming back almost at once would be pointless.
 *
 * @since 0.1.0
 * @category constructors
 */
export const equal = (options: Options): Schedule.Schedule<Duration.Duration> =>
  exponential(options, (ceiling) => Random.nextRange(ceiling / 2, ceiling))

/**
 * Decorrelated jitter: `min(max, U(base, factor * previous))`, beginning with `previous = base`.
 *
 * Each delay is drawn from the one before rather than from the number of attempts. `factor` defaults to `3`.
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
          // Without a base, 0 * factor^n is not a number once the power has outgrown what a number can hold.
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
