/** @internal Returns an object with the same value under each of the space-separated names. */
export const columns = <A>(names: string, value: A): Readonly<Record<string, A>> =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, value]))
