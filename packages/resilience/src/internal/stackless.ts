import * as Cause from "effect/Cause"
import * as Predicate from "effect/Predicate"

/** What the gates of this process have refused with. Weak, so that it keeps no error alive. */
const raised = new WeakSet<object>()

/**
 * Builds the error that a gate refuses with: without capturing a stack trace, and known to {@link isRaised} from then on.
 *
 * Local refusals are raised by the thousand exactly when the process has the least time for them, and where
 * they were raised says nothing: the gate's name does. Pass `true` to the constructor of a Schema class inside as well:
 * validating what is right by its type costs ten times the rest.
 *
 * @internal
 */
export const stackless = <A>(construct: () => A): A => {
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
  const original = Cause.originalError(error)
  if (Predicate.isObject(original)) raised.add(original)
  return error
}

/**
 * Within a span, what an effect fails with is not the error itself but a proxy of it: looked at is what it stands for.
 *
 * @internal
 */
export const isRaised = (u: unknown): boolean => {
  const original = Cause.originalError(u)
  return Predicate.isObject(original) && raised.has(original)
}
