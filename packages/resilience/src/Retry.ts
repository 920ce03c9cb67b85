/**
 * Trying again, within bounds: attempts, elapsed time, the caller's deadline and a budget shared by callers.
 *
 * Retry only what may safely happen twice: this module does not know what an effect does.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Backoff from "./Backoff.js"
import * as Deadline from "./Deadline.js"
import { maxTimerMillis, monotonic } from "./internal/time.js"
import { isRejection } from "./Rejection.js"
import type { RetryBudget } from "./RetryBudget.js"

/**
 * What is retried, how often, and after how long.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E> {
  /** The delays. Defaults to `Backoff.full({ base: "100 millis", max: "5 seconds" })`. */
  readonly backoff?: Schedule.Schedule<Duration.Duration> | undefined
  /** The number of attempts in all, the first included. Defaults to `3`. */
  readonly attempts?: number | undefined
  /** No retry begins later than this after the call began. Defaults to no limit. */
  readonly elapsed?: Duration.DurationInput | undefined
  /** Whether an error is worth another attempt. Defaults to every error that is not a local rejection. */
  readonly while?: ((error: E) => boolean) | undefined
  /** How long the server asked to be left alone, if it did. The delay is never shorter, not even to obey `max`. */
  readonly retryAfter?: ((error: E) => Option.Option<Duration.Duration>) | undefined
  /**
   * Each delay asked for by the server is lengthened by a random part of this, so that callers that were turned
   * away together do not return in one millisecond. Defaults to 100 milliseconds.
   */
  readonly spread?: Duration.DurationInput | undefined
  /** Paid into once for each call of {@link retry}, drawn on for each retry. Defaults to none: no such limit. */
  readonly budget?: RetryBudget | undefined
  /** Runs before each delay. */
  readonly onRetry?: ((info: Info<E>) => Effect.Effect<void>) | undefined
}

/**
 * What is known when a retry has been decided on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Info<out E> {
  /** The number of the attempt that failed, from 1. */
  readonly attempt: number
  /** How long it will be until the next one. */
  readonly delay: Duration.Duration
  /** What it failed with. */
  readonly error: E
}

/**
 * The policy as a `Schedule` of its delays, to be given to `Effect.retry` or composed further.
 *
 * The delay is `max(backoff, retryAfter + U(0, spread))`. The schedule is done, so that the retry fails with the
 * last error, when `while` says no, the attempts are used up, the delay would end after `elapsed` or not before the
 * current `Deadline`, the delay is longer than a timer can sleep (about 24.8 days), or the budget refuses.
 *
 * A schedule learns of a call only when it has failed: `elapsed` counts from the first failure, and nothing is
 * deposited into the budget. {@link retry} counts from the beginning and deposits.
 *
 * @since 0.1.0
 * @category constructors
 */
export const schedule = <E>(options: Options<E> = {}): Schedule.Schedule<Duration.Duration, E> =>
  build(options, Schedule.elapsed)

/**
 * Runs the effect, and again after each failure that the options allow to be retried.
 *
 * Fails with the last error. Defects and interruption are never retried. Nothing is slept through in vain: when the
 * delay would not end before the current `Deadline`, it fails at once.
 *
 * @since 0.1.0
 * @category combinators
 */
export const retry: {
  <E>(options?: Options<E>): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, options?: Options<E>): Effect.Effect<A, E, R>
} = dual(
  (args) => Effect.isEffect(args[0]),
  <A, E, R>(self: Effect.Effect<A, E, R>, options: Options<E> = {}): Effect.Effect<A, E, R> =>
    Effect.clockWith((clock) => {
      const start = monotonic(clock)
      const elapsed = Schedule.mapEffect(
        Schedule.forever,
        () => Effect.clockWith((clock) => Effect.succeed(Duration.nanos(monotonic(clock) - start)))
      )
      const retried = Effect.retry(self, build(options, elapsed))
      return options.budget === undefined ? retried : Effect.zipRight(options.budget.deposit, retried)
    })
)

interface Step<out E> extends Info<E> {
  readonly elapsed: Duration.Duration
}

const build = <E>(
  options: Options<E>,
  elapsed: Schedule.Schedule<Duration.Duration>
): Schedule.Schedule<Duration.Duration, E> => {
  const backoff = options.backoff ?? Backoff.full({ base: "100 millis", max: "5 seconds" })
  const isRetryable = options.while ?? ((error: E) => !isRejection(error))
  return Schedule.identity<E>().pipe(
    Schedule.whileInput(isRetryable),
    Schedule.intersect(Schedule.recurs((options.attempts ?? 3) - 1)),
    Schedule.intersect(elapsed),
    Schedule.intersect(Schedule.delays(backoff)),
    Schedule.mapEffect(([[[error, retries], elapsed], delay]) =>
      Effect.map(
        atLeastRetryAfter(options, error, delay),
        (delay): Step<E> => ({ attempt: retries + 1, elapsed, error, delay })
      )
    ),
    Schedule.modifyDelay(({ delay }) => delay),
    Schedule.checkEffect((_, step) => admit(options, step)),
    Schedule.map(({ delay }) => delay)
  )
}

const atLeastRetryAfter = <E>(
  options: Options<E>,
  error: E,
  delay: Duration.Duration
): Effect.Effect<Duration.Duration> =>
  Option.match(options.retryAfter === undefined ? Option.none() : options.retryAfter(error), {
    onNone: () => Effect.succeed(delay),
    onSome: (retryAfter) =>
      Effect.map(
        Random.nextRange(0, Duration.toMillis(options.spread ?? "100 millis")),
        (spread) => Duration.max(delay, Duration.sum(retryAfter, Duration.millis(spread)))
      )
  })

/** Whether the retry may be slept for; draws on the budget last, when nothing else stands against it. */
const admit = <E>(options: Options<E>, { attempt, delay, elapsed, error }: Step<E>): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    if (Duration.toMillis(delay) > maxTimerMillis) {
      return false
    }
    if (options.elapsed !== undefined && Duration.greaterThan(Duration.sum(elapsed, delay), options.elapsed)) {
      return false
    }
    const remaining = yield* Deadline.remaining
    if (Option.isSome(remaining) && Duration.greaterThanOrEqualTo(delay, remaining.value)) {
      return false
    }
    if (options.budget !== undefined && !(yield* options.budget.withdraw)) {
      return false
    }
    if (options.onRetry !== undefined) {
      yield* options.onRetry({ attempt, delay, error })
    }
    return true
  })
