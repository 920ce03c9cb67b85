/**
 * One attempt of a policy: its progress, whether its request has left, and the consequences of its exit.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { HeldCost } from "./fastPath.js"
import type { Attempt, Entry } from "./policyModel.js"
import { describeFailure, type Execution, record, report } from "./policyTrace.js"
import { monotonic } from "./time.js"

/** @internal */
export class AttemptState {
  readonly execution: Execution
  readonly number: number
  readonly startedAt: bigint
  /** The gate the attempt has reached. */
  at: Entry["gate"] = "call"
  /** When it reached that gate. */
  since: bigint
  /**
   * `queued` at a gate, `refused` by it, or `started` after passing all gates. From the moment its request leaves it is
   * `left`, unless an error proves that the request was `not sent`, or that the server has done nothing (`not done`).
   */
  stage: "queued" | "refused" | "started" | "left" | "not sent" | "not done" = "queued"
  /** Whether the attempt has ended, so that a request it has not sent yet must not leave any more. */
  isOver = false
  isHolding = false
  /** The fiber that continues after the timeout and is not waited for. */
  leftBehind: Fiber.RuntimeFiber<unknown, unknown> | undefined
  /** Reports to the limiter that the admitted request leaves only now. */
  commit: Effect.Effect<void> | undefined
  /** The cost that the limiter holds for an attempt on the fast path. */
  held: HeldCost | undefined
  /** Refunds the cost to the limiter. */
  refund: Effect.Effect<void> | undefined
  /** Reports to the hedge that the request leaves now, so that the attempt can be late only from now on. */
  readonly onLeaving: Effect.Effect<void> | undefined

  constructor(execution: Execution, number: number, onLeaving: Effect.Effect<void> | undefined) {
    this.execution = execution
    this.number = number
    this.startedAt = monotonic(execution.clock)
    this.since = execution.begin
    this.onLeaving = onLeaving
  }
}

/** @internal */
export const begin = (execution: Execution, hedged: Pick<Attempt, "number" | "leaving"> | undefined): AttemptState => {
  const number = ++execution.attempts
  if (execution.ownsSpan) execution.span?.attribute("policy.attempts", number)
  if (hedged !== undefined && hedged.number > 1) report(execution, { attempt: number, gate: "hedge", event: "started" })
  return new AttemptState(execution, number, hedged?.leaving)
}

/**
 * Runs the call. A plain effect leaves when it starts; a function decides when its request leaves.
 *
 * @internal
 */
export const send = <A, E, R>(
  sending: AttemptState,
  self: Effect.Effect<A, E, R> | ((attempt: Attempt) => Effect.Effect<A, E, R>),
  restore: Attempt["restore"]
): Effect.Effect<A, E, R> => {
  const { execution, number } = sending
  const what = { attempt: number, gate: "call" } as const
  const started = Effect.suspend(() => {
    sending.stage = "started"
    if (execution.trace !== undefined) record(execution, { ...what, event: "started" })
    if (!Effect.isEffect(self)) {
      return self({
        number,
        waited: monotonic(execution.clock) - sending.startedAt,
        leaving: leaving(sending, true),
        unsafeLeave: () => mustReport(sending) ? leaving(sending, true) : leave(sending, true),
        restore
      })
    }
    if (mustReport(sending)) {
      return Effect.zipRight(leaving(sending, false), self)
    }
    sending.stage = "left"
    sending.held?.commit(execution.clock)
    return self
  })
  if (execution.trace === undefined && execution.span === undefined) return started
  const reported = Effect.tapErrorCause(started, (cause) =>
    Effect.sync(() => {
      if (!Cause.isInterruptedOnly(cause)) {
        report(execution, { ...what, event: "failed", detail: describeFailure(cause) })
      }
    }))
  return execution.trace === undefined ? reported : Effect.onExit(reported, (exit) =>
    Effect.sync(() => {
      if (Exit.isSuccess(exit)) record(execution, { ...what, event: "succeeded" })
      if (Exit.isInterrupted(exit)) record(execution, { ...what, event: "interrupted" })
    }))
}

const mustReport = ({ commit, onLeaving }: AttemptState): boolean => commit !== undefined || onLeaving !== undefined

// One step, because the mark that the request has left and the payment for it must not be separated.
const leaving = (sending: AttemptState, isReported: boolean): Effect.Effect<void> => {
  const left = Effect.suspend(() => leave(sending, isReported) ?? Effect.void)
  return mustReport(sending) ? Effect.uninterruptible(left) : left
}

const leave = (sending: AttemptState, isReported: boolean): Effect.Effect<void> | undefined => {
  // The attempt was abandoned and left behind, and its tokens have been refunded.
  if (sending.isOver && !wasSent(sending)) return Effect.interrupt
  if (sending.stage !== "started") return undefined
  sending.stage = "left"
  if (isReported && sending.execution.trace !== undefined) {
    record(sending.execution, { attempt: sending.number, gate: "call", event: "sent" })
  }
  sending.held?.commit(sending.execution.clock)
  const { commit, onLeaving } = sending
  return commit === undefined || onLeaving === undefined ? commit ?? onLeaving : Effect.zipRight(commit, onLeaving)
}

/** @internal */
export const wasSent = ({ stage }: AttemptState): boolean => stage === "left" || stage === "not done"

/**
 * Determines whether a gate has refused a failed attempt, and whether its request may have been carried out.
 *
 * @internal
 */
export const conclude = (sending: AttemptState, cause: Cause.Cause<unknown>): void => {
  const { at, execution, number, stage } = sending
  execution.isDoubtful = stage === "left"
  if (stage !== "queued" || Cause.isInterruptedOnly(cause)) return
  sending.stage = "refused"
  const refusals = execution.refusals ??= new Set()
  for (const error of Cause.failures(cause)) refusals.add(Cause.originalError(error))
  report(execution, {
    attempt: number,
    gate: at,
    event: "refused",
    detail: { ...waitDetail(sending), ...describeFailure(cause) }
  })
}

/**
 * Reports that the tokens of the attempt are refunded to the limiter.
 *
 * @internal
 */
export const reportRefund = ({ execution, number }: AttemptState): void =>
  report(execution, { attempt: number, gate: "limiter", event: "refunded" })

/** @internal */
export const waitDetail = ({ execution, since }: AttemptState): Entry["detail"] =>
  execution.trace === undefined
    ? {}
    : { waitedMillis: Duration.toMillis(Duration.nanos(monotonic(execution.clock) - since)) }
