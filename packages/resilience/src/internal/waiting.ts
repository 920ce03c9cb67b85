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
export type Waiter = Deferred.Deferred<void>

/** @internal */
export const make = (): Waiter => Deferred.unsafeMake(FiberId.none)

/** @internal */
export const wake = (waiter: Waiter): void => Deferred.unsafeDone(waiter, Effect.void)

/**
 * Waits for the turn, until the current `Deadline` at the latest; if that is interrupted or comes too late, runs
 * `withdraw`, which finds out for itself whether the turn had come in the meantime. To be called where interruption is
 * masked, with the `restore` of that mask.
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
        return Effect.timeoutFail(turn, {
          duration: after,
          onTimeout: () => stackless(() => new DeadlineExceeded({ name, after }, true))
        })
      })
  })
