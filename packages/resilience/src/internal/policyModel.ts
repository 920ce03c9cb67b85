import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { DeadlineExceeded } from "../Deadline.js"
import type { CallOptions, RateLimiterFull, Reservation } from "../RateLimiter.js"
import type * as Retry from "../Retry.js"
import type { BulkheadFull } from "./bulkheadModel.js"
import type { CircuitOpen } from "./circuitBreakerModel.js"
import type { FastPath, LimiterFastPath } from "./fastPath.js"

/**
 * One attempt of a call, as passed to the function that makes it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  /** The number of the attempt within the call, from 1, including hedges. */
  readonly number: number
  /** The time the attempt has waited for the gates, in nanoseconds. */
  readonly waited: bigint
  /**
   * Must be run at the moment the request leaves, after everything that precedes it. From then on the limiter counts
   * the request, a hedge may consider it late, and the attempt counts as sent.
   *
   * **Gotchas**
   *
   * An attempt that never runs this effect was never sent, however it ends: its tokens are refunded, and it may be
   * retried. An attempt that was abandoned and left behind is interrupted here.
   */
  readonly leaving: Effect.Effect<void>
  /**
   * Does synchronously what {@link leaving} does, for a request that leaves within the same step. The returned effect,
   * if any, must be run before the request leaves.
   */
  readonly unsafeLeave: () => Effect.Effect<void> | undefined
  /** Makes an effect interruptible; for use with {@link Call.isMasked}. */
  readonly restore: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/**
 * The options of one call under a policy.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call<out C = number, out L extends string = never, in A = never> extends CallOptions<L> {
  /** The cost of each attempt for the limiter. Defaults to the default of the limiter. */
  readonly cost?: C | undefined
  /** The key by which keyed gates are chosen. Defaults to `"default"`. */
  readonly key?: string | undefined
  /** Whether the call may run twice. Defaults to `"idempotent"` for effects with the brand `Idempotent`. */
  readonly idempotency?: Idempotency | undefined
  /**
   * The instant by which the call must have ended, on the clock of `Deadline`, if it is sooner than the current
   * deadline. It has the effect of `Deadline.until` at a lower cost. Gates and retries respect it, but the called
   * effect may not see it.
   */
  readonly deadline?: Option.Option<bigint> | undefined
  /**
   * Whether the function that makes an attempt runs uninterruptibly and uses {@link Attempt.restore} for its
   * interruptible parts. That costs less than a separate mask. Defaults to `false`.
   */
  readonly isMasked?: boolean | undefined
  /** Runs for a result that came too late to be used; see `Hedge.CallOptions`. By default nothing runs. */
  readonly onDiscard?: ((value: A) => Effect.Effect<void>) | undefined
}

/**
 * Whether a call may run twice.
 *
 * - `"safe"`: changes nothing, such as a read.
 * - `"idempotent"`: a second run has no further effect, such as a cancel by id.
 * - `"once"`: must not run twice. It is never hedged, and retried only if the request of the failed attempt did not
 *   leave, or if {@link Options.notSent} or {@link Options.notDone} returns `true` for the error.
 *
 * @since 0.1.0
 * @category models
 */
export type Idempotency = "safe" | "idempotent" | "once"

/**
 * One event of one gate.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  /** The time since the call began, on the monotonic clock. */
  readonly at: Duration.Duration
  /** The number of the attempt, from 1, including hedges; 0 for an event of the whole call. */
  readonly attempt: number
  readonly gate:
    | "fallback"
    | "deadline"
    | "retry"
    | "hedge"
    | "check"
    | "limiter"
    | "turn"
    | "bulkhead"
    | "breaker"
    | "call"
  /**
   * - `passed` or `refused`: by a gate, after `waitedMillis`; a refusal with its `error` and `retryAfterMillis`.
   * - `judged`: the breaker's `state` after the attempt, if it is not closed.
   * - `refunded`: the limiter's tokens, for an attempt that was never sent.
   * - `started`, `succeeded`, `failed`, `interrupted`: the called effect; `started` also for a hedge.
   * - `sent`: the request of a function that reports when it leaves; a plain effect leaves when it starts.
   * - `timedOut`: an attempt, or the whole call by its deadline.
   * - `retrying`: after `delayMillis`, `because` of the backoff or of the delay that the server requested.
   * - `gaveUp`: no further attempt, for a `reason` (see `Retry.GiveUpReason`).
   * - `used`: the fallback, for an `error`.
   */
  readonly event:
    | "passed"
    | "refused"
    | "judged"
    | "refunded"
    | "started"
    | "sent"
    | "succeeded"
    | "failed"
    | "interrupted"
    | "timedOut"
    | "retrying"
    | "gaveUp"
    | "used"
  /** Names and numbers only, never the message of an error. */
  readonly detail: Readonly<Record<string, string | number>>
}

/**
 * A gate shared by all calls, or a function that returns the gate of a key, such as `KeyedCircuitBreaker.get`. The gate
 * is held for the duration of an attempt. It may be `undefined` for a key without such a gate.
 *
 * @since 0.1.0
 * @category models
 */
export type Keyed<G> = G | ((key: string) => G | undefined | Effect.Effect<G | undefined, never, Scope.Scope>)

/**
 * The operations of a `RateLimiter`, or of a group of limits with its costs, that a policy uses.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limiter<in C, in L extends string> {
  /** @internal */
  readonly [FastPath]?: LimiterFastPath<C, CallOptions<L>>
  readonly withReservation: (cost?: C, options?: CallOptions<L>) => <A, E, R>(
    use: (reservation: Reservation) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  readonly commit: (reservation: Reservation) => Effect.Effect<void>
  readonly refund: (reservation: Reservation) => Effect.Effect<void>
}

/**
 * The errors of the gates of a policy. Nothing was sent, and no policy retries them.
 *
 * @since 0.1.0
 * @category models
 */
export type Refusal = CircuitOpen | RateLimiterFull | BulkheadFull | DeadlineExceeded

/**
 * The options of `Retry.Options`. `while` and `retryAfter` are never called for refusals. The metrics use the name of
 * the policy.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions<in E> extends Omit<Retry.Options<E>, "name" | "backoff" | "onRetry" | "onGiveUp"> {
  readonly backoff?: Schedule.Schedule<unknown, NoInfer<E> | Refusal> | undefined
  readonly onRetry?: ((info: Retry.Info<NoInfer<E> | Refusal>) => Effect.Effect<void>) | undefined
  readonly onGiveUp?: ((info: Retry.GaveUp<NoInfer<E> | Refusal>) => Effect.Effect<void>) | undefined
}
