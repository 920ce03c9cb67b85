import * as Cause from "effect/Cause"
import * as Predicate from "effect/Predicate"

/** The errors that gates of this process have raised. Weak, so that it keeps no error alive. */
const raised = new WeakSet<object>()

/**
 * Builds the error of a refusing gate, without capturing a stack trace, and registers it for {@link isRaised}.
 *
 * Local refusals are raised by the thousand exactly when the process has the least time for them, and where they were
 * raised carries no information: the name of the gate does. Also pass `true` to the constructor of a Schema class
 * inside: validating values that are correct by their types costs ten times the rest.
 *
 * @internal
 */
export const makeRejection = <A>(construct: () => A): A => {
  const limit: unknown = Reflect.get(Error, "stackTraceLimit")
  Reflect.set(Error, "stackTraceLimit", 0)
  try {
    return raise(construct())
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit)
  }
}

/** @internal */
export const raise = <A>(error: A): A => {
  if (Predicate.isObject(error)) raised.add(original(error))
  return error
}

/** @internal */
export const isRaised = (u: unknown): boolean => Predicate.isObject(u) && raised.has(original(u))

/**
 * Returns the underlying error: Effect wraps a failure within a span in a proxy, and wraps it again each time it fails
 * again.
 */
const original = (error: object): object => {
  const inner = Cause.originalError(error)
  return inner === error ? error : original(inner)
}
