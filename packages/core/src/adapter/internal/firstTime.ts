/**
 * Whether an id comes for the first time, as far as the latest thousand go at least: a new connection begins with old trades.
 *
 * Ids mostly rise, and one that is above all others is new without being looked for: it need only be kept in a list, where a set
 * would take several times as long and as much. Of two parts the older is dropped as a whole.
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
  /** Each is above the one before. */
  readonly rising: Array<string>
  readonly others: Set<string>
}

const part = (): Part => ({ rising: [], others: new Set() })

/** The order of whole numbers, and some order of all else. */
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
