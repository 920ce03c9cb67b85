import type * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type { RetryBudget } from "../RetryBudget.js"

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
