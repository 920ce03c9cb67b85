import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LazyArg } from "effect/Function"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import * as Backoff from "../Backoff.js"
import * as Deadline from "../Deadline.js"
import { isRejection } from "../Rejection.js"
import { retryCalls } from "../Telemetry.js"
import { isAll } from "./causes.js"
import { logDefect, orElseOnDefect } from "./defects.js"
import { requireDuration } from "./duration.js"
import { FastPath } from "./fastPath.js"
import { labels } from "./labels.js"
import { requireAttempts } from "./requireWhole.js"
import type { GiveUpReason, Options } from "./retryModel.js"
import { maxTimerMillis, monotonic } from "./time.js"
import { wholeMillis } from "./wholeMillis.js"

/**
 * Retries like `Retry.retryNonIdempotent`, until a deadline, with options that were checked before. They are created
 * only when an attempt has failed.
 *
 * @internal
 */
export const withRetries = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  { budget, name }: Pick<Options<E>, "budget" | "name">,
  make: LazyArg<DecisionOptions<E>>,
  clock: Clock.Clock,
  deadline: Option.Option<bigint> = Option.none()
): Effect.Effect<A, E, R> => {
  const start = monotonic(clock)
  const reporting = budget === undefined || budget.succeeded === Effect.void
    ? self
    : Effect.zipLeft(self, orElseOnDefect("`succeeded` of a retry's budget", budget.succeeded, undefined))
  const attemptFrom = (attempt: number, progress: RetryState<E> | undefined): Effect.Effect<A, E, R> =>
    Effect.catchAllCause(
      attempt === 1 || name === undefined
        ? reporting
        : Effect.zipLeft(reporting, count(name, "successful_with_retry")),
      (cause) => {
        const { backoff, options } = progress ?? initialState(make())
        const decideAndContinue = Effect.flatMap(decide(options, cause, { attempt, start, backoff }), (decision) => {
          if (decision._tag === "Retry") {
            const next = attemptFrom(attempt + 1, { options, backoff: decision.backoff })
            return Effect.zipRight(Effect.sleep(decision.delay), next)
          }
          const failed = Effect.failCause(cause)
          return name === undefined || Cause.isInterruptedOnly(cause)
            ? failed
            : Effect.zipRight(count(name, attempt === 1 ? "failed_without_retry" : "failed_with_retry"), failed)
        })
        return Deadline.until(decideAndContinue, deadline)
      }
    )
  const attempts = attemptFrom(1, undefined)
  const fastPath = budget?.[FastPath]
  if (budget === undefined || fastPath !== undefined) {
    fastPath?.deposit(start)
    return attempts
  }
  return Effect.zipRight(orElseOnDefect("`deposit` of a retry's budget", budget.deposit, undefined), attempts)
}

/**
 * The options of a retry. With `isOnce`, every part of the cause must be known and worth another attempt.
 *
 * @internal
 */
export interface DecisionOptions<E> extends Options<E> {
  readonly isOnce?: boolean
}

interface RetryState<E> {
  readonly options: DecisionOptions<E>
  /** The state of the backoff schedule. */
  readonly backoff: unknown
}

const initialState = <E>(options: DecisionOptions<E>): RetryState<E> => ({
  options,
  backoff: backoffOf(options).initial
})

/**
 * Throws a `RangeError` for options out of range.
 *
 * @internal
 */
export const checkRetry = (
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
    retryCalls.unsafeUpdate(1, labels({ name, kind }))
  })

/**
 * Returns the schedule of the delays.
 *
 * @internal
 */
export const backoffOf = <E>(options: Options<E>): Schedule.Schedule<unknown, E> => options.backoff ?? defaultBackoff

const defaultBackoff = Backoff.full({ base: "100 millis", max: "5 seconds" })

/**
 * How far a retry has come.
 *
 * @internal
 */
export interface Progress {
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

/**
 * Decides what follows a failed attempt. Functions of the options may die here; the caller must still get the error of
 * the call.
 *
 * @internal
 */
export const decide = <E>(
  options: DecisionOptions<E>,
  cause: Cause.Cause<E>,
  progress: Progress & { readonly start: bigint }
): Effect.Effect<Decision> => {
  const stop = (reason: GiveUpReason): Effect.Effect<Decision> => {
    const { onGiveUp } = options
    if (onGiveUp === undefined) return Effect.succeed(giveUp)
    const reporting = Effect.suspend(() => onGiveUp({ attempt: progress.attempt, cause, reason }))
    return Effect.as(orElseOnDefect("`onGiveUp` of a retry", reporting, undefined), giveUp)
  }
  return Effect.catchAllCause(
    evaluate(options, cause, progress, stop),
    (died) => Effect.zipRight(logDefect("the options of a retry and gave up retrying", died), stop("Died"))
  )
}

const evaluate = <E>(
  options: DecisionOptions<E>,
  cause: Cause.Cause<E>,
  { attempt, backoff, start }: Progress & { readonly start: bigint },
  stop: (reason: GiveUpReason) => Effect.Effect<Decision>
): Effect.Effect<Decision> =>
  Effect.gen(function*() {
    const failure = Cause.isDie(cause) ? Option.none<E>() : Cause.failureOption(cause)
    if (Option.isNone(failure)) return yield* stop("NotRetryable")
    const error = failure.value
    const isRetryable = options.while ?? isNotRejection
    if (options.isOnce === true ? !isAll(cause, isRetryable) : !isRetryable(error)) return yield* stop("NotRetryable")
    if (options.budget !== undefined) yield* options.budget.failed
    if (attempt >= (options.attempts ?? 3)) return yield* stop("AttemptsUsedUp")

    const clock = yield* Effect.clock
    const now = clock.unsafeCurrentTimeMillis()
    const [next, , stepped] = yield* backoffOf(options).step(now, error, backoff)
    if (ScheduleDecision.isDone(stepped)) return yield* stop("BackoffDone")
    const backoffDelay = Duration.millis(Math.max(0, ScheduleIntervals.start(stepped.intervals) - now))
    const requested = yield* requestedDelay(options, error)
    const because = Option.isSome(requested) && Duration.greaterThan(requested.value, backoffDelay)
      ? "RetryAfter"
      : "Backoff"
    const wanted = Option.match(requested, { onNone: () => backoffDelay, onSome: Duration.max(backoffDelay) })
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

const isNotRejection = (error: unknown): boolean => !isRejection(error)

const requestedDelay = <E>(options: Options<E>, error: E): Effect.Effect<Option.Option<Duration.Duration>> =>
  Option.match(options.retryAfter === undefined ? Option.none() : options.retryAfter(error), {
    onNone: () => Effect.succeedNone,
    onSome: (retryAfter) =>
      Effect.map(
        Random.nextRange(0, Duration.toMillis(options.spread ?? "100 millis")),
        (spread) => Option.some(Duration.sum(retryAfter, Duration.millis(spread)))
      )
  })
