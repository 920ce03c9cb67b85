/**
 * The gates of a policy: adapters that add tracing to the gates of other modules, and do nothing for an omitted option.
 * `Policy.make` determines their order.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { constTrue, identity, pipe } from "effect/Function"
import * as Option from "effect/Option"
import type * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import { Deadline, DeadlineExceeded } from "../Deadline.js"
import type { Hedge } from "../Hedge.js"
import * as Idempotent from "../Idempotent.js"
import type { RateLimiterFull } from "../RateLimiter.js"
import { timeLimiterCalls } from "../Telemetry.js"
import * as Timeout from "../Timeout.js"
import type { Bulkhead, BulkheadFull } from "./bulkheadModel.js"
import { catchFailure, isAll } from "./causes.js"
import type { CircuitBreaker, CircuitOpen } from "./circuitBreakerModel.js"
import { orElseOnDefect } from "./defects.js"
import { labels } from "./labels.js"
import { type AttemptState, conclude, reportRefund, waitDetail, wasSent } from "./policyAttempt.js"
import type { Attempt, Call, Entry, Idempotency, Keyed, Limiter, Refusal, RetryOptions } from "./policyModel.js"
import { describeFailure, type Execution, record, report } from "./policyTrace.js"
import { makeRejection } from "./rejections.js"
import { withRetries } from "./retrying.js"
import { monotonic } from "./time.js"

interface Gates<in E, in C, in L extends string> {
  readonly breaker: CircuitBreaker<E> | undefined
  readonly limiter: Limiter<C, L> | undefined
  readonly turn: Bulkhead<L> | undefined
  readonly bulkhead: Bulkhead<L> | undefined
}

/**
 * Acquires the gates of a key for the duration of `use`.
 *
 * @internal
 */
export const resolve = <E, C, L extends string, A, E2, R>(
  options: { readonly [G in keyof Gates<E, C, L>]?: Keyed<NonNullable<Gates<E, C, L>[G]>> | undefined },
  key: string,
  use: (gates: Gates<E, C, L>) => Effect.Effect<A, E2, R>
): Effect.Effect<A, E2, R> =>
  hold(
    options.breaker,
    key,
    (breaker) =>
      hold(
        options.limiter,
        key,
        (limiter) =>
          hold(options.turn, key, (turn) =>
            hold(options.bulkhead, key, (bulkhead) => use({ breaker, bulkhead, limiter, turn })))
      )
  )

const hold = <G, A, E, R>(
  keyed: Keyed<G> | undefined,
  key: string,
  use: (gate: G | undefined) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  if (!isKeyed(keyed)) return use(keyed)
  const chosen = keyed(key)
  return isAcquired(chosen)
    // A separate scope: resources that the caller acquires in the caller's scope must outlive the attempt.
    ? Effect.acquireUseRelease(
      Scope.make(),
      (scope) => Effect.flatMap(Scope.extend(chosen, scope), use),
      Scope.close
    )
    : use(chosen)
}

type Chosen<G> = Acquired<G> | G | undefined
type Acquired<G> = Effect.Effect<G | undefined, never, Scope.Scope>

const isKeyed = <G>(keyed: Keyed<G> | undefined): keyed is (key: string) => Chosen<G> => typeof keyed === "function"

const isAcquired = <G>(chosen: Chosen<G>): chosen is Acquired<G> => Effect.isEffect(chosen)

type Step<F> = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | F, R>

/**
 * Records that the attempt has reached a gate, and when it passes. A gate that it never passes is the one that refused
 * it, see {@link conclude}; that way only a refused attempt pays for the report.
 */
const passGate = <A, E, R, E2>(
  sending: AttemptState,
  gate: Entry["gate"],
  enter: (self: Effect.Effect<A, E, R>) => Effect.Effect<A, E2, R>
) =>
(self: Effect.Effect<A, E, R>): Effect.Effect<A, E2, R> =>
  Effect.suspend(() => {
    sending.at = gate
    if (sending.execution.trace === undefined) return enter(self)
    sending.since = monotonic(sending.execution.clock)
    return enter(Effect.suspend(() => {
      record(sending.execution, { attempt: sending.number, gate, event: "passed", detail: waitDetail(sending) })
      return self
    }))
  })

/** @internal */
export const attemptTimeout = <F>(
  sending: AttemptState,
  name: string,
  options: Timeout.Options<F> | undefined
): Step<F> =>
(self) =>
  options === undefined
    ? self
    : Timeout.leaving(
      self,
      withNotification(options, () => {
        report(sending.execution, { attempt: sending.number, gate: "call", event: "timedOut" })
        countTimeout(name, "attempt")
      }),
      (work) => {
        sending.leftBehind = work
      }
    )

/** @internal */
export const breaker =
  <F>(sending: AttemptState, breaker: CircuitBreaker<F> | undefined) =>
  <A, E extends F, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | CircuitOpen, R> => {
    if (breaker === undefined) return self
    const { execution, number } = sending
    const protecting = passGate(sending, "breaker", breaker.protect)(self)
    return execution.trace === undefined
      ? protecting
      : Effect.ensuring(
        protecting,
        Effect.map(breaker.state, ({ _tag }) => {
          if (_tag === "Closed" || sending.stage === "queued") return
          record(execution, { attempt: number, gate: "breaker", event: "judged", detail: { state: _tag } })
        })
      )
  }

/**
 * Refuses an attempt that has passed the queues after its deadline: its request would be sent and cut off immediately,
 * with an unknown outcome.
 *
 * @internal
 */
export const inTime = (sending: AttemptState, name: string): Step<DeadlineExceeded> => (self) =>
  Effect.withFiberRuntime((fiber) => {
    const deadline = Context.get(fiber.currentContext, Deadline)
    if (Option.isNone(deadline) || monotonic(sending.execution.clock) < deadline.value) return self
    sending.at = "deadline"
    return Effect.fail(makeRejection(() => new DeadlineExceeded({ name, after: Duration.zero }, true)))
  })

/**
 * Holds the permits of an attempt until its work has ended. While another attempt of the same call holds a permit, it
 * does not wait for one: two calls that each hold the permit the other waits for would wait forever.
 *
 * @internal
 */
export const permits = <L extends string>(
  sending: AttemptState,
  { bulkhead, turn }: { readonly turn: Bulkhead<L> | undefined; readonly bulkhead: Bulkhead<L> | undefined },
  options: { readonly lane: L | undefined; readonly isHedged: boolean; readonly isDetached: boolean }
): Step<BulkheadFull | DeadlineExceeded> => {
  if (bulkhead === undefined && turn === undefined) return identity
  const both: Step<BulkheadFull | DeadlineExceeded> = (self) =>
    pipe(self, permit(sending, "bulkhead", bulkhead, options), permit(sending, "turn", turn, options))
  return options.isDetached ? detached(sending, both) : both
}

const permit = <L extends string>(
  sending: AttemptState,
  gate: "turn" | "bulkhead",
  bulkhead: Bulkhead<L> | undefined,
  { isHedged, lane }: { readonly lane: L | undefined; readonly isHedged: boolean }
): Step<BulkheadFull | DeadlineExceeded> => {
  if (bulkhead === undefined) return identity
  if (!isHedged) return passGate(sending, gate, (inside) => bulkhead.withPermit(inside, { lane }))
  const { execution } = sending
  return passGate(sending, gate, (inside) => {
    const others = execution.holders - (sending.isHolding ? 1 : 0)
    return bulkhead.withPermit(holding(sending, inside), others > 0 ? { lane, maxWait: 0 } : { lane })
  })
}

/**
 * Returns the result while the work that was left behind keeps its permits, so that no waiting call is admitted next to
 * it. `permits` acquires them.
 */
const detached =
  <E2>(sending: AttemptState, permits: Step<E2>) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | E2, R> =>
    Effect.uninterruptibleMask((restore) => {
      const result = Deferred.unsafeMake<A, E | E2>(FiberId.none)
      const notify = (exit: Exit.Exit<A, E | E2>): void => Deferred.unsafeDone(result, exit)
      const working = Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Effect.exit(restore(self)), (exit) => {
          notify(exit)
          return Effect.zipRight(sending.leftBehind === undefined ? Effect.void : Fiber.await(sending.leftBehind), exit)
        })
      )
      return Effect.flatMap(Effect.forkDaemon(Effect.interruptible(permits(working))), (work) => {
        work.addObserver(notify)
        return Effect.matchCauseEffect(restore(Deferred.await(result)), {
          onSuccess: (value) => Effect.as(Fiber.inheritAll(work), value),
          onFailure: (cause) => {
            sending.isOver = true
            work.unsafeInterruptAsFork(FiberId.none)
            return Effect.failCause(cause)
          }
        })
      })
    })

const holding = <A, E, R>(sending: AttemptState, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      if (sending.isHolding) return false
      sending.isHolding = true
      sending.execution.holders++
      return true
    }),
    () => self,
    (isNew) =>
      Effect.sync(() => {
        if (!isNew) return
        sending.isHolding = false
        sending.execution.holders--
      })
  )

/** @internal */
export const limiter = <C, L extends string>(
  sending: AttemptState,
  limiter: Limiter<C, L> | undefined,
  call: Call<C, L>
): Step<RateLimiterFull | DeadlineExceeded> =>
  limiter === undefined ?
    identity :
    passGate(sending, "limiter", (inside) =>
      limiter.withReservation(call.cost, call)((reservation) => {
        sending.commit = limiter.commit(reservation)
        sending.refund = limiter.refund(reservation)
        return inside
      }))

/** @internal */
export const check = <F>(sending: AttemptState, breaker: CircuitBreaker<F> | undefined): Step<CircuitOpen> =>
  breaker === undefined
    ? identity
    : passGate(sending, "check", (inside) => Effect.zipRight(breaker.check, inside))

/**
 * Evaluates what a failure proves about a request that has left.
 *
 * @internal
 */
export const judge = <F>(
  sending: AttemptState,
  { notDone, notSent }: {
    readonly notSent?: ((error: F) => boolean) | undefined
    readonly notDone?: ((error: F) => boolean) | undefined
  }
) =>
<A, E extends F, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  notSent === undefined && notDone === undefined ? self : Effect.tapErrorCause(self, (cause) => {
    if (sending.stage !== "left") return Effect.void
    const isNotSent = (error: E) => notSent?.(error) === true
    return orElseOnDefect(
      "`notSent` or `notDone` of a policy",
      Effect.sync(() => {
        if (isAll(cause, isNotSent)) sending.stage = "not sent"
        else if (isAll(cause, (error) => isNotSent(error) || notDone?.(error) === true)) {
          sending.stage = "not done"
        }
      }),
      undefined
    )
  })

/**
 * Determines whether a gate has refused the attempt, and refunds the tokens of a request that has not left. Everything
 * that was taken is known here before anything inside can be interrupted.
 *
 * `always`: also when the attempt is interrupted, which matters if there are tokens to refund or work to be kept from
 * leaving.
 *
 * @internal
 */
export const ending = (sending: AttemptState, always: boolean): Step<never> => (self) =>
  always
    ? Effect.onExit(self, (exit) => {
      if (Exit.isFailure(exit)) conclude(sending, exit.cause)
      sending.isOver = true
      if (sending.refund === undefined || wasSent(sending)) return Effect.void
      reportRefund(sending)
      return sending.refund
    })
    : Effect.tapErrorCause(self, (cause) => Effect.sync(() => conclude(sending, cause)))

/** @internal */
export const hedge = <F, A, E extends F, R>(
  hedge: Pick<Hedge<F>, "apply"> | undefined,
  onDiscard: ((value: A) => Effect.Effect<void>) | undefined,
  attempt: (hedged: Pick<Attempt, "number" | "leaving"> | undefined) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  hedge === undefined
    ? Effect.suspend(() => attempt(undefined))
    : hedge.apply((hedged) => Idempotent.mark(attempt(hedged)), { onDiscard })

/** @internal */
export const retry = <F>(
  execution: Execution,
  { name, retry }: { readonly name: string; readonly retry?: RetryOptions<F> | undefined },
  idempotency: Idempotency,
  deadline: Option.Option<bigint> | undefined
) =>
<A, E extends F, R>(self: Effect.Effect<A, E | Refusal, R>): Effect.Effect<A, E | Refusal, R> => {
  if (retry === undefined) return self
  const isRefusal = (error: F | Refusal): error is Refusal =>
    execution.refusals?.has(Cause.originalError(error)) === true
  // A call with idempotency `"once"` is never hedged, so the latest attempt is the one that failed.
  const isRepeatable = idempotency === "once" ? () => !execution.isDoubtful : constTrue
  return withRetries<A, E | Refusal, R>(
    self,
    { budget: retry.budget, name },
    () => ({
      ...retry,
      name,
      while: (error) => !isRefusal(error) && isRepeatable() && (retry.while === undefined || retry.while(error)),
      retryAfter: (error) =>
        isRefusal(error) || retry.retryAfter === undefined ? Option.none() : retry.retryAfter(error),
      onRetry: (info) => {
        const { because, cause, delay } = info
        const detail = { delayMillis: Duration.toMillis(delay), because, ...describeFailure(cause) }
        report(execution, { attempt: execution.attempts, gate: "retry", event: "retrying", detail })
        return retry.onRetry === undefined ? Effect.void : retry.onRetry(info)
      },
      onGiveUp: (info) => {
        const detail = { reason: info.reason, ...describeFailure(info.cause) }
        report(execution, { attempt: execution.attempts, gate: "retry", event: "gaveUp", detail })
        return retry.onGiveUp === undefined ? Effect.void : retry.onGiveUp(info)
      }
    }),
    execution.clock,
    deadline
  )
}

/** @internal */
export const deadline =
  <F>(execution: Execution, name: string, options: Timeout.Options<F> | undefined): Step<F> => (self) =>
    options === undefined
      ? self
      : Timeout.deadline(
        self,
        withNotification(options, () => {
          report(execution, { attempt: 0, gate: "deadline", event: "timedOut" })
          countTimeout(name, "deadline")
        })
      )

const withNotification = <F>(options: Timeout.Options<F>, notify: () => void): Timeout.Options<F> => ({
  ...options,
  onTimeout: () => {
    notify()
    return options.onTimeout()
  }
})

const countTimeout = (name: string, kind: "attempt" | "deadline"): void =>
  timeLimiterCalls.unsafeUpdate(1, labels({ name, kind }))

/** @internal */
export const fallback = <F, A2, E2>(
  execution: Execution,
  fallback: {
    readonly when?: Predicate.Predicate<F> | undefined
    readonly use: (error: F) => Effect.Effect<A2, E2>
  } | undefined
) =>
<A, E extends F, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A | A2, E | E2, R> =>
  fallback === undefined ? self : catchFailure(self, fallback.when ?? constTrue, (error) => {
    report(execution, { attempt: 0, gate: "fallback", event: "used", detail: describeFailure(Cause.fail(error)) })
    return fallback.use(error)
  })
