/**
 * The fast path of a policy: an attempt that passes all of its gates without waiting. The work of all gates is done in
 * one step before the attempt and one step after it.
 *
 * @internal
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { identity, type LazyArg } from "effect/Function"
import * as Option from "effect/Option"
import * as Deadline from "../Deadline.js"
import type { Bulkhead } from "./bulkheadModel.js"
import type { CircuitBreaker } from "./circuitBreakerModel.js"
import {
  type BreakerFastPath,
  type BulkheadFastPath,
  FastPath,
  type FollowUp,
  type HeldCost,
  type LimiterFastPath
} from "./fastPath.js"
import { begin, conclude, reportRefund, send, wasSent } from "./policyAttempt.js"
import { judge } from "./policyGates.js"
import type { Attempt, Call, Keyed, Limiter } from "./policyModel.js"
import type { Execution } from "./policyTrace.js"
import { monotonic } from "./time.js"

interface Gates<in E, in C, in L extends string> {
  readonly breaker?: Keyed<CircuitBreaker<E>> | undefined
  readonly limiter?: Keyed<Limiter<C, L>> | undefined
  readonly turn?: Keyed<Bulkhead<L>> | undefined
  readonly bulkhead?: Keyed<Bulkhead<L>> | undefined
}

/** @internal */
export interface FastPaths<in E, in C, in L extends string> {
  readonly breaker: BreakerFastPath<E> | undefined
  readonly limiter: LimiterFastPath<C, Call<C, L>> | undefined
  readonly turn: BulkheadFastPath | undefined
  readonly bulkhead: BulkheadFastPath | undefined
}

/**
 * Returns the fast paths of all gates, or `undefined` if one of the gates is not of this library, is wrapped, or is
 * chosen by key.
 *
 * @internal
 */
export const fastPaths = <E, C, L extends string>(
  { breaker, bulkhead, limiter, turn }: Gates<E, C, L>
): FastPaths<E, C, L> | undefined => {
  const paths = {
    breaker: fastPathOf(breaker),
    limiter: fastPathOf(limiter),
    turn: fastPathOf(turn),
    bulkhead: fastPathOf(bulkhead)
  }
  const isComplete = (breaker === undefined || paths.breaker !== undefined) &&
    (limiter === undefined || paths.limiter !== undefined) &&
    (turn === undefined || paths.turn !== undefined) &&
    (bulkhead === undefined || paths.bulkhead !== undefined)
  return isComplete ? paths : undefined
}

const fastPathOf = <D>(gate: Keyed<{ readonly [FastPath]?: D }> | undefined): D | undefined =>
  gate === undefined || typeof gate === "function" ? undefined : gate[FastPath]

class Admission<in E> {
  readonly held: HeldCost | undefined
  readonly endCall: ReturnType<BreakerFastPath<E>["enter"]>
  readonly releaseTurn: (() => FollowUp) | undefined
  readonly releaseBulkhead: (() => FollowUp) | undefined

  constructor(
    held: HeldCost | undefined,
    endCall: ReturnType<BreakerFastPath<E>["enter"]>,
    releaseTurn: (() => FollowUp) | undefined,
    releaseBulkhead: (() => FollowUp) | undefined
  ) {
    this.held = held
    this.endCall = endCall
    this.releaseTurn = releaseTurn
    this.releaseBulkhead = releaseBulkhead
  }
}

/** Passes all gates, or returns `undefined` without having changed anything. */
const admit = <E, C, L extends string>(
  { breaker, bulkhead, limiter, turn }: FastPaths<E, C, L>,
  call: Call<C, L>,
  { clock }: Execution,
  deadline: Option.Option<bigint>
): Admission<E> | undefined => {
  const endCall = breaker?.enter()
  if (breaker !== undefined && endCall === undefined) return undefined
  if (turn?.hasRoom(call.lane) === false || bulkhead?.hasRoom(call.lane) === false) return undefined
  if (Option.isSome(deadline) && monotonic(clock) >= deadline.value) return undefined
  const held = limiter?.hold(call.cost, call, clock)
  if (limiter !== undefined && held === undefined) return undefined
  return new Admission(held, endCall, turn?.enter(call.lane), bulkhead?.enter(call.lane))
}

/**
 * Makes the attempt on the fast path, or runs `otherwise` if that is not possible.
 *
 * @internal
 */
export const attempt = <A, E, E1 extends E, R, C, L extends string, E2, R2>(
  execution: Execution,
  self: Effect.Effect<A, E1, R> | ((attempt: Attempt) => Effect.Effect<A, E1, R>),
  call: Call<C, L, A>,
  fastPaths: FastPaths<E, C, L>,
  options: {
    readonly notSent?: ((error: E) => boolean) | undefined
    readonly notDone?: ((error: E) => boolean) | undefined
  },
  otherwise: LazyArg<Effect.Effect<A, E2, R2>>
): Effect.Effect<A, E1 | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime<A, E1 | E2, R | R2>((fiber) => {
      const admission = admit(fastPaths, call, execution, deadlineOf(fiber, call))
      if (admission === undefined) return restore(otherwise())
      const { endCall, held, releaseBulkhead, releaseTurn } = admission
      const sending = begin(execution, undefined)
      sending.held = held

      const releaseGates = (exit: Exit.Exit<A, E1>): Effect.Effect<A, E1> => {
        if (Exit.isFailure(exit)) conclude(sending, exit.cause)
        sending.isOver = true
        const isUnspent = held !== undefined && !wasSent(sending)
        if (isUnspent) reportRefund(sending)
        const then = isUnspent ? Effect.zipRight(held.refund, exit) : exit
        return runBefore(releaseBulkhead?.(), runBefore(releaseTurn?.(), then))
      }

      const endAttempt = (exit: Exit.Exit<A, E1>): Effect.Effect<A, E1> => {
        const then = endCall?.(exit, execution.clock)
        return then === undefined ? releaseGates(exit) : Effect.matchCauseEffect(then, {
          onFailure: (cause) => releaseGates(Exit.failCause(cause)),
          onSuccess: () => releaseGates(exit)
        })
      }

      const failed = (cause: Cause.Cause<E1>): Effect.Effect<A, E1> => endAttempt(Exit.failCause(cause))

      const sent = call.isMasked === true ? send(sending, self, restore) : restore(send(sending, self, identity))
      return Effect.matchCauseEffect(sent, {
        onFailure: (cause) => Effect.catchAllCause(judge(sending, options)(Effect.failCause(cause)), failed),
        onSuccess: (value) => endAttempt(Exit.succeed(value))
      })
    })
  )

const deadlineOf = (
  { currentContext }: Fiber.RuntimeFiber<unknown, unknown>,
  { deadline }: Pick<Call, "deadline">
): Option.Option<bigint> => {
  const current = Context.get(currentContext, Deadline.Deadline)
  return deadline === undefined ? current : Deadline.earlier(current, deadline)
}

const runBefore = <A, E>(then: FollowUp, self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  then === undefined ? self : Effect.zipRight(then, self)
