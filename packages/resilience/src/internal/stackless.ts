/**
 * Builds an error without capturing a stack trace.
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
    return construct()
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit)
  }
}
