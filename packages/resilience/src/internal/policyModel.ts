import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { DeadlineExceeded } from "../Deadline.js"
import type { CallOptions, RateLimiterFull, Reservation } from "../RateLimiter.js"
import type * as Retry from "../Retry.js"
import type { AtOnce, OfLimiter } from "./atOnce.js"
import type { BulkheadFull } from "./bulkheadModel.js"
import type { CircuitOpen } from "./circuitBreakerModel.js"

/**
 * One attempt of a call, as the function that makes it sees it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  /** Which attempt of the call it is, from 1, hedges counted. */
  readonly number: number
  /** How long it has waited for the gates, in nanoseconds. */
  readonly waited: bigint
  /**
   * To be run in the moment in which the request leaves, once the last thing before it is done: from then on the limiter
   * counts it, a hedge may be late, and the attempt counts as sent.
   *
   * **Gotchas**
   *
   * An attempt that never runs it was never sent, however it ends: its tokens are given back, and it may be repeated. One
   * that was given up and left behind is interrupted here.
   */
  readonly leaving: Effect.Effect<void>
  /** As {@link leaving}, at once, for whoever leaves within the same step; what it answers, if anything, is to be run before. */
  readonly unsafeLeave: () => Effect.Effect<void> | undefined
  /** Makes interruptible what is waited for; to be used with {@link Call.isMasked}. */
  readonly restore: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/**
 * What distinguishes one call from others under the same policy.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call<out C = number, out L extends string = never, in A = never> extends CallOptions<L> {
  /** What each attempt costs the limiter. Defaults to the limiter's default. */
  readonly cost?: C | undefined
  /** What gates that are chosen by key are chosen by. Defaults to `"default"`. */
  readonly key?: string | undefined
  /** Whether it may happen twice. Defaults to `"idempotent"` for what is branded `Idempotent`. */
  readonly idempotency?: Idempotency | undefined
  /**
   * By when it must have ended, by the clock of `Deadline`, where that is sooner than the deadline around it: as in
   * `Deadline.until`, which costs more. Gates and retries go by it; what is called may not be told of it.
   */
  readonly deadline?: Option.Option<bigint> | undefined
  /**
   * Whether the function that makes an attempt runs where nobody interrupts, and says by {@link Attempt.restore} what may be
   * interrupted: for less than a mask of its own. Defaults to `false`.
   */
  readonly isMasked?: boolean | undefined
  /** What becomes of an answer that came too late to be one; see `Hedge.CallOptions`. Defaults to nothing. */
  readonly onDiscard?: ((value: A) => Effect.Effect<void>) | undefined
}

/**
 * - `"safe"`: changes nothing, a read.
 * - `"idempotent"`: twice does no more than once, a cancel by id.
 * - `"once"`: must not happen twice. It is never hedged, and retried only after an attempt that did not leave, or with an
 *   error that {@link Options.notSent} or {@link Options.notDone} vouches for.
 *
 * @since 0.1.0
 * @category models
 */
export type Idempotency = "safe" | "idempotent" | "once"

/**
 * One thing that one gate did.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  /** How long after the call began, on the monotonic clock. */
  readonly at: Duration.Duration
  /** Which attempt it is about, from 1, hedges counted; 0 for what is about the whole call. */
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
   * - `judged`: the breaker's `state` after the attempt, where it is not closed.
   * - `refunded`: tokens of the limiter, for an attempt that was never sent.
   * - `started`, `succeeded`, `failed`, `interrupted`: what is called; `started` also a hedge.
   * - `sent`: what is called, where a function says when it leaves; anything else leaves when it starts.
   * - `timedOut`: an attempt, or by the deadline the whole call.
   * - `retrying`: after `delayMillis`, `because` of the backoff or of what the server asked for.
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
  /** Names and numbers only: nothing that an error says. */
  readonly detail: Readonly<Record<string, string | number>>
}

/**
 * A gate shared by all calls, or one for each key, held for the time of an attempt: `KeyedCircuitBreaker.get` is one. It
 * may be `undefined` for a key that has no such gate.
 *
 * @since 0.1.0
 * @category models
 */
export type Keyed<G> = G | ((key: string) => G | undefined | Effect.Effect<G | undefined, never, Scope.Scope>)

/**
 * What a policy needs of a `RateLimiter`, or of a group of limits with its costs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limiter<in C, in L extends string> {
  /** @internal */
  readonly [AtOnce]?: OfLimiter<C, CallOptions<L>>
  readonly withReservation: (cost?: C, options?: CallOptions<L>) => <A, E, R>(
    use: (reservation: Reservation) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  readonly commit: (reservation: Reservation) => Effect.Effect<void>
  readonly refund: (reservation: Reservation) => Effect.Effect<void>
}

/**
 * What the gates of a policy fail with. Nothing was sent, and no policy retries it.
 *
 * @since 0.1.0
 * @category models
 */
export type Refusal = CircuitOpen | RateLimiterFull | BulkheadFull | DeadlineExceeded

/**
 * As `Retry.Options`. `while` and `retryAfter` are never asked about refusals. Its metrics go by the name of the policy.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions<in E> extends Omit<Retry.Options<E>, "name" | "backoff" | "onRetry" | "onGiveUp"> {
  readonly backoff?: Schedule.Schedule<unknown, NoInfer<E> | Refusal> | undefined
  readonly onRetry?: ((info: Retry.Info<NoInfer<E> | Refusal>) => Effect.Effect<void>) | undefined
  readonly onGiveUp?: ((info: Retry.GaveUp<NoInfer<E> | Refusal>) => Effect.Effect<void>) | undefined
}
