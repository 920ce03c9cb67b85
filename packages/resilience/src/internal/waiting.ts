/**
 * The one way in which a fiber waits in a queue that others may take it out of.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import { Deadline, DeadlineExceeded } from "../Deadline.js"
import { stackless } from "./stackless.js"
import { later, monotonic } from "./time.js"

/**
 * What `Effect.uninterruptibleMask` offers to let a part be interrupted.
 *
 * @internal
 */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** @internal */
export type Waiter<E = never> = Deferred.Deferred<void, E>

/** @internal */
export const make = <E = never>(): Waiter<E> => Deferred.unsafeMake(FiberId.none)

/** @internal */
export const wake = <E>(waiter: Waiter<E>): void => Deferred.unsafeDone(waiter, Effect.void)

/**
 * Ends the wait of somebody whose turn will not come.
 *
 * @internal
 */
export const turnAway = <E>(waiter: Waiter<E>, because: Effect.Effect<never, E>): void =>
  Deferred.unsafeDone(waiter, because)

/**
 * Waits for the turn; if that is interrupted or turned away, runs `withdraw`, which finds out for itself what has become
 * of the turn in the meantime. To be called where interruption is masked, with the `restore` of that mask.
 *
 * @internal
 */
export const turn = <E, E2>(
  waiter: Effect.Effect<void, E>,
  restore: Restore,
  withdraw: Effect.Effect<void, E2>
): Effect.Effect<void, E | E2> =>
  Effect.matchCauseEffect(restore(waiter), {
    onFailure: (cause) => Effect.zipRight(withdraw, Effect.failCause(cause)),
    onSuccess: () => Effect.void
  })

/**
 * Waits as {@link turn} does, until the current `Deadline` at the latest, with a timer of its own: for queues in which
 * few wait at a time.
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
    (deadline) => turn(inTime(Deferred.await(waiter), deadline, options.name), options.restore, options.withdraw)
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
        return Effect.timeoutFail(turn, {
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
