/**
 * One side of an order book, best level first, in chunks. A level is found by two binary searches, and an insertion
 * moves no more than one chunk. Chunks are shared with the views taken of the book, and copied before they change.
 *
 * Numbers and texts are kept in separate arrays: arrays that mix both are several times slower. Price and amount of a
 * level are neighbours in them, because an update touches both and finds neither in the processor's cache.
 */
import { compare, type Figure } from "./figure.js"

/** The maximum number of levels of a chunk. */
const capacity = 16

// Pushed one by one: V8 never treats an array that once had holes, as `new Array(n)` has, like one without.
const filled = <A>(value: A): ReadonlyArray<A> => {
  const slots: Array<A> = []
  while (slots.length < 2 * capacity) slots.push(value)
  return slots
}

const noNumbers = filled(Number.POSITIVE_INFINITY)
const noTexts = filled("")

/**
 * Some levels of a side. Its arrays always have slots for `capacity` levels: an array that grows after it was copied
 * would be copied again.
 */
class Chunk {
  readonly edition: number
  size: number
  /**
   * The doubles nearest to the price and the amount of each level, in turn. The prices are negated for bids, so that
   * they ascend on both sides.
   */
  readonly numbers: Array<number>
  /** The price and the amount of each level, in turn, that were sent as text; empty for those sent as numbers. */
  readonly texts: Array<string>

  constructor(edition: number, size: number, numbers: ReadonlyArray<number>, texts: ReadonlyArray<string>) {
    this.edition = edition
    this.size = size
    this.numbers = numbers.slice()
    this.texts = texts.slice()
  }
}

/**
 * The levels of a side at the time of a view, which never change. A class rather than a literal, as `Chunk` is: see
 * decision 12 in `docs/decisions`.
 *
 * @internal
 */
export class Shared {
  readonly sign: 1 | -1
  readonly count: number
  readonly chunks: ReadonlyArray<Readonly<Chunk>>
  constructor({ chunks, count, sign }: Levels) {
    this.sign = sign
    this.count = count
    this.chunks = chunks
  }
}

/** @internal */
export interface Levels {
  readonly sign: 1 | -1
  count: number
  /** Contains no empty chunk. */
  chunks: Array<Chunk>
  /** The last key of each chunk. A search over the chunks themselves would load three objects for each comparison. */
  readonly ends: Array<number>
  /** Whether a view shares the array `chunks` itself. */
  shared: boolean
  /** The number of views taken so far. Chunks of earlier editions are shared with views. */
  edition: number
}

/** @internal */
export const make = (side: "bids" | "asks"): Levels => ({
  sign: side === "bids" ? -1 : 1,
  count: 0,
  chunks: [],
  ends: [],
  shared: false,
  edition: 0
})

/** @internal */
export const clear = (levels: Levels): void => {
  levels.chunks = []
  levels.ends.length = 0
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
  return new Shared(levels)
}

/**
 * Returns the best price; `undefined` if there are no levels.
 *
 * @internal
 */
export const best = ({ chunks, sign }: Levels): Figure | undefined => {
  const [first] = chunks
  return first === undefined ? undefined : first.texts[0] || keyAt(first, 0) * sign
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
  const chunk = writable(levels, index, found)
  if (order(chunk, at, levels.sign, key, priceText) === 0) return put(chunk, at, key, priceText, amount, amountText)
  levels.count++
  if (chunk.size < capacity) return insert(chunk, at, key, priceText, amount, amountText)
  const half = capacity / 2
  const rest = split(levels, index, chunk, half)
  if (at < half) insert(chunk, at, key, priceText, amount, amountText)
  else insert(rest, at - half, key, priceText, amount, amountText)
  levels.ends[index] = keyAt(chunk, chunk.size - 1)
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
  moveLevels(chunk, at + 1, chunk, at, chunk.size - at - 1)
  const size = --chunk.size
  levels.count--
  if (size === 0) {
    spine(levels).splice(index, 1)
    levels.ends.splice(index, 1)
    return
  }
  levels.ends[index] = keyAt(chunk, size - 1)
  if (size < capacity / 4) {
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
    const kept = Math.max(0, chunk.size - (levels.count - most))
    levels.count -= chunk.size - kept
    if (kept === 0) {
      spine(levels).pop()
      levels.ends.pop()
    } else {
      writable(levels, index, chunk).size = kept
      levels.ends[index] = keyAt(chunk, kept - 1)
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
  for (const { numbers, size, texts } of chunks) {
    for (let at = 0; at < 2 * size; at += 2) {
      const price = texts[at] || (numbers[at] ?? 0) * sign
      if (!visit(price, texts[at + 1] || (numbers[at + 1] ?? 0))) return
    }
  }
}

const keyAt = ({ numbers }: Readonly<Chunk>, at: number): number => numbers[2 * at] ?? Number.POSITIVE_INFINITY

/** Compares the level at a position with a price: -1 if the level is better, 0 if it is equal, 1 if it is worse. */
const order = (chunk: Chunk, at: number, sign: 1 | -1, key: number, priceText: string): number => {
  const found = at < chunk.size ? keyAt(chunk, at) : Number.POSITIVE_INFINITY
  if (found !== key) return found < key ? -1 : 1
  const text = chunk.texts[2 * at]
  return text === priceText ? 0 : sign * compare(text || key * sign, priceText || key * sign)
}

/** Finds the first chunk that does not end before a price; the number of chunks if all do. */
const chunkOf = ({ chunks, ends, sign }: Levels, key: number, priceText: string): number => {
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ends[middle] ?? 0) < key) low = middle + 1
    else high = middle
  }
  // Prices that differ may have the same key.
  for (let chunk = chunks[low]; chunk !== undefined && ends[low] === key; chunk = chunks[++low]) {
    if (order(chunk, chunk.size - 1, sign, key, priceText) >= 0) break
  }
  return low
}

/** Finds the first position that is not before a price. */
const positionIn = (chunk: Chunk, sign: 1 | -1, key: number, priceText: string): number => {
  let low = 0
  let high = chunk.size
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyAt(chunk, middle) < key) low = middle + 1
    else high = middle
  }
  // Prices that differ may have the same key.
  while (low < chunk.size && keyAt(chunk, low) === key && order(chunk, low, sign, key, priceText) < 0) low++
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
  return spine(levels)[index] = new Chunk(edition, chunk.size, chunk.numbers, chunk.texts)
}

const append = (levels: Levels, key: number, priceText: string, amount: number, amountText: string): void => {
  const { chunks, edition, ends } = levels
  const index = chunks.length - 1
  const last = chunks[index]
  levels.count++
  if (last === undefined || last.size === capacity) {
    const chunk = new Chunk(edition, 0, noNumbers, noTexts)
    insert(chunk, 0, key, priceText, amount, amountText)
    spine(levels).push(chunk)
    ends.push(key)
  } else {
    insert(writable(levels, index, last), last.size, key, priceText, amount, amountText)
    ends[index] = key
  }
}

const put = (
  { numbers, texts }: Chunk,
  at: number,
  key: number,
  priceText: string,
  amount: number,
  amountText: string
): void => {
  numbers[2 * at] = key
  numbers[2 * at + 1] = amount
  texts[2 * at] = priceText
  texts[2 * at + 1] = amountText
}

const insert = (
  chunk: Chunk,
  at: number,
  key: number,
  priceText: string,
  amount: number,
  amountText: string
): void => {
  const { numbers, texts } = chunk
  for (let to = 2 * chunk.size + 1; to > 2 * at + 1; to--) {
    numbers[to] = numbers[to - 2] ?? 0
    texts[to] = texts[to - 2] ?? ""
  }
  chunk.size++
  put(chunk, at, key, priceText, amount, amountText)
}

/** Copies levels to another chunk, or towards the start of the same. */
// One by one: `splice` allocates an array of what it removes, and `copyWithin` is slow on arrays.
const moveLevels = (source: Chunk, start: number, target: Chunk, at: number, count: number): void => {
  for (let offset = 0; offset < 2 * count; offset++) {
    target.numbers[2 * at + offset] = source.numbers[2 * start + offset] ?? 0
    target.texts[2 * at + offset] = source.texts[2 * start + offset] ?? ""
  }
}

/** Moves the levels from a position on to a new chunk, and returns it. */
const split = (levels: Levels, index: number, chunk: Chunk, at: number): Chunk => {
  const rest = new Chunk(levels.edition, chunk.size - at, noNumbers, noTexts)
  moveLevels(chunk, at, rest, 0, rest.size)
  chunk.size = at
  spine(levels).splice(index + 1, 0, rest)
  levels.ends.splice(index, 0, 0)
  return rest
}

/** Merges two adjacent chunks that are small together, so that removals leave no more chunks than needed. */
const join = (levels: Levels, index: number): void => {
  const [left, right] = [levels.chunks[index], levels.chunks[index + 1]]
  if (left === undefined || right === undefined || left.size + right.size > capacity / 2) return
  const chunk = writable(levels, index, left)
  moveLevels(right, 0, chunk, chunk.size, right.size)
  chunk.size += right.size
  spine(levels).splice(index + 1, 1)
  levels.ends.splice(index, 1)
}
