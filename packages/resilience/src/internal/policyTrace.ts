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
import { nameOf } from "./mishap.js"
import type { Entry } from "./policyModel.js"
import { monotonic } from "./time.js"

/**
 * One execution of a policy. A class, see `docs/decisions`, 12.
 *
 * @internal
 */
export class Execution {
  readonly clock: Clock.Clock
  /** Where events go: its own span, the one in reach, or none. */
  readonly span: Tracer.Span | undefined
  readonly ownsSpan: boolean
  readonly begin: bigint
  /** Where everything is written down, if anybody asked for it. */
  readonly trace: Array<Entry> | undefined
  /** How many attempts have begun, hedges included. */
  attempts = 0
  /** How many of them hold a permit; counted only where several may be under way at once. */
  holders = 0
  /** The errors with which gates of this policy refused attempts of this very call; none to begin with. */
  refusals: Set<unknown> | undefined
  /** Whether what the latest attempt asked for may have been carried out. */
  isDoubtful = false

  constructor(
    clock: Clock.Clock,
    span: Tracer.Span | undefined,
    ownsSpan: boolean,
    trace: Array<Entry> | undefined
  ) {
    this.clock = clock
    this.span = span
    this.ownsSpan = ownsSpan
    this.begin = monotonic(clock)
    this.trace = trace
  }
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
  if (span === undefined || span.status._tag === "Ended") return
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

const retryAfterOf = (error: unknown): Entry["detail"] =>
  Predicate.hasProperty(error, "retryAfter") && Duration.isDuration(error.retryAfter)
    ? { retryAfterMillis: Duration.toMillis(error.retryAfter) }
    : {}
