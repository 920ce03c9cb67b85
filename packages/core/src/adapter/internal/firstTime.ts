/**
 * Creates a predicate that returns `true` for an id it has not seen yet, to filter out the old trades with which a new
 * connection begins. It remembers at least the latest 1000 ids.
 *
 * Ids mostly rise. An id above all others is new without a look-up, so it only has to be appended to an array; a set
 * would take several times the time and the memory. The ids are kept in two parts, and the older part is dropped as a
 * whole.
 *
 * @internal
 */
export const firstTime = (): (id: string) => boolean => {
  let older = part()
  let newer = part()
  let highest = ""
  return (id) => {
    if (isAbove(id, highest)) {
      highest = id
      newer.rising.push(id)
    } else {
      if (has(older, id) || has(newer, id)) return false
      newer.others.add(id)
    }
    if (newer.rising.length + newer.others.size >= 1000) {
      older = newer
      newer = part()
    }
    return true
  }
}

interface Part {
  /** Each id is above the one before. */
  readonly rising: Array<string>
  readonly others: Set<string>
}

const part = (): Part => ({ rising: [], others: new Set() })

/** Orders whole numbers by value, and all other ids in some fixed order. */
const isAbove = (id: string, that: string): boolean => id.length === that.length ? id > that : id.length > that.length

const has = ({ others, rising }: Part, id: string): boolean => {
  if (others.has(id)) return true
  let [low, high] = [0, rising.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isAbove(id, rising[middle] ?? "")) low = middle + 1
    else high = middle
  }
  return rising[low] === id
}
