/**
 * The synchronisation of a local order book: which updates follow, which are old, and when the book has a gap.
 *
 * A book is handed out only while it is whole: from a snapshot on, as long as every update follows the one before it, all levels
 * are understood, the best bid is below the best ask, and the exchange's checksum, where it sends one, is that of the book.
 *
 * @since 0.1.0
 */
import type { BigDecimal } from "effect/BigDecimal"
import type { BookView } from "../model/BookView.js"
import type { ExchangeSymbol } from "../model/ExchangeSymbol.js"
import type { Read, Reading } from "./internal/subscription.js"
import * as LocalOrderBook from "./LocalOrderBook.js"

/**
 * A snapshot or an update in the exchange's numbers. `bids` and `asks` are lists of `LocalOrderBook.RawLevel`, or `set` changes a
 * book whose levels have ids, and answers whether it understood.
 *
 * @since 0.1.0
 */
export interface BookUpdate {
  readonly kind: "snapshot" | "update"
  readonly bids?: unknown
  readonly asks?: unknown
  /** Where price and amount stand in a level. Defaults to the first and the second of a list. */
  readonly places?: LocalOrderBook.Places | undefined
  readonly set?: ((book: LocalOrderBook.LocalOrderBook) => boolean) | undefined
  /** The number of its first change, where it has several. */
  readonly first?: number | undefined
  /** Its number, or that of its last change. */
  readonly last?: number | undefined
  /** The number of the update before it. */
  readonly previous?: number | undefined
  readonly checksum?: number | undefined
}

/**
 * How the updates of an exchange follow each other.
 *
 * @since 0.1.0
 */
export interface Rules {
  /** What an update is after one of the number `last`. Defaults to the next: exchanges without numbers. */
  readonly follows?: ((last: number | undefined, update: BookUpdate) => "next" | "old" | "gap") | undefined
  /** The checksum of the book, to be compared where an update has one. */
  readonly checksum?: ((book: LocalOrderBook.LocalOrderBook) => number) | undefined
  /** How many levels of a side there are, where the exchange does not say which fall out of it. */
  readonly maximumDepth?: number | undefined
  /** Whether the snapshot has to be asked for beside the feed. Defaults to `false`. */
  readonly asksForSnapshot?: boolean | undefined
}

/**
 * Keeps one book by what is read of each frame: `undefined` for a frame that is not understood.
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
    if (!isUnderstood) return "a level of the order book is not understood"
    last = update.last
    if (checksum !== undefined && update.checksum !== undefined && checksum(book) !== update.checksum) {
      return "the order book has another checksum than the exchange's"
    }
    return LocalOrderBook.isCrossed(book) ? "the best bid is not below the best ask" : undefined
  }

  /** Before there is a snapshot: nothing, or what may have to be applied to the one that is asked for. */
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
      // One that is older than all that came since leaves a gap: another is needed.
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
    // What a view holds is copied before it changes: none is made that nobody looks at.
    isLazy: true,
    begin,
    read: (frame) => {
      const updates = read(frame)
      if (updates === undefined) return fault("a frame of the order book is not understood")
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

/** So many updates come while a snapshot is asked for that the first of them are of no use any more. */
const mostEarly = 5000

const waiting: Read<BookView> = { values: [], isWhole: false }
const asking: Read<BookView> = { ...waiting, wants: true }
