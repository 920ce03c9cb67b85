/**
 * What one execution of a policy tells: to its span, and to whoever asked for an explanation.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Tracer from "effect/Tracer"
import type { Entry } from "../Policy.js"
import { monotonic } from "./time.js"

/** @internal */
export interface Execution {
  readonly clock: Clock.Clock
  readonly span: Tracer.Span
  readonly begin: bigint
  /** Where everything is written down, if anybody asked for it. */
  readonly trace: Array<Entry> | undefined
  /** How many attempts have begun, hedges included. */
  attempts: number
}

/** @internal */
export type What = Pick<Entry, "attempt" | "gate" | "event"> & Partial<Pick<Entry, "detail">>

/**
 * Writes down what is as it should be: of no interest unless somebody asked.
 *
 * @internal
 */
export const record = ({ begin, clock, trace }: Execution, { detail = {}, ...what }: What): void => {
  trace?.push({ at: Duration.nanos(monotonic(clock) - begin), ...what, detail })
}

/**
 * Writes down what went another way than hoped, on the span as well.
 *
 * @internal
 */
export const report = (execution: Execution, what: What): void => {
  const { clock, span } = execution
  record(execution, what)
  // A hedge that lost may end after the call.
  if (span.status._tag === "Ended") return
  span.event(`${what.gate}.${what.event}`, clock.unsafeCurrentTimeNanos(), { ...what.detail, attempt: what.attempt })
}

/**
 * What may be said of a failure in public: what it is called, and for how long a gate says to stay away.
 *
 * @internal
 */
export const described = (cause: Cause.Cause<unknown>): Entry["detail"] =>
  Option.match(Cause.failureOption(cause), {
    onNone: (): Entry["detail"] => ({ error: Cause.isInterruptedOnly(cause) ? "Interrupted" : "Defect" }),
    onSome: (error) => ({ error: nameOf(error), ...retryAfterOf(error) })
  })

const nameOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && Predicate.isString(error._tag)
    ? error._tag
    : Predicate.isError(error)
    ? error.name
    : "Failure"

const retryAfterOf = (error: unknown): Entry["detail"] =>
  Predicate.hasProperty(error, "retryAfter") && Duration.isDuration(error.retryAfter)
    ? { retryAfterMillis: Duration.toMillis(error.retryAfter) }
    : {}
