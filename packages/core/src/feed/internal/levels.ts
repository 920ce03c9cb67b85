/**
 * One side of a book, the best level first, in chunks: a level is found by two binary searches, and what is inserted moves
 * no more than a chunk. Chunks are shared with the views that were handed out, and copied before they change.
 */
import { compare, type Figure } from "./figure.js"

interface Chunk {
  readonly edition: number
  /** The doubles nearest to the prices, those of bids negated: ascending on both sides. */
  readonly keys: Array<number>
  readonly prices: Array<Figure>
  readonly amounts: Array<Figure>
}

/** @internal */
export type Chunks = ReadonlyArray<Readonly<Chunk>>

/** @internal */
export interface Levels {
  readonly sign: 1 | -1
  count: number
  /** No chunk is empty. */
  chunks: Array<Chunk>
  /** Whether a view holds `chunks` itself. */
  shared: boolean
  /** How many views were handed out: chunks of earlier editions are theirs too. */
  edition: number
}

const capacity = 64

/** @internal */
export const make = (side: "bids" | "asks"): Levels => ({
  sign: side === "bids" ? -1 : 1,
  count: 0,
  chunks: [],
  shared: false,
  edition: 0
})

/** @internal */
export const clear = (levels: Levels): void => {
  levels.chunks = []
  levels.shared = false
  levels.count = 0
}

/**
 * The chunks as they are now, and stay.
 *
 * @internal
 */
export const share = (levels: Levels): Chunks => {
  levels.shared = true
  levels.edition++
  return levels.chunks
}

/**
 * Sets the level of a price whose nearest double is `value`.
 *
 * @internal
 */
export const set = (levels: Levels, value: number, price: Figure, amount: Figure): void => {
  const key = value * levels.sign
  const index = chunkOf(levels, key, price)
  const chunk = levels.chunks[index]
  if (chunk === undefined) return append(levels, key, price, amount)
  const at = positionIn(chunk, levels.sign, key, price)
  if (order(chunk, at, levels.sign, key, price) !== 0) return insert(levels, index, at, key, price, amount)
  const { amounts, prices } = writable(levels, index, chunk)
  prices[at] = price
  amounts[at] = amount
}

/**
 * Removes the level of a price whose nearest double is `value`, if there is one.
 *
 * @internal
 */
export const remove = (levels: Levels, value: number, price: Figure): void => {
  const key = value * levels.sign
  const index = chunkOf(levels, key, price)
  const chunk = levels.chunks[index]
  if (chunk === undefined) return
  const at = positionIn(chunk, levels.sign, key, price)
  if (order(chunk, at, levels.sign, key, price) !== 0) return
  const { amounts, keys, prices } = writable(levels, index, chunk)
  const last = keys.length - 1
  for (let next = at + 1; next <= last; next++) {
    keys[next - 1] = keys[next] ?? key
    prices[next - 1] = prices[next] ?? price
    amounts[next - 1] = amounts[next] ?? 0
  }
  keys.pop()
  prices.pop()
  amounts.pop()
  levels.count--
  if (keys.length === 0) spine(levels).splice(index, 1)
  else if (keys.length < capacity / 4) join(levels, Math.max(0, index - 1))
}

/**
 * Drops all but the best `most` levels.
 *
 * @internal
 */
export const truncate = (levels: Levels, most: number): void => {
  while (levels.count > most) {
    const index = levels.chunks.length - 1
    const chunk = levels.chunks[index]
    if (chunk === undefined) return
    const kept = Math.max(0, chunk.keys.length - (levels.count - most))
    levels.count -= chunk.keys.length - kept
    if (kept === 0) spine(levels).pop()
    else {
      const { amounts, keys, prices } = writable(levels, index, chunk)
      keys.length = prices.length = amounts.length = kept
    }
  }
}

/**
 * Visits levels, the best first, until `visit` answers `false` or there are no more.
 *
 * @internal
 */
export const walk = (chunks: Chunks, visit: (price: Figure, amount: Figure) => boolean): void => {
  for (const { amounts, prices } of chunks) {
    for (let at = 0; at < prices.length; at++) {
      const [price, amount] = [prices[at], amounts[at]]
      if (price === undefined || amount === undefined || !visit(price, amount)) return
    }
  }
}

/** How the level at a position stands to a price: before it (-1), at it (0) or after it (1). */
const order = (chunk: Chunk, at: number, sign: 1 | -1, key: number, price: Figure): number => {
  const found = chunk.keys[at] ?? Number.POSITIVE_INFINITY
  if (found !== key) return found < key ? -1 : 1
  const same = chunk.prices[at]
  return same === price || same === undefined ? 0 : sign * compare(same, price)
}

/** The first chunk that does not end before a price; as many as there are chunks where all do. */
const chunkOf = ({ chunks, sign }: Levels, key: number, price: Figure): number => {
  let [low, high] = [0, chunks.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const chunk = chunks[middle]
    if (chunk !== undefined && order(chunk, chunk.keys.length - 1, sign, key, price) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The first position that does not stand before a price. */
const positionIn = (chunk: Chunk, sign: 1 | -1, key: number, price: Figure): number => {
  let [low, high] = [0, chunk.keys.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order(chunk, middle, sign, key, price) < 0) low = middle + 1
    else high = middle
  }
  return low
}

const spine = (levels: Levels): Array<Chunk> => {
  if (levels.shared) {
    levels.chunks = levels.chunks.slice()
    levels.shared = false
  }
  return levels.chunks
}

const writable = (levels: Levels, index: number, chunk: Chunk): Chunk => {
  const { edition } = levels
  if (chunk.edition === edition) return chunk
  const { amounts, keys, prices } = chunk
  return spine(levels)[index] = { edition, keys: keys.slice(), prices: prices.slice(), amounts: amounts.slice() }
}

const append = (levels: Levels, key: number, price: Figure, amount: Figure): void => {
  const { chunks, edition } = levels
  const last = chunks[chunks.length - 1]
  levels.count++
  if (last === undefined || last.keys.length === capacity) {
    spine(levels).push({ edition, keys: [key], prices: [price], amounts: [amount] })
  } else {
    const { amounts, keys, prices } = writable(levels, chunks.length - 1, last)
    keys.push(key)
    prices.push(price)
    amounts.push(amount)
  }
}

const insert = (levels: Levels, index: number, at: number, key: number, price: Figure, amount: Figure): void => {
  const chunk = levels.chunks[index]
  if (chunk === undefined) return
  const written = writable(levels, index, chunk)
  const { amounts, edition, keys, prices } = written
  putIn(written, at, key, price, amount)
  levels.count++
  if (keys.length > capacity) {
    const half = keys.length >>> 1
    const upper = { edition, keys: keys.splice(half), prices: prices.splice(half), amounts: amounts.splice(half) }
    spine(levels).splice(index + 1, 0, upper)
  }
}

// Several times as fast as `splice`, which makes a list of what it removes, and as `copyWithin`, which is slow on lists.
const putIn = ({ amounts, keys, prices }: Chunk, at: number, key: number, price: Figure, amount: Figure): void => {
  keys.push(key)
  prices.push(price)
  amounts.push(amount)
  for (let index = keys.length - 1; index > at; index--) {
    keys[index] = keys[index - 1] ?? key
    prices[index] = prices[index - 1] ?? price
    amounts[index] = amounts[index - 1] ?? amount
  }
  keys[at] = key
  prices[at] = price
  amounts[at] = amount
}

/** Makes one of two neighbours that are small together, so that removals leave no more chunks than levels need. */
const join = (levels: Levels, index: number): void => {
  const [left, right] = [levels.chunks[index], levels.chunks[index + 1]]
  if (left === undefined || right === undefined || left.keys.length + right.keys.length > capacity / 2) return
  const { amounts, keys, prices } = writable(levels, index, left)
  keys.push(...right.keys)
  prices.push(...right.prices)
  amounts.push(...right.amounts)
  spine(levels).splice(index + 1, 1)
}
