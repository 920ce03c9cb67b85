/**
 * All of this package around one call, in the one order that is right:
 *
 * ```
 * fallback              sees whatever went wrong, refusals and the deadline too
 *  └ deadline           for everything below; gates that would keep a call waiting beyond it refuse instead
 *     └ retry           each attempt queues and is judged afresh
 *        ├ check        an open circuit refuses before tokens are spent or a queue is joined
 *        ├ limiter      before the bulkhead, so that waiting for tokens holds no permit
 *        ├ bulkhead     bounds what is in flight
 *        ├ hedge        its clock starts when the attempt has queued; each further attempt passes the gates by itself
 *        └ breaker      innermost gate: waiting is neither slow nor holds a probe's permit
 *           └ attempt   under its timeout, which the breaker counts as a failure
 * ```
 *
 * Tokens taken for a call that was never sent are given back. What is interrupted in the very moment in which it is
 * handed over counts as sent.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { pipe } from "effect/Function"
import type * as Predicate from "effect/Predicate"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Bulkhead, BulkheadFull } from "./Bulkhead.js"
import type { CircuitBreaker, CircuitOpen } from "./CircuitBreaker.js"
import type { DeadlineExceeded } from "./Deadline.js"
import type { Hedge } from "./Hedge.js"
import * as Idempotent from "./Idempotent.js"
import * as gates from "./internal/policyGates.js"
import type { Execution } from "./internal/policyTrace.js"
import { requireAttempts } from "./internal/requireWhole.js"
import { monotonic } from "./internal/time.js"
import type { CallOptions, RateLimiterFull, Reservation } from "./RateLimiter.js"
import type * as Retry from "./Retry.js"
import type * as Timeout from "./Timeout.js"

/**
 * How to call something: one value, shared by everything that calls it.
 *
 * `E` is what its gates can judge, `F` what it fails with by itself, `B` what its fallback gives, `C` the cost of a call
 * and `L` the lanes it may wait in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Policy<
  in E = unknown,
  out F = never,
  out B = never,
  in C = number,
  in L extends string = never
> {
  /** What its span and its metrics call it. */
  readonly name: string
  /**
   * Runs the effect under the policy, within one span that is named after the policy. What went another way than hoped
   * is told by events of that span, {@link Entry.gate} and {@link Entry.event} making their names.
   *
   * An effect that is not branded `Idempotent` has to be declared.
   */
  readonly apply: {
    <A, E1 extends E, R>(self: Idempotent.Idempotent<A, E1, R>, call?: Call<C, L>): Effect.Effect<A | B, E1 | F, R>
    <A, E1 extends E, R>(self: Effect.Effect<A, E1, R>, call: Declared<C, L>): Effect.Effect<A | B, E1 | F, R>
  }
  /** As `apply`, but answers with how the call ended and what each gate did, in the order of time. */
  readonly explain: {
    <A, E1 extends E, R>(
      self: Idempotent.Idempotent<A, E1, R>,
      call?: Call<C, L>
    ): Effect.Effect<readonly [exit: Exit.Exit<A | B, E1 | F>, trace: Trace], never, R>
    <A, E1 extends E, R>(
      self: Effect.Effect<A, E1, R>,
      call: Declared<C, L>
    ): Effect.Effect<readonly [exit: Exit.Exit<A | B, E1 | F>, trace: Trace], never, R>
  }
}

/**
 * What distinguishes one call from others under the same policy.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call<out C = number, out L extends string = never> extends CallOptions<L> {
  /** What each attempt costs the limiter. Defaults to the limiter's default. */
  readonly cost?: C | undefined
  /** What gates that are chosen by key are chosen by. Defaults to `"default"`. */
  readonly key?: string | undefined
  /** Whether it may happen twice. Defaults to `"idempotent"` for what is branded `Idempotent`. */
  readonly idempotency?: Idempotency | undefined
}

/**
 * A {@link Call} that says whether it may happen twice.
 *
 * @since 0.1.0
 * @category models
 */
export interface Declared<out C = number, out L extends string = never> extends Call<C, L> {
  readonly idempotency: Idempotency
}

/**
 * - `"safe"`: changes nothing, a read.
 * - `"idempotent"`: twice does no more than once, a cancel by id.
 * - `"once"`: must not happen twice. It is never hedged, and retried only after errors that {@link Options.notSent}
 *   vouches for.
 *
 * @since 0.1.0
 * @category models
 */
export type Idempotency = "safe" | "idempotent" | "once"

/**
 * What went on in one execution.
 *
 * @since 0.1.0
 * @category models
 */
export type Trace = ReadonlyArray<Entry>

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
  readonly gate: "fallback" | "deadline" | "retry" | "check" | "limiter" | "bulkhead" | "hedge" | "breaker" | "call"
  /**
   * - `passed` or `refused`: by a gate, after `waitedMillis`; a refusal with its `error` and `retryAfterMillis`.
   * - `judged`: the breaker's `state` after the attempt, where it is not closed.
   * - `refunded`: tokens of the limiter, for an attempt that was never sent.
   * - `started`, `succeeded`, `failed`, `interrupted`: what is called; `started` also a hedge.
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
 * A gate shared by all calls, or one for each key, held for the time of an attempt: `KeyedCircuitBreaker.get` is one.
 *
 * @since 0.1.0
 * @category models
 */
export type Keyed<G> = G | ((key: string) => Effect.Effect<G, never, Scope.Scope>)

/**
 * What a policy needs of a `RateLimiter`, or of a group of limits with its costs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limiter<in C, in L extends string> {
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
 * The part of {@link Refusal} that a policy made of the options `O` can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type RefusalOf<O> =
  | (Has<O, "breaker"> extends true ? CircuitOpen : never)
  | (Has<O, "limiter"> extends true ? RateLimiterFull | DeadlineExceeded : never)
  | (Has<O, "bulkhead"> extends true ? BulkheadFull | DeadlineExceeded : never)

type Has<O, G> = G extends keyof O ? O[G] extends undefined ? false : true : false

/**
 * What a policy is made of; what is left out is not there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E, out FT, in out FD, out B, out F, in C, in L extends string> {
  /** What its span and its metrics call it; one of a few. */
  readonly name: string
  /** Limits the whole call, and tells the gates inside by when it must have ended. */
  readonly deadline?: Timeout.Options<FD> | undefined
  /** Repeats attempts. Refusals by gates are not retried, and neither asked about nor counted by a budget. */
  readonly retry?: RetryOptions<E> | undefined
  readonly breaker?: Keyed<CircuitBreaker<E>> | undefined
  readonly limiter?: Keyed<Limiter<C, L>> | undefined
  readonly bulkhead?: Keyed<Bulkhead> | undefined
  /** Limits each attempt, from when it is sent. */
  readonly attemptTimeout?: Timeout.Options<FT> | undefined
  /**
   * Begins further attempts beside a slow one. Where `retry` has the same budget, make the hedge with `reports: false`:
   * then the retry alone deposits for each call and tells how attempts end, and the hedge only withdraws. Until the answer
   * is there, the first attempt keeps its permit of the bulkhead.
   */
  readonly hedge?: Pick<Hedge<NoInfer<E> | Refusal>, "apply"> | undefined
  /**
   * Gives something else for errors that `when` picks, all if it is left out. They stay in the type of the result; around
   * `apply`, `Fallback.orElse` takes them out.
   */
  readonly fallback?: {
    readonly when?: Predicate.Predicate<NoInfer<E> | NoInfer<FD> | Refusal> | undefined
    readonly use: (error: NoInfer<E> | NoInfer<FD> | Refusal) => Effect.Effect<B, F>
  } | undefined
  /**
   * Which errors prove that the call never left, so that its tokens are given back and even what must not happen twice
   * may be retried. Defaults to none but local rejections, for which it holds in any case.
   */
  readonly notSent?: ((error: E) => boolean) | undefined
}

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

/**
 * Makes a policy. It holds nothing by itself.
 *
 * Make the gates first, once, and share them with whatever else calls the same service. The error of `attemptTimeout`
 * has to be among those that `breaker` and `retry` judge. Throws a `RangeError` for `retry.attempts` out of range.
 *
 * @since 0.1.0
 * @category constructors
 */
export function make<
  O,
  E = unknown,
  FT extends E = never,
  FD = never,
  B = never,
  F = never,
  C = number,
  L extends string = never
>(
  options: O & Options<E, FT, FD, B, F, C, L> & NothingElse<O>
): Policy<E, FT | FD | F | RefusalOf<O>, B, C, L>
export function make<E, FT extends E, FD, B, F, C, L extends string>(
  options: Options<E, FT, FD, B, F, C, L>
): Policy<E, FT | FD | F | Refusal, B, C, L> {
  const { hedge, name } = options
  requireAttempts(`Policy "${name}": retry.attempts`, options.retry?.attempts)

  /** One attempt, the innermost gate first. */
  const attempt = <A, E1 extends E, R>(
    execution: Execution,
    self: Effect.Effect<A, E1, R>,
    call: Declared<C, L>,
    isHedge: boolean
  ): Effect.Effect<A, E1 | FT | Refusal, R> =>
    gates.resolve(options, call.key ?? "default", ({ breaker, bulkhead, limiter }) => {
      const sending = gates.begin(execution, isHedge)
      return pipe(
        gates.send(sending, self, options.notSent),
        gates.attemptTimeout(sending, name, options.attemptTimeout),
        gates.commit(sending),
        gates.breaker(sending, breaker),
        gates.hedge(
          sending,
          call.idempotency === "once" || isHedge ? undefined : hedge,
          Effect.suspend(() => attempt(execution, self, call, true))
        ),
        gates.bulkhead(sending, bulkhead),
        gates.limiter(sending, limiter, call),
        gates.check(sending, breaker),
        gates.refusal(sending)
      )
    })

  const execute = <A, E1 extends E, R>(
    self: Effect.Effect<A, E1, R>,
    call: Call<C, L>,
    trace: Array<Entry> | undefined
  ): Effect.Effect<A | B, E1 | FT | FD | F | Refusal, R> => {
    const idempotency = call.idempotency ?? (Idempotent.isIdempotent(self) ? "idempotent" : "once")
    const attributes = {
      "policy.idempotency": idempotency,
      ...(call.key === undefined ? undefined : { "policy.key": call.key })
    }
    return Effect.clockWith((clock) =>
      Effect.useSpan(name, { attributes, captureStackTrace: false }, (span) => {
        const execution = { clock, span, begin: monotonic(clock), trace, attempts: 0 }
        return pipe(
          Effect.suspend(() => attempt(execution, self, { ...call, idempotency }, false)),
          gates.retry(execution, options, idempotency),
          gates.deadline(execution, name, options.deadline),
          gates.fallback(execution, options.fallback),
          Effect.withParentSpan(span)
        )
      })
    )
  }

  return {
    name,
    apply: <A, E1 extends E, R>(self: Effect.Effect<A, E1, R>, call: Call<C, L> = {}) => execute(self, call, undefined),
    explain: <A, E1 extends E, R>(self: Effect.Effect<A, E1, R>, call: Call<C, L> = {}) =>
      Effect.suspend(() => {
        const trace: Array<Entry> = []
        return Effect.map(Effect.exit(execute(self, call, trace)), (exit) => [exit, [...trace]] as const)
      })
  }
}

// A misspelt gate must not be a gate left out.
type NothingElse<O> = {
  readonly [K in Exclude<keyof O, keyof Options<never, never, never, never, never, never, never>>]: never
}
