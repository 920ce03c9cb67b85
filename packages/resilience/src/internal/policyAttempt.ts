/**
 * One attempt of a policy: how far it has come, whether it has left, and what follows from how it ended.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Held } from "./atOnce.js"
import type { Attempt, Entry } from "./policyModel.js"
import { described, type Execution, record, report } from "./policyTrace.js"
import { monotonic } from "./time.js"

/** @internal */
export class Sending {
  readonly execution: Execution
  readonly number: number
  readonly begun: bigint
  /** The gate it has come to. */
  at: Entry["gate"] = "call"
  /** When it came there. */
  since: bigint
  /**
   * `queued` at a gate, `refused` by it, or `started` once it is through all of them; from the moment of leaving on `left`,
   * unless an error proves that it did not, `not sent`, or that the other side did nothing, `not done`.
   */
  stage: "queued" | "refused" | "started" | "left" | "not sent" | "not done" = "queued"
  /** Whether it has ended, so that what is left of it must not leave any more. */
  isOver = false
  isHolding = false
  /** What goes on although its time is over, and is not waited for. */
  leftBehind: Fiber.RuntimeFiber<unknown, unknown> | undefined
  /** Tells the limiter that what it admitted leaves only now. */
  commit: Effect.Effect<void> | undefined
  /** What the limiter holds for it, where it was let through at once. */
  held: Held | undefined
  /** Gives the limiter back what it admitted. */
  refund: Effect.Effect<void> | undefined
  /** Tells the hedge that the attempt is late from now on, not before. */
  readonly onLeaving: Effect.Effect<void> | undefined

  constructor(execution: Execution, number: number, onLeaving: Effect.Effect<void> | undefined) {
    this.execution = execution
    this.number = number
    this.begun = monotonic(execution.clock)
    this.since = execution.begin
    this.onLeaving = onLeaving
  }
}

/** @internal */
export const begin = (execution: Execution, hedged: Pick<Attempt, "number" | "leaving"> | undefined): Sending => {
  const number = ++execution.attempts
  if (execution.ownsSpan) execution.span?.attribute("policy.attempts", number)
  if (hedged !== undefined && hedged.number > 1) report(execution, { attempt: number, gate: "hedge", event: "started" })
  return new Sending(execution, number, hedged?.leaving)
}

/**
 * Runs what is called. A plain effect leaves as it starts; a function is given the moment to choose.
 *
 * @internal
 */
export const send = <A, E, R>(
  sending: Sending,
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
        waited: monotonic(execution.clock) - sending.begun,
        leaving: leaving(sending, true),
        unsafeLeave: () => hasToTell(sending) ? leaving(sending, true) : leave(sending, true),
        restore
      })
    }
    if (hasToTell(sending)) {
      return Effect.zipRight(leaving(sending, false), self)
    }
    sending.stage = "left"
    sending.held?.commit(execution.clock)
    return self
  })
  if (execution.trace === undefined && execution.span === undefined) return started
  const told = Effect.tapErrorCause(started, (cause) =>
    Effect.sync(() => {
      if (!Cause.isInterruptedOnly(cause)) report(execution, { ...what, event: "failed", detail: described(cause) })
    }))
  return execution.trace === undefined ? told : Effect.onExit(told, (exit) =>
    Effect.sync(() => {
      if (Exit.isSuccess(exit)) record(execution, { ...what, event: "succeeded" })
      if (Exit.isInterrupted(exit)) record(execution, { ...what, event: "interrupted" })
    }))
}

const hasToTell = ({ commit, onLeaving }: Sending): boolean => commit !== undefined || onLeaving !== undefined

// One step, since what is marked as having left is paid for, and what is paid for must have been marked.
const leaving = (sending: Sending, isTold: boolean): Effect.Effect<void> => {
  const left = Effect.suspend(() => leave(sending, isTold) ?? Effect.void)
  return hasToTell(sending) ? Effect.uninterruptible(left) : left
}

const leave = (sending: Sending, isTold: boolean): Effect.Effect<void> | undefined => {
  // Given up and left behind: its tokens have been given back.
  if (sending.isOver && !wasSent(sending)) return Effect.interrupt
  if (sending.stage !== "started") return undefined
  sending.stage = "left"
  if (isTold && sending.execution.trace !== undefined) {
    record(sending.execution, { attempt: sending.number, gate: "call", event: "sent" })
  }
  sending.held?.commit(sending.execution.clock)
  const { commit, onLeaving } = sending
  return commit === undefined || onLeaving === undefined ? commit ?? onLeaving : Effect.zipRight(commit, onLeaving)
}

/** @internal */
export const wasSent = ({ stage }: Sending): boolean => stage === "left" || stage === "not done"

/**
 * Finds out whether a gate has refused an attempt that has failed, and whether what it asked for may have been carried out.
 *
 * @internal
 */
export const conclude = (sending: Sending, cause: Cause.Cause<unknown>): void => {
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
    detail: { ...waited(sending), ...described(cause) }
  })
}

/**
 * Tells that the limiter is given back what it let through.
 *
 * @internal
 */
export const refunded = ({ execution, number }: Sending): void =>
  report(execution, { attempt: number, gate: "limiter", event: "refunded" })

/** @internal */
export const waited = ({ execution, since }: Sending): Entry["detail"] =>
  execution.trace === undefined
    ? {}
    : { waitedMillis: Duration.toMillis(Duration.nanos(monotonic(execution.clock) - since)) }
