/**
 * The ways in which a fiber waits in a queue that others may take it out of.
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
import { stackless } from "./stackless.js"
import { later, monotonic } from "./time.js"

/**
 * What `Effect.uninterruptibleMask` offers to let a part be interrupted.
 *
 * @internal
 */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * A place in a long queue. It does what a `Deferred` does for one reader who cleans up by itself, for a fraction of its
 * cost: a `Deferred` masks interruption and keeps a list of its readers for each of them.
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
 * Ends the wait: well for whose turn has come, with a failure for whose turn will not come. Once only.
 *
 * @internal
 */
export const end = <E>(turn: Turn<E>, how: Effect.Effect<void, E>): void => {
  if (turn.end === undefined) {
    turn.end = how
    turn.resume?.(how)
  }
}

/**
 * Waits for the turn, then does what it was for; if the wait fails or is interrupted, does `withdraw`, which finds out
 * for itself what has become of the turn in the meantime. To be called where interruption is masked, with the `restore`
 * of that mask.
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
 * Somebody who waits where few do at a time.
 *
 * @internal
 */
export type Waiter = Deferred.Deferred<void>

/** @internal */
export const make = (): Waiter => Deferred.unsafeMake(FiberId.none)

/** @internal */
export const wake = (waiter: Waiter): void => Deferred.unsafeDone(waiter, Effect.void)

/**
 * Waits to be woken, as {@link take} waits for a turn, until the current `Deadline` at the latest, with a timer of its
 * own.
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
          onTimeout: () => stackless(() => new DeadlineExceeded({ name, after }, true))
        })
      })
  })

/**
 * Until when somebody can wait, and what ends the wait then: a deadline at that instant, so that a turn that comes with
 * it comes too late, or impatience after it.
 *
 * @internal
 */
export interface Patience {
  readonly at: bigint
  readonly ends: "Deadline" | "MaxWait"
  /** How long it was when the wait began. */
  readonly allowed: Duration.Duration
}

/**
 * The patience of somebody who begins to wait now; `undefined` if it is endless.
 *
 * @internal
 */
export const patience = (
  deadline: Option.Option<bigint>,
  maxWait: bigint | undefined,
  now: bigint
): Patience | undefined => {
  const latest = maxWait === undefined ? undefined : now + maxWait
  if (Option.isSome(deadline) && (latest === undefined || deadline.value <= latest)) {
    return { at: deadline.value, ends: "Deadline", allowed: Duration.nanos(later(deadline.value - now, 0n)) }
  }
  return latest === undefined || maxWait === undefined
    ? undefined
    : { at: latest, ends: "MaxWait", allowed: Duration.nanos(maxWait) }
}

/**
 * Whether a turn at that instant would come too late.
 *
 * @internal
 */
export const isTooLate = (at: bigint, patience: Patience): boolean =>
  patience.ends === "Deadline" ? at >= patience.at : at > patience.at
