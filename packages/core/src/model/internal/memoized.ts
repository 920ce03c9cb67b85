/**
 * Memoizes a function by the identity of its argument. A result is kept for as long as the argument is reachable.
 *
 * @internal
 */
export const memoized = <Key extends object, A>(make: (key: Key) => A): (key: Key) => A => {
  const known = new WeakMap<Key, { readonly made: A }>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found.made
    const made = make(key)
    known.set(key, { made })
    return made
  }
}
