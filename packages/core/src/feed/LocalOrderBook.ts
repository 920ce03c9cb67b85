/**
 * A local order book: the order book of one market, maintained from a snapshot and the updates that follow it.
 *
 * Levels are kept as they were sent, as text or number, and matched by exact price, whatever the number of decimals.
 * The owner of the book checks the sequence numbers and the checksums of the exchange.
 *
 * **Gotchas**
 *
 * A book is mutable, and must not be changed by two fibers. Share it with other fibers as a {@link view}.
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
 * A level as exchanges send it: the price, and the total amount offered at it, as text or JSON numbers. An amount of
 * zero removes the level. Further elements are ignored.
 *
 * @since 0.1.0
 * @category models
 */
export type RawLevel = readonly [price: string | number, amount: string | number, ...rest: ReadonlyArray<unknown>]

/**
 * The position of price and amount in a level: indexes of a list, as in {@link RawLevel}, or names of properties.
 *
 * @since 0.1.0
 * @category models
 */
export type Places = readonly [price: string | number, amount: string | number]

const inPairs: Places = [0, 1]

/**
 * The id of a level, for exchanges that identify levels by id.
 *
 * @since 0.1.0
 * @category models
 */
export type LevelId = string | number

/**
 * A level as text. Text is unchanged; a number is in plain notation.
 *
 * @since 0.1.0
 * @category models
 */
export interface LevelText {
  readonly price: string
  readonly amount: string
}

/**
 * A local order book.
 *
 * @since 0.1.0
 * @category models
 */
export interface LocalOrderBook {
  readonly exchange: string
  readonly symbol: ExchangeSymbol
  /** The maximum number of levels per side. */
  readonly maximumDepth: number
  /** The amount of one unit of size as the exchange sends it, if the two differ. */
  readonly unit: BigDecimal.BigDecimal | undefined
  /** @internal */
  readonly bids: Levels.Levels
  /** @internal */
  readonly asks: Levels.Levels
  /** @internal */
  readonly ids: Record<Side, Map<LevelId, Figure>>
}

/**
 * Creates an empty book.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ exchange, maximumDepth = Number.POSITIVE_INFINITY, symbol, unit }: {
  readonly exchange: string
  readonly symbol: ExchangeSymbol
  /**
   * The maximum number of levels per side. Each {@link replace} and {@link apply} drops the worst levels beyond it. For
   * exchanges that do not report when a level falls out of the subscribed depth. Defaults to no limit.
   */
  readonly maximumDepth?: number | undefined
  /**
   * The amount of one unit of size as the exchange sends it, for example the contract size in the base currency. The
   * amounts of views are multiplied by it.
   */
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
 * Replaces all levels by those of a snapshot, which may be in any order. `bids` and `asks` are parsed JSON: lists of
 * {@link RawLevel}, or of levels with price and amount at other `places`. Returns `true` if all of it was understood,
 * as {@link apply} does.
 *
 * @since 0.1.0
 * @category updates
 */
export const replace = (book: LocalOrderBook, bids: unknown, asks: unknown, places = inPairs): boolean => {
  clear(book)
  return apply(book, bids, asks, places)
}

/**
 * Sets the levels of an update, and removes those whose amount is zero. `bids` and `asks` are lists as in
 * {@link replace}. They are applied in order, so the last level of a price wins. Returns `true` if all of it was
 * understood.
 *
 * An update is not understood if it contains a value that is not a list or a level, a price that is not above zero, an
 * amount below zero, or a number that `Decimal.read` or `Decimal.fromNumber` rejects.
 *
 * **Gotchas**
 *
 * Input that is not understood empties the book, so that nobody trades on half an update. The book then needs a
 * snapshot.
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
 * Sets the amount of a level by the exchange's id of the level. The level is at `price`, or by default at the price
 * that the id was last set at. An id that is set with another price moves there. Returns `true` if it was understood,
 * as {@link apply} does: without a price, an id that was never set is not.
 *
 * **Gotchas**
 *
 * Two ids of one side must not have the same price. `maximumDepth` does not apply: exchanges with level ids report
 * which levels are gone.
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
 * Removes a level by the exchange's id of the level. Returns `true` if it was understood, as {@link apply} does: an id
 * that was never set or is already removed is not.
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
 * Returns `true` if the book has no levels on either side.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isEmpty = (book: LocalOrderBook): boolean => book.bids.count + book.asks.count === 0

/**
 * Returns `true` if the best bid is at or above the best ask. No exchange's order book stays crossed for long, so an
 * update was missed.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCrossed = ({ asks, bids }: LocalOrderBook): boolean => {
  const [bid, ask] = [Levels.best(bids), Levels.best(asks)]
  return bid !== undefined && ask !== undefined && compare(bid, ask) >= 0
}

/**
 * Returns up to `count` of the best levels of a side, best first, with the digits in which they were sent. For
 * checksums.
 *
 * **Gotchas**
 *
 * A JSON number has lost its trailing zeros: `0.10` is `"0.1"` here.
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
 * Computes the CRC-32 (IEEE 802.3, as in zlib) of ASCII text: an integer from 0 to 4,294,967,295.
 *
 * @example
 * import { LocalOrderBook } from "@effect-exchange/core"
 *
 * LocalOrderBook.crc32("123456789") // 0xcbf43926
 * LocalOrderBook.crc32("123456789") | 0 // -873187034, for exchanges that send it as a signed integer
 *
 * @since 0.1.0
 * @category checksums
 */
export const crc32: (text: string) => number = crc.crc32

/**
 * Returns a view of the current book, which no later update changes. Nothing is copied now; the next update copies the
 * few levels around those that it changes.
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
