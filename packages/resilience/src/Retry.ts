/**
 * Retries within bounds: number of attempts, elapsed time, the caller's deadline and a budget shared by callers.
 *
 * Only effects that may safely run twice are retried: {@link retry} requires an effect that a developer has marked as
 * `Idempotent`.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LazyArg } from "effect/Function"
import { dual } from "effect/Function"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import * as Backoff from "./Backoff.js"
import * as Deadline from "./Deadline.js"
import * as Idempotent from "./Idempotent.js"
import { AtOnce } from "./internal/atOnce.js"
import { requireDuration } from "./internal/duration.js"
import { mishap, orElseOnDefect } from "./internal/mishap.js"
import { requireAttempts } from "./internal/requireWhole.js"
import { maxTimerMillis, monotonic } from "./internal/time.js"
import { wholeMillis } from "./internal/wholeMillis.js"
import { isRejection } from "./Rejection.js"
import type { RetryBudget } from "./RetryBudget.js"
import { retryCalls } from "./Telemetry.js"

/**
 * The options of a retry: which errors are retried, how often, and after which delay.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E> {
  /** The name used in metrics. By default nothing is counted. */
  readonly name?: string | undefined
  /**
   * The delays: any schedule that `Effect.retry` accepts and that has no requirements. Its input is the error, and its
   * output is ignored. Defaults to `Backoff.full({ base: "100 millis", max: "5 seconds" })`.
   */
  readonly backoff?: Schedule.Schedule<unknown, NoInfer<E>> | undefined
  /** The maximum number of attempts, including the first; a whole number, at least 1, or infinite. Defaults to `3`. */
  readonly attempts?: number | undefined
  /** The time after the start of the call after which no retry begins. By default there is no limit. */
  readonly elapsed?: Duration.DurationInput | undefined
  /**
   * Returns `true` for errors that are worth another attempt. Defaults to every error that is not a local rejection.
   */
  readonly while?: ((error: E) => boolean) | undefined
  /**
   * Returns the delay that the server requested, if any. The actual delay is never shorter, not even to respect the
   * `max` of the backoff.
   */
  readonly retryAfter?: ((error: E) => Option.Option<Duration.Duration>) | undefined
  /**
   * The maximum of a random time that is added to each delay requested by the server, so that callers that were refused
   * together do not return in the same millisecond. Defaults to 100 milliseconds.
   */
  readonly spread?: Duration.DurationInput | undefined
  /**
   * The budget or throttle of the retries: it receives each call of {@link retry} and the outcome of its attempts, and
   * must allow each retry. By default there is no such limit.
   */
  readonly budget?: RetryBudget | undefined
  /** Runs after each failed attempt that will be retried, before the delay. */
  readonly onRetry?: ((info: Info<E>) => Effect.Effect<void>) | undefined
  /** Runs after the last failed attempt. */
  readonly onGiveUp?: ((info: GaveUp<E>) => Effect.Effect<void>) | undefined
}

/**
 * The details of a retry that has been decided on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Info<out E> {
  /** The number of the failed attempt, from 1. */
  readonly attempt: number
  /** The delay until the next attempt. */
  readonly delay: Duration.Duration
  /** Whether the delay comes from the backoff or from the server. */
  readonly because: "Backoff" | "RetryAfter"
  /** The error of the attempt. */
  readonly error: E
  /** The full cause of the failure. */
  readonly cause: Cause.Cause<E>
}

/**
 * The details of a decision not to retry.
 *
 * @since 0.1.0
 * @category models
 */
export interface GaveUp<out E> {
  /** The number of the failed attempt, from 1. */
  readonly attempt: number
  readonly reason: GiveUpReason
  /** The full cause of the failure. */
  readonly cause: Cause.Cause<E>
}

/**
 * The reason why there is no further attempt.
 *
 * @since 0.1.0
 * @category models
 */
export type GiveUpReason =
  /** `while` returned `false`, or the failure was a defect or an interruption. */
  | "NotRetryable"
  | "AttemptsUsedUp"
  /** The backoff schedule is done. */
  | "BackoffDone"
  /** The delay is longer than a timer can sleep, about 24.8 days. */
  | "DelayTooLong"
  /** The delay would end after `elapsed`. */
  | "ElapsedExceeded"
  /** The delay would not end before the current `Deadline`. */
  | "DeadlineTooNear"
  | "BudgetRefused"
  /** A function of the options or the budget died: the backoff, `while`, `retryAfter`, `onRetry` or the budget. */
  | "Died"

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
  check("Retry: ", options)
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
const run = <A, E, R>(self: Effect.Effect<A, E, R>, options: Judged<E>): Effect.Effect<A, E, R> => {
  check("Retry: ", options)
  return Effect.clockWith((clock) => repeating(self, options, () => options, clock))
}

/**
 * Retries like {@link retryNonIdempotent}, until a deadline, with options that were checked before. They are created
 * only when an attempt has failed.
 *
 * @internal
 */
export const repeating = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  { budget, name }: Pick<Options<E>, "budget" | "name">,
  make: LazyArg<Judged<E>>,
  clock: Clock.Clock,
  deadline: Option.Option<bigint> = Option.none()
): Effect.Effect<A, E, R> => {
  const start = monotonic(clock)
  const told = budget === undefined || budget.succeeded === Effect.void
    ? self
    : Effect.zipLeft(self, orElseOnDefect("`succeeded` of a retry's budget", budget.succeeded, undefined))
  const again = name === undefined ? told : Effect.zipLeft(told, count(name, "successful_with_retry"))
  const from = (attempt: number, progress: Begun<E> | undefined): Effect.Effect<A, E, R> =>
    Effect.catchAllCause(
      attempt === 1 ? told : again,
      (cause) => {
        const { backoff, options } = progress ?? begun(make())
        const decided = Effect.flatMap(decide(options, cause, { attempt, start, backoff }), (decision) => {
          if (decision._tag === "Retry") {
            const next = from(attempt + 1, { options, backoff: decision.backoff })
            return Effect.zipRight(Effect.sleep(decision.delay), next)
          }
          const failed = Effect.failCause(cause)
          return name === undefined || Cause.isInterruptedOnly(cause)
            ? failed
            : Effect.zipRight(count(name, attempt === 1 ? "failed_without_retry" : "failed_with_retry"), failed)
        })
        return Deadline.until(decided, deadline)
      }
    )
  const attempts = from(1, undefined)
  const atOnce = budget?.[AtOnce]
  if (budget === undefined || atOnce !== undefined) {
    atOnce?.deposit(start)
    return attempts
  }
  return Effect.zipRight(orElseOnDefect("`deposit` of a retry's budget", budget.deposit, undefined), attempts)
}

/** With `isOnce`, every part of the cause must be known and worth another attempt. */
interface Judged<E> extends Options<E> {
  readonly isOnce?: boolean
}

interface Begun<E> {
  readonly options: Judged<E>
  /** The state of the backoff schedule. */
  readonly backoff: unknown
}

const begun = <E>(options: Judged<E>): Begun<E> => ({ options, backoff: backoffOf(options).initial })

/**
 * Throws a `RangeError` for options out of range.
 *
 * @internal
 */
export const check = (
  what: string,
  { attempts, elapsed, spread }: Pick<Options<never>, "attempts" | "elapsed" | "spread">
): void => {
  requireAttempts(`${what}attempts`, attempts)
  if (elapsed !== undefined) requireDuration(`${what}elapsed`, elapsed)
  if (spread !== undefined) requireDuration(`${what}spread`, spread)
}

const count = (
  name: string,
  kind: "successful_with_retry" | "failed_with_retry" | "failed_without_retry"
): Effect.Effect<void> =>
  Effect.sync(() => {
    retryCalls.pipe(Metric.tagged("name", name), Metric.tagged("kind", kind)).unsafeUpdate(1, [])
  })

const backoffOf = <E>(options: Options<E>): Schedule.Schedule<unknown, E> => options.backoff ?? defaultBackoff

const defaultBackoff = Backoff.full({ base: "100 millis", max: "5 seconds" })

interface Progress {
  /** The number of the failed attempt. */
  readonly attempt: number
  /** When the call began, on the monotonic clock; `undefined` for a schedule that has not been stepped. */
  readonly start: bigint | undefined
  /** The state of the backoff schedule. */
  readonly backoff: unknown
}

type Decision =
  | { readonly _tag: "Retry"; readonly delay: Duration.Duration; readonly backoff: unknown }
  | { readonly _tag: "GiveUp" }

const giveUp: Decision = { _tag: "GiveUp" }

/** Functions of the options may die here. The caller must still get the error of the call. */
const decide = <E>(
  options: Judged<E>,
  cause: Cause.Cause<E>,
  progress: Progress & { readonly start: bigint }
): Effect.Effect<Decision> => {
  const stop = (reason: GiveUpReason): Effect.Effect<Decision> => {
    const { onGiveUp } = options
    if (onGiveUp === undefined) return Effect.succeed(giveUp)
    const told = Effect.suspend(() => onGiveUp({ attempt: progress.attempt, cause, reason }))
    return Effect.as(orElseOnDefect("`onGiveUp` of a retry", told, undefined), giveUp)
  }
  return Effect.catchAllCause(
    weigh(options, cause, progress, stop),
    (died) => Effect.zipRight(mishap("the options of a retry and gave up retrying", died), stop("Died"))
  )
}

const weigh = <E>(
  options: Judged<E>,
  cause: Cause.Cause<E>,
  { attempt, backoff, start }: Progress & { readonly start: bigint },
  stop: (reason: GiveUpReason) => Effect.Effect<Decision>
): Effect.Effect<Decision> =>
  Effect.gen(function*() {
    const failure = Cause.isDie(cause) ? Option.none<E>() : Cause.failureOption(cause)
    if (Option.isNone(failure)) return yield* stop("NotRetryable")
    const error = failure.value
    const isWorthIt = options.while ?? isNoRejection
    if (options.isOnce === true ? !isAll(cause, isWorthIt) : !isWorthIt(error)) return yield* stop("NotRetryable")
    if (options.budget !== undefined) yield* options.budget.failed
    if (attempt >= (options.attempts ?? 3)) return yield* stop("AttemptsUsedUp")

    const clock = yield* Effect.clock
    const now = clock.unsafeCurrentTimeMillis()
    const [next, , stepped] = yield* backoffOf(options).step(now, error, backoff)
    if (ScheduleDecision.isDone(stepped)) return yield* stop("BackoffDone")
    const own = Duration.millis(Math.max(0, ScheduleIntervals.start(stepped.intervals) - now))
    const wish = yield* askedFor(options, error)
    const because = Option.isSome(wish) && Duration.greaterThan(wish.value, own) ? "RetryAfter" : "Backoff"
    const wanted = Option.match(wish, { onNone: () => own, onSome: Duration.max(own) })
    const delay = Duration.millis(wholeMillis(Duration.toMillis(wanted)))

    if (Duration.toMillis(delay) > maxTimerMillis) return yield* stop("DelayTooLong")
    const elapsed = Duration.nanos(monotonic(clock) - start)
    if (options.elapsed !== undefined && Duration.greaterThan(Duration.sum(elapsed, delay), options.elapsed)) {
      return yield* stop("ElapsedExceeded")
    }
    const remaining = yield* Deadline.remaining
    if (Option.isSome(remaining) && Duration.greaterThanOrEqualTo(delay, remaining.value)) {
      return yield* stop("DeadlineTooNear")
    }
    // Last, so that nothing is withdrawn for a retry that another rule forbids.
    if (options.budget !== undefined && !(yield* options.budget.withdraw)) return yield* stop("BudgetRefused")
    if (options.onRetry !== undefined) yield* options.onRetry({ attempt, delay, because, error, cause })
    return { _tag: "Retry", delay, backoff: next }
  })

/**
 * Returns `true` if a cause contains only failures of one kind. What was interrupted next to a failure may have been
 * carried out.
 *
 * @internal
 */
export const isAll = <E>(cause: Cause.Cause<E>, isOfKind: (error: E) => boolean): boolean =>
  !Cause.isDie(cause) && !Cause.isInterrupted(cause) && Chunk.every(Cause.failures(cause), isOfKind)

const isNoRejection = (error: unknown): boolean => !isRejection(error)

const askedFor = <E>(options: Options<E>, error: E): Effect.Effect<Option.Option<Duration.Duration>> =>
  Option.match(options.retryAfter === undefined ? Option.none() : options.retryAfter(error), {
    onNone: () => Effect.succeedNone,
    onSome: (retryAfter) =>
      Effect.map(
        Random.nextRange(0, Duration.toMillis(options.spread ?? "100 millis")),
        (spread) => Option.some(Duration.sum(retryAfter, Duration.millis(spread)))
      )
  })
