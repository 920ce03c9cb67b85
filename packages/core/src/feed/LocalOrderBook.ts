/**
 * The local order book: the book of one market that a client keeps from a snapshot and the updates after it.
 *
 * Levels are kept as they were sent, text or number, and found by price exactly, whatever the number of decimals. What the
 * exchange says of sequence numbers and checksums is checked by whoever owns the book.
 *
 * **Gotchas**
 *
 * A book is mutable, and no two fibers may change it. What others are to see of it is a {@link view}.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import type { BookView, Side } from "../model/BookView.js"
import type { ExchangeSymbol } from "../model/ExchangeSymbol.js"
import * as bookView from "./internal/bookView.js"
import * as crc from "./internal/crc32.js"
import { compare, type Figure, nearest, text } from "./internal/figure.js"
import * as Levels from "./internal/levels.js"

/**
 * A level as exchanges send it: the price, and all that is offered at it, as text or JSON number. An amount of zero removes
 * the level. What follows the two is ignored.
 *
 * @since 0.1.0
 * @category models
 */
export type RawLevel = readonly [price: string | number, amount: string | number, ...rest: ReadonlyArray<unknown>]

/**
 * Where price and amount stand in a level: places in a list, as in {@link RawLevel}, or names of properties.
 *
 * @since 0.1.0
 * @category models
 */
export type Places = readonly [price: string | number, amount: string | number]

const inPairs: Places = [0, 1]

/**
 * What an exchange names a level by, where it has names for them.
 *
 * @since 0.1.0
 * @category models
 */
export type LevelId = string | number

/**
 * A level in text: what was sent as text is as it was sent, what was sent as a number is in plain notation.
 *
 * @since 0.1.0
 * @category models
 */
export interface LevelText {
  readonly price: string
  readonly amount: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface LocalOrderBook {
  readonly exchange: string
  readonly symbol: ExchangeSymbol
  /** How many levels of a side are kept. */
  readonly maximumDepth: number
  /** What one unit of size on the wire is in our amounts, where the two differ. */
  readonly unit: BigDecimal.BigDecimal | undefined
  /** @internal */
  readonly bids: Levels.Levels
  /** @internal */
  readonly asks: Levels.Levels
  /** @internal */
  readonly ids: Record<Side, Map<LevelId, Figure>>
}

/**
 * Makes an empty book.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ exchange, maximumDepth = Number.POSITIVE_INFINITY, symbol, unit }: {
  readonly exchange: string
  readonly symbol: ExchangeSymbol
  /**
   * How many levels of a side are kept: the worst beyond them are dropped after every {@link replace} and {@link apply}.
   * For exchanges that do not say when a level falls out of the depth one has subscribed to. Defaults to all.
   */
  readonly maximumDepth?: number | undefined
  /** What one unit of size on the wire is in our amounts, as a contract is so much of its base: amounts of views are counted in it. */
  readonly unit?: BigDecimal.BigDecimal | undefined
}): LocalOrderBook => ({
  exchange,
  symbol,
  maximumDepth,
  unit,
  bids: Levels.make("bids"),
  asks: Levels.make("asks"),
  ids: { bids: new Map(), asks: new Map() }
})

/**
 * Replaces all levels by those of a snapshot, in any order: lists of {@link RawLevel}, as `JSON.parse` gives them, or of what
 * has price and amount in other `places`. Answers whether all of it was understood, as {@link apply} does.
 *
 * @since 0.1.0
 * @category updates
 */
export const replace = (book: LocalOrderBook, bids: unknown, asks: unknown, places = inPairs): boolean => {
  clear(book)
  return apply(book, bids, asks, places)
}

/**
 * Sets the levels of an update, and removes those whose amount is zero: lists as {@link replace} takes them, in order, so that the last word on a price is what counts. Answers whether all of it was understood.
 *
 * Not understood are lists and levels that are none, prices that are not above zero, amounts below zero, and what
 * `Decimal.read` and `Decimal.fromNumber` do not take.
 *
 * **Gotchas**
 *
 * What is not understood empties the book, so that nobody trades on half an update: it needs a snapshot.
 *
 * @since 0.1.0
 * @category updates
 */
export const apply = (book: LocalOrderBook, bids: unknown, asks: unknown, places = inPairs): boolean => {
  if (!setAll(book.bids, bids, places) || !setAll(book.asks, asks, places)) return misunderstood(book)
  Levels.truncate(book.bids, book.maximumDepth)
  Levels.truncate(book.asks, book.maximumDepth)
  return true
}

/**
 * Sets the amount of the level that an exchange names by an id of its own, at `price` where the exchange says one, else at
 * the price that the id was last set at. An id that comes with another price moves there. Answers whether it was
 * understood, as {@link apply} does: an id that was never set has no price.
 *
 * **Gotchas**
 *
 * Two ids of one side never stand at one price. `maximumDepth` is not looked at: an exchange that names levels says which
 * are gone.
 *
 * @since 0.1.0
 * @category updates
 */
export const setById = (book: LocalOrderBook, side: Side, id: LevelId, amount: unknown, price?: unknown): boolean => {
  const known = book.ids[side].get(id)
  const where = price ?? known
  if (!isFigure(where)) return misunderstood(book)
  if (known !== undefined && known !== where) removeOne(book[side], known)
  if (!setOne(book[side], where, amount)) return misunderstood(book)
  book.ids[side].set(id, where)
  return true
}

/**
 * Removes the level that an exchange names by an id of its own. Answers whether it was understood, as {@link apply} does: an
 * id that was never set, or is removed already, is not.
 *
 * @since 0.1.0
 * @category updates
 */
export const removeById = (book: LocalOrderBook, side: Side, id: LevelId): boolean => {
  const price = book.ids[side].get(id)
  if (price === undefined) return misunderstood(book)
  removeOne(book[side], price)
  return book.ids[side].delete(id)
}

/**
 * Whether there is no level on either side.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isEmpty = (book: LocalOrderBook): boolean => book.bids.count + book.asks.count === 0

/**
 * Whether the best bid is at or above the best ask. No exchange's book is for long: something was missed.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCrossed = ({ asks, bids }: LocalOrderBook): boolean => {
  const [bid, ask] = [Levels.best(bids), Levels.best(asks)]
  return bid !== undefined && ask !== undefined && compare(bid, ask) >= 0
}

/**
 * Lists up to `count` of the best levels of a side in the digits in which they were sent, the best first. For checksums.
 *
 * **Gotchas**
 *
 * A JSON number has lost the zeros that it ended in: `0.10` is `"0.1"` here.
 *
 * @since 0.1.0
 * @category getters
 */
export const top = (book: LocalOrderBook, side: Side, count: number): ReadonlyArray<LevelText> => {
  const levels: Array<LevelText> = []
  if (count > 0) {
    Levels.walk(
      book[side],
      (price, amount) => levels.push({ price: text(price), amount: text(amount) }) < count
    )
  }
  return levels
}

/**
 * Computes the CRC-32 (IEEE 802.3, as zlib does) of ASCII text: a whole number from 0 to 4,294,967,295.
 *
 * @example
 * import { LocalOrderBook } from "@effect-exchange/core"
 *
 * LocalOrderBook.crc32("123456789") // 0xcbf43926
 * LocalOrderBook.crc32("123456789") | 0 // -873187034, where the exchange says it signed
 *
 * @since 0.1.0
 * @category checksums
 */
export const crc32: (text: string) => number = crc.crc32

/**
 * Shows the book as it stands: no later update changes a view. Nothing is copied; the next update copies the few levels
 * around those that it changes.
 *
 * @since 0.1.0
 * @category getters
 */
export const view = (book: LocalOrderBook): BookView =>
  bookView.make(book.exchange, book.symbol, {
    bids: Levels.share(book.bids),
    asks: Levels.share(book.asks),
    unit: book.unit
  })

const clear = (book: LocalOrderBook): void => {
  Levels.clear(book.bids)
  Levels.clear(book.asks)
  book.ids.bids.clear()
  book.ids.asks.clear()
}

const misunderstood = (book: LocalOrderBook): false => {
  clear(book)
  return false
}

const setAll = (levels: Levels.Levels, rows: unknown, [price, amount]: Places): boolean => {
  if (!Array.isArray(rows)) return false
  if (typeof price === "string" || typeof amount === "string") {
    return rows.every((row: unknown) => isObject(row) && setOne(levels, row[price], row[amount]))
  }
  for (const row of rows) {
    if (!Array.isArray(row) || !setOne(levels, row[price], row[amount])) return false
  }
  return true
}

const setOne = (levels: Levels.Levels, price: unknown, amount: unknown): boolean => {
  const value = nearest(price)
  const size = nearest(amount)
  if (!(value > 0) || !(size >= 0)) return false
  if (size === 0) Levels.remove(levels, value, textOf(price))
  else Levels.set(levels, value, textOf(price), size, textOf(amount))
  return true
}

const removeOne = (levels: Levels.Levels, price: Figure): void => Levels.remove(levels, nearest(price), textOf(price))

const isObject = (value: unknown): value is { readonly [name: string | number]: unknown } =>
  typeof value === "object" && value !== null

const textOf = (figure: unknown): string => typeof figure === "string" ? figure : ""

const isFigure = (value: unknown): value is Figure => typeof value === "string" || typeof value === "number"
