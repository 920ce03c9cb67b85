/**
 * Combines all gates of this package around one call, in the correct order:
 *
 * ```
 * fallback              sees every failure, including refusals and the deadline
 *  └ deadline           covers everything below; a gate refuses a call that would wait beyond it
 *     └ retry           each attempt passes all gates below again
 *        └ hedge        each additional attempt passes all gates; the delay counts from when an attempt leaves
 *           ├ check     an open circuit refuses the call before it spends tokens or joins a queue
 *           ├ limiter   before the permits, so that a call holds no permit while it waits for tokens
 *           ├ turn      one at a time and in order, for requests that must leave in order
 *           ├ bulkhead  limits the number of calls in flight
 *           └ breaker   innermost gate: waiting does not count as slow and holds no probe permit
 *              └ attempt   has a timeout, which the breaker counts as a failure; has left when it reports so
 * ```
 *
 * The limiter counts an admitted attempt from the moment its request leaves, and refunds the tokens of a request that
 * never left. Each attempt holds its permits until its work has ended.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { identity, pipe } from "effect/Function"
import type * as Predicate from "effect/Predicate"
import type * as Tracer from "effect/Tracer"
import type { Bulkhead, BulkheadFull } from "./Bulkhead.js"
import type { CircuitBreaker, CircuitOpen } from "./CircuitBreaker.js"
import * as Deadline from "./Deadline.js"
import type { Hedge } from "./Hedge.js"
import * as Idempotent from "./Idempotent.js"
import { requireDuration } from "./internal/duration.js"
import { begin, send } from "./internal/policyAttempt.js"
import * as policyFastPath from "./internal/policyFastPath.js"
import * as gates from "./internal/policyGates.js"
import {
  type Attempt,
  type Call,
  type Entry,
  type Idempotency,
  type Keyed,
  type Limiter,
  type Refusal,
  type RetryOptions
} from "./internal/policyModel.js"
import { Execution } from "./internal/policyTrace.js"
import { checkRetry } from "./internal/retrying.js"
import type { RateLimiterFull } from "./RateLimiter.js"
import type * as Timeout from "./Timeout.js"

export {
  type Attempt,
  type Call,
  type Entry,
  type Idempotency,
  type Keyed,
  type Limiter,
  type Refusal,
  type RetryOptions
} from "./internal/policyModel.js"

/**
 * The policy for calls to a service: one value, shared by all of its callers.
 *
 * `E` is the type of the errors that the gates can judge, `F` of the errors that the policy adds, `B` of the fallback's
 * value, `C` of the cost of a call and `L` of the lanes it may wait in.
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
  /** The name used in spans and metrics. */
  readonly name: string
  /**
   * Runs the effect under the policy, within one span named after the policy. Everything that did not go as hoped is
   * reported as an event of that span, named after {@link Entry.gate} and {@link Entry.event}.
   *
   * A plain effect leaves when it starts. A function receives each {@link Attempt} and reports when its request leaves:
   * after it has loaded its credentials and signed. An attempt that ends before that was not sent.
   *
   * An effect without the `Idempotent` brand, and every function, must declare its idempotency.
   */
  readonly apply: {
    <A, E1 extends E, R>(
      self: Idempotent.Idempotent<A, E1, R>,
      call?: Call<C, L, NoInfer<A>>
    ): Effect.Effect<A | B, E1 | F, R>
    <A, E1 extends E, R>(
      self: Effect.Effect<A, E1, R> | ((attempt: Attempt) => Effect.Effect<A, E1, R>),
      call: Declared<C, L, NoInfer<A>>
    ): Effect.Effect<A | B, E1 | F, R>
  }
  /** Does what `apply` does, but returns the exit of the call and the events of each gate in chronological order. */
  readonly explain: {
    <A, E1 extends E, R>(
      self: Idempotent.Idempotent<A, E1, R>,
      call?: Call<C, L, NoInfer<A>>
    ): Effect.Effect<readonly [exit: Exit.Exit<A | B, E1 | F>, trace: Trace], never, R>
    <A, E1 extends E, R>(
      self: Effect.Effect<A, E1, R> | ((attempt: Attempt) => Effect.Effect<A, E1, R>),
      call: Declared<C, L, NoInfer<A>>
    ): Effect.Effect<readonly [exit: Exit.Exit<A | B, E1 | F>, trace: Trace], never, R>
  }
}

/**
 * A {@link Call} that declares its idempotency.
 *
 * @since 0.1.0
 * @category models
 */
export interface Declared<out C = number, out L extends string = never, in A = never> extends Call<C, L, A> {
  readonly idempotency: Idempotency
}

/**
 * The events of one execution.
 *
 * @since 0.1.0
 * @category models
 */
export type Trace = ReadonlyArray<Entry>

/**
 * The part of {@link Refusal} that a policy with the options `O` can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type RefusalOf<O> =
  | (Has<O, "breaker"> extends true ? CircuitOpen : never)
  | (Has<O, "limiter"> extends true ? RateLimiterFull | Deadline.DeadlineExceeded : never)
  | (Has<O, "turn"> extends true ? BulkheadFull | Deadline.DeadlineExceeded : never)
  | (Has<O, "bulkhead"> extends true ? BulkheadFull | Deadline.DeadlineExceeded : never)

type Has<O, G> = G extends keyof O ? O[G] extends undefined ? false : true : false

/**
 * The options of a policy. A gate that is omitted does not exist.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E, out FT, in out FD, out B, out F, in C, in L extends string> {
  /** The name used in spans and metrics; use a small number of distinct names. */
  readonly name: string
  /** Limits the time of the whole call, and tells the gates inside by when it must have ended. */
  readonly deadline?: Timeout.Options<FD> | undefined
  /**
   * Retries failed attempts. Refusals by gates are not retried, are not passed to `while`, and are not counted by a
   * budget.
   */
  readonly retry?: RetryOptions<E> | undefined
  /** Refuses attempts while the service keeps failing. */
  readonly breaker?: Keyed<CircuitBreaker<E>> | undefined
  /** Delays attempts until the rate limits of the service allow them. */
  readonly limiter?: Keyed<Limiter<C, L>> | undefined
  /**
   * For calls that must leave one at a time and in order, such as those with increasing nonces: a bulkhead with one
   * permit, chosen by key where each key has its own order. The permit is acquired before that of the bulkhead and held
   * until the attempt has ended.
   */
  readonly turn?: Keyed<Bulkhead<L>> | undefined
  /**
   * Bounds the number of calls in flight. Calls wait in their lane; calls with an unknown lane wait in the last one.
   */
  readonly bulkhead?: Keyed<Bulkhead<L>> | undefined
  /** Limits the time of each attempt, counted from when it has passed all gates. */
  readonly attemptTimeout?: Timeout.Options<FT> | undefined
  /**
   * Starts further attempts while an attempt is slow. Where `retry` has the same budget, create the hedge with
   * `reports: false`: then only the retry deposits for each call and reports the outcome of attempts, and the hedge
   * only withdraws.
   *
   * Each attempt holds its own permit. While another attempt of the call holds a permit, a further attempt that would
   * have to wait for one is refused.
   */
  readonly hedge?: Pick<Hedge<NoInfer<E> | Refusal>, "apply"> | undefined
  /**
   * Replaces the errors that `when` selects, or all errors if it is omitted. They stay in the error type of the result;
   * to remove them, use `Fallback.orElse` around `apply`.
   */
  readonly fallback?: {
    readonly when?: Predicate.Predicate<NoInfer<E> | NoInfer<FD> | Refusal> | undefined
    readonly use: (error: NoInfer<E> | NoInfer<FD> | Refusal) => Effect.Effect<B, F>
  } | undefined
  /**
   * Returns `true` for errors that prove that the request never left although it was about to. Its tokens are given
   * back, and even a call with idempotency `"once"` may be retried. By default no error proves this. It is not called
   * for attempts that ended before leaving. Of several concurrent failures each must prove it, and a failure next to an
   * interruption proves nothing.
   */
  readonly notSent?: ((error: E) => boolean) | undefined
  /**
   * Returns `true` for errors that prove that the server did nothing although the request was sent, so that even a call
   * with idempotency `"once"` may be retried. The tokens stay spent, because the server has counted the request. By
   * default no error proves this.
   */
  readonly notDone?: ((error: E) => boolean) | undefined
  /**
   * Whether each call gets its own span. With `false`, events go to the current span, if there is one, and no
   * attributes are set. Defaults to `true`.
   */
  readonly span?: boolean | undefined
}

/**
 * Creates a policy. It holds no resources itself.
 *
 * Create the gates first and share them with everything else that calls the same service. The error of `attemptTimeout`
 * must be among those that `breaker` and `retry` judge. Throws a `RangeError` for options out of range.
 *
 * @example
 * import { CircuitBreaker, Policy, RateLimiter } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const policy = Policy.make({
 *     name: "prices",
 *     retry: { attempts: 3 },
 *     limiter: yield* RateLimiter.make({ name: "prices", limit: 10, window: "1 second" }),
 *     breaker: yield* CircuitBreaker.make({ name: "prices" })
 *   })
 *   return yield* policy.apply(Effect.succeed("64000.5"), { idempotency: "safe" })
 * })
 *
 * Effect.runFork(program)
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
  const { hedge, name, span: hasSpan = true } = options
  if (options.retry !== undefined) checkRetry(`Policy "${name}": retry.`, options.retry)
  for (const limit of ["attemptTimeout", "deadline"] as const) {
    const duration = options[limit]?.duration
    if (duration !== undefined) requireDuration(`Policy "${name}": ${limit}.duration`, duration)
  }

  const isPlain = hedge === undefined && options.attemptTimeout === undefined
  const fastPaths = isPlain ? policyFastPath.fastPaths<E, C, L>(options) : undefined

  /** Makes an attempt each time it is run, hedged where that is allowed. */
  const attempt = <A, E1 extends E, R>(
    execution: Execution,
    self: Called<A, E1, R>,
    call: Call<C, L, A>,
    idempotency: Idempotency
  ): Effect.Effect<A, E1 | FT | Refusal, R> => {
    const inTime = <A2, E2, R2>(self: Effect.Effect<A2, E2, R2>): Effect.Effect<A2, E2, R2> =>
      call.deadline === undefined ? self : Deadline.until(self, call.deadline)
    return fastPaths === undefined || execution.trace !== undefined
      ? inTime(gates.hedge(
        idempotency === "once" ? undefined : hedge,
        call.onDiscard,
        (hedged) => gateByGate(execution, self, call, hedged)
      ))
      : policyFastPath.attempt(
        execution,
        self,
        call,
        fastPaths,
        options,
        () => inTime(gateByGate(execution, self, call, undefined))
      )
  }

  /** Makes one attempt step by step, listed from the innermost gate outward. */
  const gateByGate = <A, E1 extends E, R>(
    execution: Execution,
    self: Called<A, E1, R>,
    call: Call<C, L, A>,
    hedged: Pick<Attempt, "number" | "leaving"> | undefined
  ): Effect.Effect<A, E1 | FT | Refusal, R> =>
    gates.resolve(options, call.key ?? "default", ({ breaker, bulkhead, limiter, turn }) => {
      const sending = begin(execution, hedged)
      const isDetached = options.attemptTimeout?.disconnect === true
      const isQueued = limiter !== undefined || turn !== undefined || bulkhead !== undefined
      return pipe(
        call.isMasked === true
          ? Effect.uninterruptibleMask((restore) => send(sending, self, restore))
          : send(sending, self, identity),
        gates.attemptTimeout(sending, name, options.attemptTimeout),
        gates.judge(sending, options),
        gates.breaker(sending, breaker),
        isQueued ? gates.inTime(sending, name) : identity,
        gates.permits(sending, { bulkhead, turn }, {
          lane: call.lane,
          isHedged: hedged !== undefined,
          isDetached
        }),
        gates.limiter(sending, limiter, call),
        gates.check(sending, breaker),
        gates.ending(sending, isDetached || limiter !== undefined)
      )
    })

  const execute = <A, E1 extends E, R>(
    self: Called<A, E1, R>,
    call: Call<C, L, A>,
    trace: Array<Entry> | undefined
  ): Effect.Effect<A | B, E1 | FT | FD | F | Refusal, R> => {
    const isMarked = Effect.isEffect(self) && Idempotent.isIdempotent(self)
    const idempotency = call.idempotency ?? (isMarked ? "idempotent" : "once")
    const within = (clock: Clock.Clock, span: Tracer.Span | undefined) => {
      const execution = new Execution(clock, span, hasSpan, trace)
      return pipe(
        attempt(execution, self, call, idempotency),
        gates.retry(execution, options, idempotency, call.deadline),
        gates.deadline(execution, name, options.deadline),
        gates.fallback(execution, options.fallback)
      )
    }
    return Effect.withFiberRuntime((fiber) => {
      const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
      if (!hasSpan) return within(clock, fiber.currentSpan?._tag === "Span" ? fiber.currentSpan : undefined)
      const attributes = {
        "policy.idempotency": idempotency,
        ...(call.key === undefined ? undefined : { "policy.key": call.key })
      }
      return Effect.useSpan(name, { attributes, captureStackTrace: false }, (span) => {
        const traced = within(clock, span)
        return Effect.withParentSpan(traced, span)
      })
    })
  }

  return {
    name,
    apply: <A, E1 extends E, R>(self: Called<A, E1, R>, call: Call<C, L, A> = {}) => execute(self, call, undefined),
    explain: <A, E1 extends E, R>(self: Called<A, E1, R>, call: Call<C, L, A> = {}) =>
      Effect.suspend(() => {
        const trace: Array<Entry> = []
        return Effect.map(Effect.exit(execute(self, call, trace)), (exit) => [exit, [...trace]] as const)
      })
  }
}

type Called<A, E, R> = Effect.Effect<A, E, R> | ((attempt: Attempt) => Effect.Effect<A, E, R>)

// Rejects unknown options: a misspelled gate must not be silently omitted.
type NothingElse<O> = {
  readonly [K in Exclude<keyof O, keyof Options<never, never, never, never, never, never, never>>]: never
}
