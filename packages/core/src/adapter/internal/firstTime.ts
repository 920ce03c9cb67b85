/**
 * Whether an id comes for the first time, as far as the latest thousand go at least: a new connection begins with old trades.
 *
 * Two sets, of which the older is dropped as a whole: a set from which the oldest is deleted with every trade is walked through
 * all that was deleted before.
 *
 * @internal
 */
export const firstTime = (): (id: string) => boolean => {
  let older = new Set<string>()
  let newer = new Set<string>()
  return (id) => {
    if (older.has(id)) return false
    const { size } = newer
    // Adding finds out as well whether it is there: to look for it first takes half as long again, for every trade.
    newer.add(id)
    if (newer.size === size) return false
    if (newer.size === 1000) {
      older = newer
      newer = new Set()
    }
    return true
  }
}
