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
import { type After, AtOnce, type Held, type OfBreaker, type OfBulkhead, type OfLimiter } from "./atOnce.js"
import type { Bulkhead } from "./bulkheadModel.js"
import type { CircuitBreaker } from "./circuitBreakerModel.js"
import { begin, conclude, refunded, send, wasSent } from "./policyAttempt.js"
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
export interface Doors<in E, in C, in L extends string> {
  readonly breaker: OfBreaker<E> | undefined
  readonly limiter: OfLimiter<C, Call<C, L>> | undefined
  readonly turn: OfBulkhead | undefined
  readonly bulkhead: OfBulkhead | undefined
}

/**
 * Returns the fast paths of all gates, or `undefined` if one of the gates is not of this library, is wrapped, or is
 * chosen by key.
 *
 * @internal
 */
export const doors = <E, C, L extends string>(
  { breaker, bulkhead, limiter, turn }: Gates<E, C, L>
): Doors<E, C, L> | undefined => {
  const found = {
    breaker: doorOf(breaker),
    limiter: doorOf(limiter),
    turn: doorOf(turn),
    bulkhead: doorOf(bulkhead)
  }
  const isWhole = (breaker === undefined || found.breaker !== undefined) &&
    (limiter === undefined || found.limiter !== undefined) &&
    (turn === undefined || found.turn !== undefined) &&
    (bulkhead === undefined || found.bulkhead !== undefined)
  return isWhole ? found : undefined
}

const doorOf = <D>(gate: Keyed<{ readonly [AtOnce]?: D }> | undefined): D | undefined =>
  gate === undefined || typeof gate === "function" ? undefined : gate[AtOnce]

class Passage<in E> {
  readonly held: Held | undefined
  readonly left: ReturnType<OfBreaker<E>["enter"]>
  readonly leaveTurn: (() => After) | undefined
  readonly leaveBulkhead: (() => After) | undefined

  constructor(
    held: Held | undefined,
    left: ReturnType<OfBreaker<E>["enter"]>,
    leaveTurn: (() => After) | undefined,
    leaveBulkhead: (() => After) | undefined
  ) {
    this.held = held
    this.left = left
    this.leaveTurn = leaveTurn
    this.leaveBulkhead = leaveBulkhead
  }
}

/** Passes all gates, or returns `undefined` without having changed anything. */
const pass = <E, C, L extends string>(
  { breaker, bulkhead, limiter, turn }: Doors<E, C, L>,
  call: Call<C, L>,
  { clock }: Execution,
  deadline: Option.Option<bigint>
): Passage<E> | undefined => {
  const left = breaker?.enter()
  if (breaker !== undefined && left === undefined) return undefined
  if (turn?.hasRoom(call.lane) === false || bulkhead?.hasRoom(call.lane) === false) return undefined
  if (Option.isSome(deadline) && monotonic(clock) >= deadline.value) return undefined
  const held = limiter?.hold(call.cost, call, clock)
  if (limiter !== undefined && held === undefined) return undefined
  return new Passage(held, left, turn?.enter(call.lane), bulkhead?.enter(call.lane))
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
  doors: Doors<E, C, L>,
  options: {
    readonly notSent?: ((error: E) => boolean) | undefined
    readonly notDone?: ((error: E) => boolean) | undefined
  },
  otherwise: LazyArg<Effect.Effect<A, E2, R2>>
): Effect.Effect<A, E1 | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime<A, E1 | E2, R | R2>((fiber) => {
      const passage = pass(doors, call, execution, deadlineOf(fiber, call))
      if (passage === undefined) return restore(otherwise())
      const { held, leaveBulkhead, leaveTurn, left } = passage
      const sending = begin(execution, undefined)
      sending.held = held

      const freed = (exit: Exit.Exit<A, E1>): Effect.Effect<A, E1> => {
        if (Exit.isFailure(exit)) conclude(sending, exit.cause)
        sending.isOver = true
        const isUnspent = held !== undefined && !wasSent(sending)
        if (isUnspent) refunded(sending)
        const then = isUnspent ? Effect.zipRight(held.refund, exit) : exit
        return before(leaveBulkhead?.(), before(leaveTurn?.(), then))
      }

      const ended = (exit: Exit.Exit<A, E1>): Effect.Effect<A, E1> => {
        const then = left?.(exit, execution.clock)
        return then === undefined ? freed(exit) : Effect.matchCauseEffect(then, {
          onFailure: (cause) => freed(Exit.failCause(cause)),
          onSuccess: () => freed(exit)
        })
      }

      const failed = (cause: Cause.Cause<E1>): Effect.Effect<A, E1> => ended(Exit.failCause(cause))

      const sent = call.isMasked === true ? send(sending, self, restore) : restore(send(sending, self, identity))
      return Effect.matchCauseEffect(sent, {
        onFailure: (cause) => Effect.catchAllCause(judge(sending, options)(Effect.failCause(cause)), failed),
        onSuccess: (value) => ended(Exit.succeed(value))
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

const before = <A, E>(then: After, self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  then === undefined ? self : Effect.zipRight(then, self)
