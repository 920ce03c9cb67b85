/**
 * An order book: two sides sorted from the best price, with a queue per price sorted from the oldest entry.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import type { Owner, Side } from "../model.js"

/** @internal The open part of a resting order. Quotes of the house have the id 0. */
export interface Entry {
  readonly id: number
  readonly owner: Owner
  readonly amount: BigDecimal.BigDecimal
}

/** @internal */
export interface Queue {
  readonly price: BigDecimal.BigDecimal
  readonly entries: ReadonlyArray<Entry>
}

/** @internal */
export interface Book {
  readonly buy: ReadonlyArray<Queue>
  readonly sell: ReadonlyArray<Queue>
  /** Rises with every change of the book. */
  readonly sequence: number
}

/** @internal */
export const empty: Book = { buy: [], sell: [], sequence: 0 }

/** @internal */
export const opposite = (side: Side): Side => side === "buy" ? "sell" : "buy"

/** @internal Returns `true` if an order of `side` at `price` would trade with an order of the other side at `other`. */
export const crosses = (side: Side, price: BigDecimal.BigDecimal, other: BigDecimal.BigDecimal): boolean =>
  side === "buy" ? BigDecimal.lessThanOrEqualTo(other, price) : BigDecimal.greaterThanOrEqualTo(other, price)

/** @internal Adds an entry behind all others of its price. */
export const add = (book: Book, side: Side, price: BigDecimal.BigDecimal, entry: Entry): Book => {
  const queues = book[side]
  const index = find(queues, side, price)
  const queue = queues[index]
  return queue !== undefined && BigDecimal.equals(queue.price, price)
    ? withQueues(book, side, queues.with(index, { price, entries: [...queue.entries, entry] }))
    : withQueues(book, side, queues.toSpliced(index, 0, { price, entries: [entry] }))
}

/** @internal Changes the amount of an entry, which keeps its place, or removes the entry if the amount is zero. */
export const resize = (
  book: Book,
  side: Side,
  price: BigDecimal.BigDecimal,
  id: number,
  amount: BigDecimal.BigDecimal
): Book => {
  const queues = book[side]
  const index = find(queues, side, price)
  const queue = queues[index]
  const place = queue?.entries.findIndex((entry) => entry.id === id) ?? -1
  const entry = queue?.entries[place]
  if (queue === undefined || entry === undefined) return book
  const entries = BigDecimal.isZero(amount)
    ? queue.entries.toSpliced(place, 1)
    : queue.entries.with(place, { ...entry, amount })
  return withQueues(
    book,
    side,
    entries.length === 0 ? queues.toSpliced(index, 1) : queues.with(index, { price: queue.price, entries })
  )
}

/** @internal Removes all entries of an owner. Also returns the ids of the removed orders, without quotes. */
export const clear = (book: Book, owner: Owner): readonly [book: Book, ids: ReadonlyArray<number>] => {
  const removed: Array<number> = []
  const keep = (queues: ReadonlyArray<Queue>): ReadonlyArray<Queue> =>
    queues.flatMap(({ entries, price }) => {
      const kept = entries.filter((entry) => entry.owner !== owner)
      for (const { id, owner: own } of entries) if (own === owner && id !== 0) removed.push(id)
      return kept.length === 0 ? [] : [{ price, entries: kept }]
    })
  return [{ buy: keep(book.buy), sell: keep(book.sell), sequence: book.sequence + 1 }, removed]
}

// Finds the first queue whose price is not better than `price`.
const find = (queues: ReadonlyArray<Queue>, side: Side, price: BigDecimal.BigDecimal): number => {
  let low = 0
  let high = queues.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const queue = queues[middle]
    if (queue !== undefined && isBetter(side, queue.price, price)) low = middle + 1
    else high = middle
  }
  return low
}

const isBetter = (side: Side, left: BigDecimal.BigDecimal, right: BigDecimal.BigDecimal): boolean =>
  side === "buy" ? BigDecimal.greaterThan(left, right) : BigDecimal.lessThan(left, right)

const withQueues = (book: Book, side: Side, queues: ReadonlyArray<Queue>): Book => ({
  buy: side === "buy" ? queues : book.buy,
  sell: side === "sell" ? queues : book.sell,
  sequence: book.sequence + 1
})
