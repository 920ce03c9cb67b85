/**
 * All of this package around one call, in the one order that is right:
 *
 * ```
 * fallback              sees whatever went wrong, refusals and the deadline too
 *  └ deadline           for everything below; gates that would keep a call waiting beyond it refuse instead
 *     └ retry           each attempt queues and is judged afresh
 *        └ hedge        each further attempt passes the gates by itself; an attempt is late from when it leaves
 *           ├ check     an open circuit refuses before tokens are spent or a queue is joined
 *           ├ limiter   before the permits, so that waiting for tokens holds none
 *           ├ turn      one at a time and in order, for what must leave so
 *           ├ bulkhead  bounds what is in flight
 *           └ breaker   innermost gate: waiting is neither slow nor holds a probe's permit
 *              └ attempt   under its timeout, which the breaker counts as a failure; leaves when it says so
 * ```
 *
 * The limiter counts what was admitted from the moment in which it leaves, and is given back what never left. Permits are
 * held by each attempt, until its work has ended.
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
import * as policyAtOnce from "./internal/policyAtOnce.js"
import { begin, send } from "./internal/policyAttempt.js"
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
import type { RateLimiterFull } from "./RateLimiter.js"
import * as Retry from "./Retry.js"
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
   * A plain effect leaves when it starts. A function is told of each {@link Attempt}, and says when that leaves: after it
   * has loaded its credentials and signed. What ends before was not sent.
   *
   * An effect that is not branded `Idempotent`, and every function, has to be declared.
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
  /** As `apply`, but answers with how the call ended and what each gate did, in the order of time. */
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
 * A {@link Call} that says whether it may happen twice.
 *
 * @since 0.1.0
 * @category models
 */
export interface Declared<out C = number, out L extends string = never, in A = never> extends Call<C, L, A> {
  readonly idempotency: Idempotency
}

/**
 * What went on in one execution.
 *
 * @since 0.1.0
 * @category models
 */
export type Trace = ReadonlyArray<Entry>

/**
 * The part of {@link Refusal} that a policy made of the options `O` can fail with.
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
  /**
   * For calls that must leave one at a time and in order, such as those whose nonces must rise: a bulkhead with one permit,
   * by key where each key has its own. It is held from before the bulkhead until the attempt has ended.
   */
  readonly turn?: Keyed<Bulkhead<L>> | undefined
  /** Bounds what is in flight. Calls wait in their lane, those whose lane it does not know in its last one. */
  readonly bulkhead?: Keyed<Bulkhead<L>> | undefined
  /** Limits each attempt, from when it is through all gates. */
  readonly attemptTimeout?: Timeout.Options<FT> | undefined
  /**
   * Begins further attempts beside a slow one. Where `retry` has the same budget, make the hedge with `reports: false`:
   * then the retry alone deposits for each call and tells how attempts end, and the hedge only withdraws. Each attempt
   * holds a permit of its own; while another one of the call holds one, a further attempt that would have to wait for its
   * own is refused instead.
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
   * Which errors prove that the call never left although it was about to, so that its tokens are given back and even what
   * must not happen twice may be retried. Defaults to none. It is not asked about attempts that ended before leaving. Of several failures at
   * once each has to prove it, and what was interrupted beside one proves nothing.
   */
  readonly notSent?: ((error: E) => boolean) | undefined
  /**
   * Which errors prove that the other side did nothing, though the call was sent, so that even what must not happen twice
   * may be retried. The tokens are spent: the other side has counted it. Defaults to none.
   */
  readonly notDone?: ((error: E) => boolean) | undefined
  /**
   * Whether a call has a span of its own. With `false` events go to the span in reach, if there is one, and no attributes
   * are set. Defaults to `true`.
   */
  readonly span?: boolean | undefined
}

/**
 * Makes a policy. It holds nothing by itself.
 *
 * Make the gates first, once, and share them with whatever else calls the same service. The error of `attemptTimeout`
 * has to be among those that `breaker` and `retry` judge. Throws a `RangeError` for options out of range.
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
  if (options.retry !== undefined) Retry.check(`Policy "${name}": retry.`, options.retry)
  for (const limit of ["attemptTimeout", "deadline"] as const) {
    const duration = options[limit]?.duration
    if (duration !== undefined) requireDuration(`Policy "${name}": ${limit}.duration`, duration)
  }

  const isPlain = hedge === undefined && options.attemptTimeout === undefined
  const doors = isPlain ? policyAtOnce.doors<E, C, L>(options) : undefined

  /** An attempt each time it is run, hedged where that may be. */
  const attempt = <A, E1 extends E, R>(
    execution: Execution,
    self: Called<A, E1, R>,
    call: Call<C, L, A>,
    idempotency: Idempotency
  ): Effect.Effect<A, E1 | FT | Refusal, R> => {
    const inTime = <A2, E2, R2>(self: Effect.Effect<A2, E2, R2>): Effect.Effect<A2, E2, R2> =>
      call.deadline === undefined ? self : Deadline.until(self, call.deadline)
    return doors === undefined || execution.trace !== undefined
      ? inTime(gates.hedge(
        idempotency === "once" ? undefined : hedge,
        call.onDiscard,
        (hedged) => inSteps(execution, self, call, hedged)
      ))
      : policyAtOnce.attempt(
        execution,
        self,
        call,
        doors,
        options,
        () => inTime(inSteps(execution, self, call, undefined))
      )
  }

  /** One attempt, gate by gate, the innermost first. */
  const inSteps = <A, E1 extends E, R>(
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
        const told = within(clock, span)
        return Effect.withParentSpan(told, span)
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

// A misspelt gate must not be a gate left out.
type NothingElse<O> = {
  readonly [K in Exclude<keyof O, keyof Options<never, never, never, never, never, never, never>>]: never
}
