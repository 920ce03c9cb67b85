import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Predicate from "effect/Predicate"

/**
 * Does what `Effect.catchIf` does, but passes on a cause that also contains a defect, such as one of a finalizer.
 * `Effect.catchIf` would hide the defect.
 *
 * @internal
 */
export const catchFailure = <A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R>,
  when: Predicate.Predicate<E>,
  use: (error: E) => Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.catchAllCause(self, (cause): Effect.Effect<A2, E | E2, R2> => {
    const failure = Cause.isDie(cause) ? Option.none<E>() : Cause.failureOption(cause)
    return Option.isSome(failure) && when(failure.value) ? use(failure.value) : Effect.failCause(cause)
  })

/**
 * Returns `true` if a cause contains only failures of one kind. What was interrupted next to a failure may have been
 * carried out.
 *
 * @internal
 */
export const isAll = <E>(cause: Cause.Cause<E>, isOfKind: (error: E) => boolean): boolean =>
  !Cause.isDie(cause) && !Cause.isInterrupted(cause) && Chunk.every(Cause.failures(cause), isOfKind)
