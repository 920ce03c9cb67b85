/**
 * Retries within bounds: number of attempts, elapsed time, the caller's deadline and a budget shared by callers.
 *
 * Only effects that may safely run twice are retried: {@link retry} requires an effect that a developer has marked as
 * `Idempotent`.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"
import * as Idempotent from "./Idempotent.js"
import { backoffOf, checkRetry, decide, type DecisionOptions, type Progress, withRetries } from "./internal/retrying.js"
import type { Options } from "./internal/retryModel.js"
import { monotonic } from "./internal/time.js"

export type { GaveUp, GiveUpReason, Info, Options } from "./internal/retryModel.js"

/**
 * Returns the retry policy as a `Schedule` of its delays, for `Effect.retry` or further composition.
 *
 * The delay is `max(backoff, retryAfter + U(0, spread))` in whole milliseconds, rounded up. The schedule ends for any
 * {@link GiveUpReason}, so that the retry fails with the last error.
 *
 * A schedule learns about a call only when the call has failed: `elapsed` counts from the first failure, and the budget
 * receives neither the call nor its success. {@link retry} counts from the beginning and reports both. A schedule also
 * does not ensure that the retried effect is `Idempotent`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const schedule = <E>(options: Options<E> = {}): Schedule.Schedule<Duration.Duration, E> => {
  checkRetry("Retry: ", options)
  const { initial }: { readonly initial: unknown } = backoffOf(options)
  const first: Progress = { attempt: 1, start: undefined, backoff: initial }
  return Schedule.makeWithState<Progress, E, Duration.Duration>(
    first,
    (now, error, progress) =>
      Effect.clockWith((clock) => {
        const start = progress.start ?? monotonic(clock)
        return Effect.map(decide(options, Cause.fail(error), { ...progress, start }), (decision) =>
          decision._tag === "GiveUp"
            ? [progress, Duration.zero, ScheduleDecision.done]
            : [
              { attempt: progress.attempt + 1, start, backoff: decision.backoff },
              decision.delay,
              ScheduleDecision.continueWith(ScheduleInterval.after(now + Duration.toMillis(decision.delay)))
            ])
      })
  )
}

/**
 * Runs the effect, and runs it again after each failure that the options allow to be retried.
 *
 * Fails with the full cause of the last attempt. Defects and interruption are never retried. When the delay would not
 * end before the current `Deadline`, it fails immediately instead of sleeping in vain. If the backoff or another
 * function of the options dies, the defect is logged and the retry gives up with the error of the call. Throws a
 * `RangeError` for options out of range.
 *
 * @example
 * import { Backoff, Idempotent, Retry } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.succeed("64000.5").pipe(
 *   Idempotent.mark,
 *   Retry.retry({ attempts: 4, backoff: Backoff.full({ base: "100 millis", max: "5 seconds" }) })
 * )
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category combinators
 */
export const retry: {
  <E>(options?: Options<E>): <A, R>(self: Idempotent.Idempotent<A, E, R>) => Idempotent.Idempotent<A, E, R>
  <A, E, R>(self: Idempotent.Idempotent<A, E, R>, options?: Options<E>): Idempotent.Idempotent<A, E, R>
} = dual(
  (args) => Effect.isEffect(args[0]),
  <A, E, R>(self: Idempotent.Idempotent<A, E, R>, options: Options<E> = {}): Idempotent.Idempotent<A, E, R> =>
    Idempotent.mark(run(self, options))
)

/**
 * Retries an effect that must not run twice: `while` must determine from the error that the effect has not been carried
 * out.
 *
 * An order whose connection was refused may be sent again. An order that timed out may not: it may have arrived. Of
 * several concurrent failures, `while` must return `true` for each. A failure next to an interruption is not retried.
 *
 * **Gotchas**
 *
 * `Concurrent` does not report the effects it interrupts. For several concurrent orders, retry each order instead of
 * the group.
 *
 * @example
 * import { Retry } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const place: Effect.Effect<string, "not connected" | "lost"> = Effect.succeed("placed")
 *
 * // A lost request may have been carried out; a request that never left was not.
 * const program = place.pipe(Retry.retryNonIdempotent({ while: (error) => error === "not connected" }))
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category combinators
 */
export const retryNonIdempotent: {
  <E>(options: NonIdempotent<E>): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, options: NonIdempotent<E>): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, options: NonIdempotent<E>): Effect.Effect<A, E, R> =>
    run(self, { ...options, isOnce: true })
)

/**
 * The options of {@link retryNonIdempotent}. `while` is required, because only the caller knows which errors are
 * harmless.
 *
 * @since 0.1.0
 * @category models
 */
export interface NonIdempotent<in E> extends Options<E> {
  /** Returns `true` if the error proves that nothing was done, and is worth another attempt. */
  readonly while: (error: E) => boolean
}

// Steps the schedule directly: `Effect.retry` sets up its schedule before it is known whether a retry is needed, which
// costs every successful call several microseconds, and it never sees a cause.
const run = <A, E, R>(self: Effect.Effect<A, E, R>, options: DecisionOptions<E>): Effect.Effect<A, E, R> => {
  checkRetry("Retry: ", options)
  return Effect.clockWith((clock) => withRetries(self, options, () => options, clock))
}
