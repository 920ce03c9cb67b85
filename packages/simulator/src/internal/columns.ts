/** @internal Columns that always say the same, by their names between spaces. */
export const columns = <A>(names: string, value: A): Readonly<Record<string, A>> =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, value]))
