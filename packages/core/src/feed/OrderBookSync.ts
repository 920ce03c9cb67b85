/**
 * The synchronisation of a local order book: which updates are next, which are outdated, and when the book has a gap.
 *
 * A book is emitted only while it is complete. It is complete from a snapshot on, as long as every update follows the
 * previous one, all levels are understood, the best bid is below the best ask, and the book matches the exchange's
 * checksum, if any.
 *
 * @since 0.1.0
 */
import type { BigDecimal } from "effect/BigDecimal"
import type { BookView } from "../model/BookView.js"
import type { ExchangeSymbol } from "../model/ExchangeSymbol.js"
import type { Read, Reading } from "./internal/subscription.js"
import * as LocalOrderBook from "./LocalOrderBook.js"

/**
 * A snapshot or an update, with the exchange's sequence numbers. `bids` and `asks` are lists of
 * `LocalOrderBook.RawLevel`. For a book whose levels have ids, `set` changes the book instead, and returns `true` if
 * the update was understood.
 *
 * @since 0.1.0
 */
export interface BookUpdate {
  readonly kind: "snapshot" | "update"
  readonly bids?: unknown
  readonly asks?: unknown
  /** The position of price and amount in a level. Defaults to the first and the second element of a list. */
  readonly places?: LocalOrderBook.Places | undefined
  readonly set?: ((book: LocalOrderBook.LocalOrderBook) => boolean) | undefined
  /** The sequence number of the first change, if the update has several. */
  readonly first?: number | undefined
  /** The sequence number of the update, or of its last change. */
  readonly last?: number | undefined
  /** The sequence number of the previous update. */
  readonly previous?: number | undefined
  readonly checksum?: number | undefined
}

/**
 * The rules by which the updates of an exchange follow each other.
 *
 * @since 0.1.0
 */
export interface Rules {
  /**
   * Classifies an update that arrives after the one with the number `last`. The default always returns `"next"`, for
   * exchanges without sequence numbers.
   */
  readonly follows?: ((last: number | undefined, update: BookUpdate) => "next" | "old" | "gap") | undefined
  /** Computes the checksum of the book, which is compared with that of an update, if any. */
  readonly checksum?: ((book: LocalOrderBook.LocalOrderBook) => number) | undefined
  /**
   * The maximum number of levels per side, if the exchange does not report which levels fall out of the subscribed
   * depth.
   */
  readonly maximumDepth?: number | undefined
  /** Whether the snapshot must be requested separately from the feed. Defaults to `false`. */
  readonly asksForSnapshot?: boolean | undefined
}

/**
 * Creates a reading that maintains one book from the frames of a subscription. `read` returns `undefined` for a frame
 * that is not understood.
 *
 * @since 0.1.0
 */
export const make = (options: {
  readonly exchange: string
  readonly symbol: ExchangeSymbol
  readonly unit?: BigDecimal | undefined
  readonly rules: Rules
  readonly read: (frame: unknown) => ReadonlyArray<BookUpdate> | undefined
}): Reading<BookView> => {
  const { read, rules: { asksForSnapshot = false, checksum, follows, maximumDepth }, ...about } = options
  const book = LocalOrderBook.make({ ...about, maximumDepth })
  let isSynced = false
  let isShowable = false
  let last: number | undefined
  let early: Array<BookUpdate> = []

  const fault = (because: string): Read<BookView> => ({ values: [], isWhole: false, fault: because })

  const change = (update: BookUpdate): string | undefined => {
    isShowable = false
    const isUnderstood = update.set === undefined
      ? update.kind === "snapshot"
        ? LocalOrderBook.replace(book, update.bids, update.asks, update.places)
        : LocalOrderBook.apply(book, update.bids, update.asks, update.places)
      : update.set(book)
    if (!isUnderstood) return "a level of the order book could not be decoded"
    last = update.last
    if (checksum !== undefined && update.checksum !== undefined && checksum(book) !== update.checksum) {
      return "the checksum of the order book does not match the exchange's"
    }
    return LocalOrderBook.isCrossed(book) ? "the best bid is not below the best ask" : undefined
  }

  /**
   * Handles an update that arrives before the snapshot. The update is buffered if the snapshot is requested separately,
   * and ignored otherwise.
   */
  const wait = (update: BookUpdate): Read<BookView> => {
    if (!asksForSnapshot) return waiting
    if (early.length >= mostEarly) early = []
    early.push(update)
    return asking
  }

  const begin = () => {
    isSynced = false
    last = undefined
    early = []
  }

  const take = (update: BookUpdate): Read<BookView> | undefined => {
    if (update.kind === "snapshot") {
      const [first] = early
      // The book is newer.
      if (asksForSnapshot && isSynced && follows?.(last, update) === "old") return undefined
      // The snapshot is older than the first buffered update and leaves a gap: another one is needed.
      if (asksForSnapshot && first !== undefined && follows?.(update.last, first) === "gap") return asking
      const pending = early
      begin()
      const wrong = change(update)
      if (wrong !== undefined) return fault(wrong)
      isSynced = true
      for (const each of pending) {
        const failed = take(each)
        if (failed !== undefined) return failed
      }
      return undefined
    }
    if (!isSynced) return wait(update)
    switch (follows?.(last, update) ?? "next") {
      case "old":
        return undefined
      case "gap":
        return fault("an update of the order book was lost")
      case "next": {
        const wrong = change(update)
        return wrong === undefined ? undefined : fault(wrong)
      }
    }
  }

  const whole: Read<BookView> = {
    get values() {
      return isShowable ? [LocalOrderBook.view(book)] : []
    },
    isWhole: true
  }

  return {
    repeats: true,
    // An update copies the levels that a view holds, so a view is created only if it is read.
    isLazy: true,
    begin,
    read: (frame) => {
      const updates = read(frame)
      if (updates === undefined) return fault("a frame of the order book could not be decoded")
      if (updates.length === 0) return waiting
      for (const update of updates) {
        const failed = take(update)
        if (failed !== undefined) return failed
      }
      isShowable = true
      return whole
    }
  }
}

/** The size at which the buffer of early updates is emptied: by then, its first updates are no longer useful. */
const mostEarly = 5000

const waiting: Read<BookView> = { values: [], isWhole: false }
const asking: Read<BookView> = { ...waiting, wants: true }
