/**
 * The reports of one execution of a policy: on its span, and in the trace of `explain`.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Tracer from "effect/Tracer"
import { nameOf } from "./defects.js"
import type { Entry } from "./policyModel.js"
import { monotonic } from "./time.js"

/**
 * One execution of a policy. It is a class for the reason in `docs/decisions`, 12.
 *
 * @internal
 */
export class Execution {
  readonly clock: Clock.Clock
  /** The span that receives events: its own span, the current one, or none. */
  readonly span: Tracer.Span | undefined
  readonly ownsSpan: boolean
  readonly begin: bigint
  /** The trace that receives all events, if one was requested. */
  readonly trace: Array<Entry> | undefined
  /** The number of attempts that have started, including hedges. */
  attempts = 0
  /** The number of attempts that hold a permit; counted only where several may be in flight. */
  holders = 0
  /** The errors with which gates of this policy refused attempts of this call; `undefined` until there is one. */
  refusals: Set<unknown> | undefined
  /** Whether the request of the latest attempt may have been carried out. */
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
 * Adds a regular event to the trace, if one was requested.
 *
 * @internal
 */
export const record = ({ begin, clock, trace }: Execution, { detail = {}, ...what }: What): void => {
  trace?.push({ at: Duration.nanos(monotonic(clock) - begin), ...what, detail })
}

/**
 * Adds an event that did not go as hoped to the trace and to the span.
 *
 * @internal
 */
export const report = (execution: Execution, what: What): void => {
  const { clock, span } = execution
  record(execution, what)
  // A losing hedge may end after the call.
  if (span === undefined || span.status._tag === "Ended") return
  span.event(`${what.gate}.${what.event}`, clock.unsafeCurrentTimeNanos(), { ...what.detail, attempt: what.attempt })
}

/**
 * Returns the public details of a failure: its name, and the delay that a gate requests.
 *
 * @internal
 */
export const describeFailure = (cause: Cause.Cause<unknown>): Entry["detail"] =>
  Option.match(Cause.failureOption(cause), {
    onNone: (): Entry["detail"] => ({ error: Cause.isInterruptedOnly(cause) ? "Interrupted" : "Defect" }),
    onSome: (error) => ({ error: nameOf(error), ...retryAfterOf(error) })
  })

const retryAfterOf = (error: unknown): Entry["detail"] =>
  Predicate.hasProperty(error, "retryAfter") && Duration.isDuration(error.retryAfter)
    ? { retryAfterMillis: Duration.toMillis(error.retryAfter) }
    : {}
