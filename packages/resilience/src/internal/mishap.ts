/**
 * What becomes of the defects of functions that users hand in to be asked or told: they are said in the log and change
 * nothing else, for a call must end as it ended.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/**
 * Warns that one of them has died. Names what it died of and leaves out what that says, which may hold a secret.
 *
 * @internal
 */
export const mishap = (what: string, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.logWarning(`Ignored a defect in ${what}`).pipe(
    Effect.annotateLogs("defect", Option.match(Cause.dieOption(cause), { onNone: () => "Interrupted", onSome: nameOf }))
  )

/**
 * Asks, and gives `otherwise` if that dies.
 *
 * @internal
 */
export const asked = <A>(what: string, ask: Effect.Effect<A>, otherwise: A): Effect.Effect<A> =>
  Effect.catchAllCause(ask, (cause) => Effect.as(mishap(what, cause), otherwise))

/**
 * What an error is called, and nothing of what it says.
 *
 * @internal
 */
export const nameOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && Predicate.isString(error._tag)
    ? error._tag
    : Predicate.isError(error)
    ? error.name
    : "Failure"
