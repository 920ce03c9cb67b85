/**
 * Removes the entries that were added first, until at most `most` remain.
 *
 * @internal
 */
export const dropOldest = <K>(all: Map<K, unknown> | Set<K>, most: number): void => {
  for (const oldest of all.keys()) {
    if (all.size <= most) return
    all.delete(oldest)
  }
}
