/**
 * The gates of a policy: what other modules offer, told to the trace, and nothing where an option was left out. Their
 * order is `Policy.make`'s business.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constTrue, identity } from "effect/Function"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import type { Bulkhead, BulkheadFull } from "../Bulkhead.js"
import type { CircuitBreaker, CircuitOpen } from "../CircuitBreaker.js"
import type { DeadlineExceeded } from "../Deadline.js"
import type { Hedge } from "../Hedge.js"
import * as Idempotent from "../Idempotent.js"
import type { Call, Entry, Idempotency, Keyed, Limiter, Refusal, RetryOptions } from "../Policy.js"
import type { RateLimiterFull, Reservation } from "../RateLimiter.js"
import { isRejection } from "../Rejection.js"
import * as Retry from "../Retry.js"
import { timeLimiterCalls } from "../Telemetry.js"
import * as Timeout from "../Timeout.js"
import { described, type Execution, record, report } from "./policyTrace.js"
import { monotonic } from "./time.js"

interface Gates<in E, in C, in L extends string> {
  readonly breaker: CircuitBreaker<E> | undefined
  readonly limiter: Limiter<C, L> | undefined
  readonly bulkhead: Bulkhead | undefined
}

/**
 * Holds the gates of a key while they are used.
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
      hold(options.limiter, key, (limiter) =>
        hold(options.bulkhead, key, (bulkhead) =>
          use({ breaker, bulkhead, limiter })))
  )

const hold = <G, A, E, R>(
  keyed: Keyed<G> | undefined,
  key: string,
  use: (gate: G | undefined) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  isChosen(keyed)
    // A scope of its own: what the caller acquires in his must outlive the attempt.
    ? Effect.acquireUseRelease(
      Scope.make(),
      (scope) => Effect.flatMap(Scope.extend(keyed(key), scope), use),
      Scope.close
    )
    : use(keyed)

const isChosen = <G>(
  keyed: Keyed<G> | undefined
): keyed is (key: string) => Effect.Effect<G, never, Scope.Scope> => typeof keyed === "function"

/**
 * One attempt under way.
 *
 * @internal
 */
export interface Sending {
  readonly execution: Execution
  readonly attempt: number
  /** The gate it has come to. */
  at: Entry["gate"]
  /** When it came there. */
  since: bigint
  progress: "queued" | "refused" | "sent" | "not sent"
  /** Tells the limiter that what it admitted is sent only now. */
  commit: Effect.Effect<void> | undefined
}

/** @internal */
export const begin = (execution: Execution, isHedge: boolean): Sending => {
  const attempt = ++execution.attempts
  execution.span.attribute("policy.attempts", attempt)
  if (isHedge) report(execution, { attempt, gate: "hedge", event: "started" })
  return { execution, attempt, at: "call", since: execution.begin, progress: "queued", commit: undefined }
}

/** @internal */
export const send = <A, E, R>(
  sending: Sending,
  self: Effect.Effect<A, E, R>,
  notSent: ((error: E) => boolean) | undefined
): Effect.Effect<A, E, R> => {
  const { attempt, execution } = sending
  const what = { attempt, gate: "call" } as const
  const started = Effect.suspend(() => {
    sending.progress = "sent"
    record(execution, { ...what, event: "started" })
    return self
  })
  const told = Effect.tapErrorCause(started, (cause) =>
    Effect.sync(() => {
      if (Cause.isInterruptedOnly(cause)) return
      if (Option.exists(Cause.failureOption(cause), (error) => neverLeft(error, notSent))) sending.progress = "not sent"
      report(execution, { ...what, event: "failed", detail: described(cause) })
    }))
  return execution.trace === undefined ? told : Effect.onExit(told, (exit) =>
    Effect.sync(() => {
      if (Exit.isSuccess(exit)) record(execution, { ...what, event: "succeeded" })
      if (Exit.isInterrupted(exit)) record(execution, { ...what, event: "interrupted" })
    }))
}

const neverLeft = <E>(error: E, notSent: ((error: E) => boolean) | undefined): boolean =>
  isRejection(error) || (notSent !== undefined && notSent(error))

type Step<F> = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | F, R>

/**
 * Remembers that the attempt has come to a gate, and tells when it is let through. A gate that it never gets through is
 * the one that has refused it, see {@link refusal}: that way only an attempt that is refused pays for being told of.
 */
const through = <A, E, R, E2>(
  sending: Sending,
  gate: Entry["gate"],
  enter: (self: Effect.Effect<A, E, R>) => Effect.Effect<A, E2, R>
) =>
(self: Effect.Effect<A, E, R>): Effect.Effect<A, E2, R> =>
  Effect.suspend(() => {
    sending.at = gate
    if (sending.execution.trace === undefined) return enter(self)
    sending.since = monotonic(sending.execution.clock)
    return enter(Effect.suspend(() => {
      record(sending.execution, { attempt: sending.attempt, gate, event: "passed", detail: waited(sending) })
      return self
    }))
  })

const waited = ({ execution, since }: Sending): Entry["detail"] =>
  execution.trace === undefined
    ? {}
    : { waitedMillis: Duration.toMillis(Duration.nanos(monotonic(execution.clock) - since)) }

/**
 * Tells of it when an attempt was refused.
 *
 * @internal
 */
export const refusal = (sending: Sending): Step<never> => (self) =>
  Effect.tapErrorCause(self, (cause) => Effect.sync(() => refused(sending, cause)))

const refused = (sending: Sending, cause: Cause.Cause<unknown>): void => {
  const { at, attempt, execution, progress } = sending
  if (progress !== "queued" || Cause.isInterruptedOnly(cause)) return
  sending.progress = "refused"
  report(execution, { attempt, gate: at, event: "refused", detail: { ...waited(sending), ...described(cause) } })
}

/** @internal */
export const attemptTimeout = <F>(
  { attempt, execution }: Sending,
  name: string,
  options: Timeout.Options<F> | undefined
): Step<F> =>
(self) =>
  options === undefined
    ? self
    : Timeout.attempt(
      self,
      telling(options, () => {
        report(execution, { attempt, gate: "call", event: "timedOut" })
        countTimeout(name, "attempt")
      })
    )

/**
 * Lets the limiter count from now on: the gates behind it are passed, and any of them may have kept the call waiting.
 *
 * @internal
 */
export const commit = (sending: Sending): Step<never> => (self) =>
  Effect.suspend(() => sending.commit === undefined ? self : Effect.zipRight(sending.commit, self))

/** @internal */
export const breaker =
  <F>(sending: Sending, breaker: CircuitBreaker<F> | undefined) =>
  <A, E extends F, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | CircuitOpen, R> => {
    if (breaker === undefined) return self
    const { attempt, execution } = sending
    const protecting = through(sending, "breaker", breaker.protect)(self)
    return execution.trace === undefined
      ? protecting
      : Effect.ensuring(
        protecting,
        Effect.map(breaker.state, ({ _tag }) => {
          if (_tag === "Closed" || sending.progress === "queued") return
          record(execution, { attempt, gate: "breaker", event: "judged", detail: { state: _tag } })
        })
      )
  }

/** @internal */
export const hedge = <F, A, E extends F, R>(
  sending: Sending,
  hedge: Pick<Hedge<F>, "apply"> | undefined,
  another: Effect.Effect<A, E, R>
) =>
(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  hedge === undefined ? self : Effect.suspend(() => {
    let isFirst = true
    return hedge.apply(Idempotent.mark(Effect.suspend(() => {
      if (!isFirst) return another
      isFirst = false
      return refusal(sending)(self)
    })))
  })

/** @internal */
export const bulkhead = (
  sending: Sending,
  bulkhead: Bulkhead | undefined
): Step<BulkheadFull | DeadlineExceeded> =>
  bulkhead === undefined ? identity : through(sending, "bulkhead", (inside) => bulkhead.withPermit(inside))

/** @internal */
export const limiter = <C, L extends string>(
  sending: Sending,
  limiter: Limiter<C, L> | undefined,
  call: Call<C, L>
): Step<RateLimiterFull | DeadlineExceeded> =>
  limiter === undefined ? identity : (self) =>
    Effect.suspend(() => {
      const { attempt, execution } = sending
      let taken: Reservation | undefined
      // What was taken is known outside before anything inside can be interrupted.
      const spend: Step<RateLimiterFull | DeadlineExceeded> = (inside) =>
        limiter.withReservation(call.cost, call)((reservation) => {
          taken = reservation
          sending.commit = limiter.commit(reservation)
          return inside
        })
      return Effect.onExit(through(sending, "limiter", spend)(self), (exit) => {
        if (Exit.isFailure(exit)) refused(sending, exit.cause)
        if (taken === undefined || sending.progress === "sent") return Effect.void
        report(execution, { attempt, gate: "limiter", event: "refunded" })
        return limiter.refund(taken)
      })
    })

/** @internal */
export const check = <F>(sending: Sending, breaker: CircuitBreaker<F> | undefined): Step<CircuitOpen> =>
  breaker === undefined
    ? identity
    : through(sending, "check", (inside) => Effect.zipRight(breaker.check, inside))

/** @internal */
export const retry = <F>(
  execution: Execution,
  { name, notSent, retry }: {
    readonly name: string
    readonly retry?: RetryOptions<F> | undefined
    readonly notSent?: ((error: F) => boolean) | undefined
  },
  idempotency: Idempotency
) =>
<A, E extends F, R>(self: Effect.Effect<A, E | Refusal, R>): Effect.Effect<A, E | Refusal, R> => {
  if (retry === undefined) return self
  const isHarmless = idempotency === "once" ? (error: F) => neverLeft(error, notSent) : constTrue
  return Retry.retryNonIdempotent(self, {
    ...retry,
    name,
    while: (error) => !isRejection(error) && isHarmless(error) && (retry.while === undefined || retry.while(error)),
    retryAfter: (error) =>
      isRejection(error) || retry.retryAfter === undefined ? Option.none() : retry.retryAfter(error),
    onRetry: (info) => {
      const { because, cause, delay } = info
      const detail = { delayMillis: Duration.toMillis(delay), because, ...described(cause) }
      report(execution, { attempt: execution.attempts, gate: "retry", event: "retrying", detail })
      return retry.onRetry === undefined ? Effect.void : retry.onRetry(info)
    },
    onGiveUp: (info) => {
      const detail = { reason: info.reason, ...described(info.cause) }
      report(execution, { attempt: execution.attempts, gate: "retry", event: "gaveUp", detail })
      return retry.onGiveUp === undefined ? Effect.void : retry.onGiveUp(info)
    }
  })
}

/** @internal */
export const deadline =
  <F>(execution: Execution, name: string, options: Timeout.Options<F> | undefined): Step<F> => (self) =>
    options === undefined
      ? self
      : Timeout.deadline(
        self,
        telling(options, () => {
          report(execution, { attempt: 0, gate: "deadline", event: "timedOut" })
          countTimeout(name, "deadline")
        })
      )

const telling = <F>(options: Timeout.Options<F>, tell: () => void): Timeout.Options<F> => ({
  ...options,
  onTimeout: () => {
    tell()
    return options.onTimeout()
  }
})

const countTimeout = (name: string, kind: "attempt" | "deadline"): void =>
  timeLimiterCalls.pipe(Metric.tagged("name", name), Metric.tagged("kind", kind)).unsafeUpdate(1, [])

/** @internal */
export const fallback = <F, A2, E2>(
  execution: Execution,
  fallback: {
    readonly when?: Predicate.Predicate<F> | undefined
    readonly use: (error: F) => Effect.Effect<A2, E2>
  } | undefined
) =>
<A, E extends F, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A | A2, E | E2, R> =>
  fallback === undefined ? self : Effect.catchIf(self, fallback.when ?? constTrue, (error) => {
    report(execution, { attempt: 0, gate: "fallback", event: "used", detail: described(Cause.fail(error)) })
    return fallback.use(error)
  })
