/**
 * One side of an order book, best level first, in chunks. A level is found by two binary searches, and an insertion
 * moves no more than one chunk. Chunks are shared with the views taken of the book, and copied before they change.
 *
 * Numbers and texts are kept in separate arrays: arrays that mix both are several times slower.
 */
import { compare, type Figure } from "./figure.js"

interface Chunk {
  readonly edition: number
  /** The doubles nearest to the prices, negated for bids: ascending on both sides. */
  readonly keys: Array<number>
  readonly amounts: Array<number>
  /** Prices and amounts that were sent as text; empty for those that were sent as numbers. */
  readonly priceTexts: Array<string>
  readonly amountTexts: Array<string>
}

/**
 * The levels of a side at the time of a view, which never change.
 *
 * @internal
 */
export interface Shared {
  readonly sign: 1 | -1
  readonly count: number
  readonly chunks: ReadonlyArray<Readonly<Chunk>>
}

/** @internal */
export interface Levels {
  readonly sign: 1 | -1
  count: number
  /** Contains no empty chunk. */
  chunks: Array<Chunk>
  /** Whether a view shares the array `chunks` itself. */
  shared: boolean
  /** The number of views taken so far. Chunks of earlier editions are shared with views. */
  edition: number
}

const capacity = 32

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
 * Returns the current levels, which later changes to the side do not affect.
 *
 * @internal
 */
export const share = (levels: Levels): Shared => {
  levels.shared = true
  levels.edition++
  return { sign: levels.sign, count: levels.count, chunks: levels.chunks }
}

/**
 * Returns the best price; `undefined` if there are no levels.
 *
 * @internal
 */
export const best = ({ chunks, sign }: Levels): Figure | undefined => {
  const [first] = chunks
  const key = first?.keys[0]
  return key === undefined ? undefined : first?.priceTexts[0] || key * sign
}

/**
 * Sets the level of a price. The arguments are the doubles nearest to the price and the amount, and their texts, which
 * are empty for numbers.
 *
 * @internal
 */
export const set = (levels: Levels, price: number, priceText: string, amount: number, amountText: string): void => {
  const key = price * levels.sign
  const index = chunkOf(levels, key, priceText)
  const found = levels.chunks[index]
  if (found === undefined) return append(levels, key, priceText, amount, amountText)
  const at = positionIn(found, levels.sign, key, priceText)
  const stands = order(found, at, levels.sign, key, priceText) === 0
  const chunk = writable(levels, index, found)
  if (!stands) {
    levels.count++
    makeRoom(chunk, at)
  }
  put(chunk, at, key, priceText, amount, amountText)
  if (chunk.keys.length > capacity) split(levels, index, chunk)
}

/**
 * Removes the level of a price, if there is one. The arguments are the double nearest to the price, and its text, which
 * is empty for a number.
 *
 * @internal
 */
export const remove = (levels: Levels, price: number, priceText: string): void => {
  const key = price * levels.sign
  const index = chunkOf(levels, key, priceText)
  const found = levels.chunks[index]
  if (found === undefined) return
  const at = positionIn(found, levels.sign, key, priceText)
  if (order(found, at, levels.sign, key, priceText) !== 0) return
  const chunk = writable(levels, index, found)
  const { amounts, amountTexts, keys, priceTexts } = chunk
  for (let to = at; to < keys.length - 1; to++) move(chunk, to + 1, to)
  keys.pop()
  amounts.pop()
  priceTexts.pop()
  amountTexts.pop()
  levels.count--
  if (keys.length === 0) spine(levels).splice(index, 1)
  else if (keys.length < capacity / 4) {
    join(levels, index)
    join(levels, index - 1)
  }
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
      const { amounts, amountTexts, keys, priceTexts } = writable(levels, index, chunk)
      keys.length =
        amounts.length =
        priceTexts.length =
        amountTexts.length =
          kept
    }
  }
}

/**
 * Visits the levels, best first, until `visit` returns `false` or there are no more.
 *
 * @internal
 */
export const walk = (
  { chunks, sign }: Shared,
  visit: (price: Figure, amount: Figure) => boolean
): void => {
  for (const { amounts, amountTexts, keys, priceTexts } of chunks) {
    for (const [at, key] of keys.entries()) {
      if (!visit(priceTexts[at] || key * sign, amountTexts[at] || (amounts[at] ?? 0))) return
    }
  }
}

/** Compares the level at a position with a price: -1 if the level is better, 0 if it is equal, 1 if it is worse. */
const order = (chunk: Chunk, at: number, sign: 1 | -1, key: number, priceText: string): number => {
  const found = chunk.keys[at] ?? Number.POSITIVE_INFINITY
  if (found !== key) return found < key ? -1 : 1
  const text = chunk.priceTexts[at]
  return text === priceText ? 0 : sign * compare(text || key * sign, priceText || key * sign)
}

/** Finds the first chunk that does not end before a price; the number of chunks if all do. */
const chunkOf = ({ chunks, sign }: Levels, key: number, priceText: string): number => {
  let [low, high] = [0, chunks.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const chunk = chunks[middle]
    if (chunk !== undefined && order(chunk, chunk.keys.length - 1, sign, key, priceText) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Finds the first position that is not before a price. */
const positionIn = (chunk: Chunk, sign: 1 | -1, key: number, priceText: string): number => {
  let [low, high] = [0, chunk.keys.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order(chunk, middle, sign, key, priceText) < 0) low = middle + 1
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
  return spine(levels)[index] = {
    edition,
    keys: chunk.keys.slice(),
    amounts: chunk.amounts.slice(),
    priceTexts: chunk.priceTexts.slice(),
    amountTexts: chunk.amountTexts.slice()
  }
}

const append = (levels: Levels, key: number, priceText: string, amount: number, amountText: string): void => {
  const { chunks, edition } = levels
  const last = chunks[chunks.length - 1]
  levels.count++
  if (last === undefined || last.keys.length === capacity) {
    spine(levels).push({ edition, keys: [key], amounts: [amount], priceTexts: [priceText], amountTexts: [amountText] })
  } else put(writable(levels, chunks.length - 1, last), last.keys.length, key, priceText, amount, amountText)
}

const put = (
  { amounts, amountTexts, keys, priceTexts }: Chunk,
  at: number,
  key: number,
  priceText: string,
  amount: number,
  amountText: string
): void => {
  keys[at] = key
  amounts[at] = amount
  priceTexts[at] = priceText
  amountTexts[at] = amountText
}

// Moves levels one by one: `splice` allocates an array of what it removes, and `copyWithin` is slow on arrays.
const move = ({ amounts, amountTexts, keys, priceTexts }: Chunk, from: number, to: number): void => {
  keys[to] = keys[from] ?? 0
  amounts[to] = amounts[from] ?? 0
  priceTexts[to] = priceTexts[from] ?? ""
  amountTexts[to] = amountTexts[from] ?? ""
}

const makeRoom = (chunk: Chunk, at: number): void => {
  for (let to = chunk.keys.length; to > at; to--) move(chunk, to - 1, to)
}

const split = (levels: Levels, index: number, { amounts, amountTexts, edition, keys, priceTexts }: Chunk): void => {
  const half = keys.length >>> 1
  spine(levels).splice(index + 1, 0, {
    edition,
    keys: keys.splice(half),
    amounts: amounts.splice(half),
    priceTexts: priceTexts.splice(half),
    amountTexts: amountTexts.splice(half)
  })
}

/** Merges two adjacent chunks that are small together, so that removals leave no more chunks than needed. */
const join = (levels: Levels, index: number): void => {
  const [left, right] = [levels.chunks[index], levels.chunks[index + 1]]
  if (left === undefined || right === undefined || left.keys.length + right.keys.length > capacity / 2) return
  const { amounts, amountTexts, keys, priceTexts } = writable(levels, index, left)
  keys.push(...right.keys)
  amounts.push(...right.amounts)
  priceTexts.push(...right.priceTexts)
  amountTexts.push(...right.amountTexts)
  spine(levels).splice(index + 1, 1)
}
