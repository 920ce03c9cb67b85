/**
 * How a fiber waits in a queue from which others may remove it.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type { LazyArg } from "effect/Function"
import * as Option from "effect/Option"
import { Deadline, DeadlineExceeded } from "../Deadline.js"
import { limit } from "./limit.js"
import { makeRejection } from "./rejections.js"
import { later, monotonic } from "./time.js"

/**
 * The function with which `Effect.uninterruptibleMask` makes a part interruptible.
 *
 * @internal
 */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * A place in a long queue. It does what a `Deferred` does for one reader that cleans up by itself, at a fraction of the
 * cost: a `Deferred` masks interruption and keeps a list of its readers.
 *
 * @internal
 */
export interface Turn<in out E> {
  end: Effect.Effect<void, E> | undefined
  resume: ((end: Effect.Effect<void, E>) => void) | undefined
}

/** @internal */
export const turn = <E>(): Turn<E> => ({ end: undefined, resume: undefined })

/**
 * Ends the wait: with success for an admitted call, or with the failure of a refused one. Only the first call has an
 * effect.
 *
 * @internal
 */
export const end = <E>(turn: Turn<E>, result: Effect.Effect<void, E>): void => {
  if (turn.end === undefined) {
    turn.end = result
    turn.resume?.(result)
  }
}

/**
 * Waits for the turn, then runs `use`. If the wait fails or is interrupted, runs `withdraw`, which must determine what
 * has happened to the turn in the meantime. Must be called in an uninterruptible region, with the `restore` of its
 * mask.
 *
 * @internal
 */
export const take = <E, A, E2, R>(
  turn: Turn<E>,
  restore: Restore,
  use: LazyArg<Effect.Effect<A, E2, R>>,
  withdraw: LazyArg<Effect.Effect<void>>
): Effect.Effect<A, E | E2, R> => {
  const ended = Effect.async<void, E>((resume) => {
    if (turn.end === undefined) turn.resume = resume
    else resume(turn.end)
  })
  return Effect.matchCauseEffect(restore(ended), {
    onFailure: (cause) => Effect.zipRight(withdraw(), Effect.failCause(cause)),
    onSuccess: use
  })
}

/**
 * A waiting fiber in a queue that is usually short.
 *
 * @internal
 */
export type Waiter = Deferred.Deferred<void>

/** @internal */
export const make = (): Waiter => Deferred.unsafeMake(FiberId.none)

/** @internal */
export const wake = (waiter: Waiter): void => Deferred.unsafeDone(waiter, Effect.void)

/**
 * Waits to be woken, like {@link take}, until the current `Deadline` at the latest, with its own timer.
 *
 * @internal
 */
export const wait = (waiter: Waiter, options: {
  readonly name: string
  readonly restore: Restore
  readonly withdraw: Effect.Effect<void>
}): Effect.Effect<void, DeadlineExceeded> =>
  Effect.flatMap(
    Deadline,
    (deadline) =>
      Effect.matchCauseEffect(options.restore(inTime(Deferred.await(waiter), deadline, options.name)), {
        onFailure: (cause) => Effect.zipRight(options.withdraw, Effect.failCause(cause)),
        onSuccess: () => Effect.void
      })
  )

const inTime = (
  turn: Effect.Effect<void>,
  deadline: Option.Option<bigint>,
  name: string
): Effect.Effect<void, DeadlineExceeded> =>
  Option.match(deadline, {
    onNone: () => turn,
    onSome: (deadline) =>
      Effect.clockWith((clock) => {
        const after = Duration.nanos(later(deadline - monotonic(clock), 0n))
        return limit(turn, {
          duration: after,
          onTimeout: () => makeRejection(() => new DeadlineExceeded({ name, after }, true))
        })
      })
  })

/**
 * How long a call can wait, and what ends its wait: a deadline, for which a turn at that very instant comes too late,
 * or `maxWait`, which ends after that instant.
 *
 * @internal
 */
export interface WaitLimit {
  readonly at: bigint
  readonly ends: "Deadline" | "MaxWait"
  /** The allowed time when the wait began. */
  readonly allowed: Duration.Duration
}

/**
 * Returns the limit of a wait that begins now; `undefined` if it is unlimited.
 *
 * @internal
 */
export const waitLimit = (
  deadline: Option.Option<bigint>,
  maxWait: bigint | undefined,
  now: bigint
): WaitLimit | undefined => {
  const latest = maxWait === undefined ? undefined : now + maxWait
  if (Option.isSome(deadline) && (latest === undefined || deadline.value <= latest)) {
    return { at: deadline.value, ends: "Deadline", allowed: Duration.nanos(later(deadline.value - now, 0n)) }
  }
  return latest === undefined || maxWait === undefined
    ? undefined
    : { at: latest, ends: "MaxWait", allowed: Duration.nanos(maxWait) }
}

/**
 * Returns `true` if a turn at that instant would come too late.
 *
 * @internal
 */
export const isTooLate = (at: bigint, waitLimit: WaitLimit): boolean =>
  waitLimit.ends === "Deadline" ? at >= waitLimit.at : at > waitLimit.at
