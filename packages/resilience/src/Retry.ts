/**
 * Trying again, within bounds: attempts, elapsed time, the caller's deadline and a budget shared by callers.
 *
 * Only what may safely happen twice is retried: what {@link retry} takes has been marked by a person as `Idempotent`.
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
import { asked, mishap } from "./internal/mishap.js"
import { requireAttempts } from "./internal/requireWhole.js"
import { maxTimerMillis, monotonic } from "./internal/time.js"
import { wholeMillis } from "./internal/wholeMillis.js"
import { isRejection } from "./Rejection.js"
import type { RetryBudget } from "./RetryBudget.js"
import { retryCalls } from "./Telemetry.js"

/**
 * What is retried, how often, and after how long.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E> {
  /** What the metrics call it. Defaults to none: nothing is counted. */
  readonly name?: string | undefined
  /**
   * The delays: any schedule that `Effect.retry` takes and that needs nothing. It is given the error, and what it puts out
   * means nothing. Defaults to `Backoff.full({ base: "100 millis", max: "5 seconds" })`.
   */
  readonly backoff?: Schedule.Schedule<unknown, NoInfer<E>> | undefined
  /** The number of attempts in all, the first included; whole, at least 1, or infinite. Defaults to `3`. */
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
  /**
   * Told of each call of {@link retry} and of how its attempts end, and asked for each retry: a budget or a throttle.
   * Defaults to none: no such limit.
   */
  readonly budget?: RetryBudget | undefined
  /** Runs after each attempt that will be followed by another, before the delay. */
  readonly onRetry?: ((info: Info<E>) => Effect.Effect<void>) | undefined
  /** Runs after a failed attempt that will be the last. */
  readonly onGiveUp?: ((info: GaveUp<E>) => Effect.Effect<void>) | undefined
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
  /** What that delay follows from. */
  readonly because: "Backoff" | "RetryAfter"
  /** What it failed with. */
  readonly error: E
  /** All there is to know about its failure. */
  readonly cause: Cause.Cause<E>
}

/**
 * What is known when it has been decided that there will be no other attempt.
 *
 * @since 0.1.0
 * @category models
 */
export interface GaveUp<out E> {
  /** The number of the attempt that failed, from 1. */
  readonly attempt: number
  readonly reason: GiveUpReason
  /** All there is to know about its failure. */
  readonly cause: Cause.Cause<E>
}

/**
 * Why there is no other attempt.
 *
 * @since 0.1.0
 * @category models
 */
export type GiveUpReason =
  /** `while` says no, or it was a defect or an interruption. */
  | "NotRetryable"
  | "AttemptsUsedUp"
  /** The schedule of the backoff is done. */
  | "BackoffDone"
  /** The delay is longer than a timer can sleep, about 24.8 days. */
  | "DelayTooLong"
  /** The delay would end after `elapsed`. */
  | "ElapsedExceeded"
  /** The delay would not end before the current `Deadline`. */
  | "DeadlineTooNear"
  | "BudgetRefused"
  /** Something that was asked or told has died: the backoff, `while`, `retryAfter`, `onRetry` or the budget. */
  | "Died"

/**
 * The policy as a `Schedule` of its delays, to be given to `Effect.retry` or composed further.
 *
 * The delay is `max(backoff, retryAfter + U(0, spread))` in whole milliseconds, rounded up. The schedule is done, so that
 * the retry fails with the last error, for any {@link GiveUpReason}.
 *
 * A schedule learns of a call only when it has failed: `elapsed` counts from the first failure, and the budget is not
 * told of the call or its success. {@link retry} counts from the beginning and tells. Nor does anything here see to it
 * that what is retried is `Idempotent`.
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
 * Runs the effect, and again after each failure that the options allow to be retried.
 *
 * Fails with all the last attempt failed with. Defects and interruption are never retried. Nothing is slept through in
 * vain: when the delay would not end before the current `Deadline`, it fails at once. Where the backoff or another function
 * of the options dies, that is logged and it gives up, with the error of the call. Throws a `RangeError` for options out of
 * range.
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
 * As {@link retry}, for an effect that must not happen twice: `while` has to tell, from its error, that it has not
 * happened.
 *
 * An order whose connection was refused may be sent again. One that timed out may not: it may have arrived. Of several
 * failures at once `while` has to tell it from each, and nothing is repeated beside which something was interrupted.
 *
 * **Gotchas**
 *
 * `Concurrent` does not tell of what it interrupts. Of several orders at once, retry each, and not all of them together.
 *
 * @example
 * import { Retry } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const place: Effect.Effect<string, "not connected" | "lost"> = Effect.succeed("placed")
 *
 * // What was lost may have been done; what never left was not.
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
 * What {@link retryNonIdempotent} takes: nobody else knows which errors are harmless.
 *
 * @since 0.1.0
 * @category models
 */
export interface NonIdempotent<in E> extends Options<E> {
  /** Whether an error proves that nothing was done, and is worth another attempt. */
  readonly while: (error: E) => boolean
}

// A schedule is stepped by hand: the one of `Effect.retry` is set up before it is known whether it is needed, which
// costs every call that succeeds several microseconds, and it never sees a cause.
const run = <A, E, R>(self: Effect.Effect<A, E, R>, options: Judged<E>): Effect.Effect<A, E, R> => {
  check("Retry: ", options)
  return Effect.clockWith((clock) => repeating(self, options, () => options, clock))
}

/**
 * As {@link retryNonIdempotent}, of options that were checked before and are only made when an attempt has failed, and until a
 * deadline.
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
    : Effect.zipLeft(self, asked("`succeeded` of a retry's budget", budget.succeeded, undefined))
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
  return Effect.zipRight(asked("`deposit` of a retry's budget", budget.deposit, undefined), attempts)
}

/** Of what must not happen twice all that has gone wrong has to be worth another attempt, and known. */
interface Judged<E> extends Options<E> {
  readonly isOnce?: boolean
}

interface Begun<E> {
  readonly options: Judged<E>
  /** How far the schedule of the backoff has come. */
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
  /** The number of the attempt that failed. */
  readonly attempt: number
  /** When the call began, on the monotonic clock; not known to a schedule that has not been stepped. */
  readonly start: bigint | undefined
  /** How far the schedule of the backoff has come. */
  readonly backoff: unknown
}

type Decision =
  | { readonly _tag: "Retry"; readonly delay: Duration.Duration; readonly backoff: unknown }
  | { readonly _tag: "GiveUp" }

const giveUp: Decision = { _tag: "GiveUp" }

/** Whatever is asked here may die; the call has failed with an error of its own, and that is what its caller must get. */
const decide = <E>(
  options: Judged<E>,
  cause: Cause.Cause<E>,
  progress: Progress & { readonly start: bigint }
): Effect.Effect<Decision> => {
  const stop = (reason: GiveUpReason): Effect.Effect<Decision> => {
    const { onGiveUp } = options
    if (onGiveUp === undefined) return Effect.succeed(giveUp)
    const told = Effect.suspend(() => onGiveUp({ attempt: progress.attempt, cause, reason }))
    return Effect.as(asked("`onGiveUp` of a retry", told, undefined), giveUp)
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
    // Last, so that nothing is drawn for a retry that something else stands against.
    if (options.budget !== undefined && !(yield* options.budget.withdraw)) return yield* stop("BudgetRefused")
    if (options.onRetry !== undefined) yield* options.onRetry({ attempt, delay, because, error, cause })
    return { _tag: "Retry", delay, backoff: next }
  })

/**
 * Whether a cause holds failures of one kind and nothing else: what was interrupted beside a failure may have been done.
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
