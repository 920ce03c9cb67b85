/**
 * The one way in which a fiber waits in a queue that others may take it out of.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"

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
 * Waits for the turn; if that is interrupted, runs `withdraw`, which finds out for itself whether the turn had come
 * in the meantime. To be called where interruption is masked, with the `restore` of that mask.
 *
 * @internal
 */
export const wait = (
  waiter: Waiter,
  restore: Restore,
  withdraw: Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.matchCauseEffect(restore(Deferred.await(waiter)), {
    onFailure: (cause) => Effect.zipRight(withdraw, Effect.failCause(cause)),
    onSuccess: () => Effect.void
  })
