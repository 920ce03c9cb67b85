/**
 * Handles defects in functions that users pass in as options. They are logged and otherwise ignored, because they must
 * not change the exit of a call.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/**
 * Logs a warning about a defect. It contains the name of the error but not its message, which may contain a secret.
 *
 * @internal
 */
export const logDefect = (what: string, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.logWarning(`Ignored a defect in ${what}`).pipe(
    Effect.annotateLogs("defect", Option.match(Cause.dieOption(cause), { onNone: () => "Interrupted", onSome: nameOf }))
  )

/**
 * Runs an effect, and returns `otherwise` if the effect dies.
 *
 * @internal
 */
export const orElseOnDefect = <A>(what: string, self: Effect.Effect<A>, otherwise: A): Effect.Effect<A> =>
  Effect.catchAllCause(self, (cause) => Effect.as(logDefect(what, cause), otherwise))

/**
 * Returns the name of an error, without its message.
 *
 * @internal
 */
export const nameOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && Predicate.isString(error._tag)
    ? error._tag
    : Predicate.isError(error)
    ? error.name
    : "Failure"
