/**
 * A journal of orders: what was about to be sent, and what became of it, so that a program that was killed in between
 * can find out.
 *
 * A Layer that trades asks for one. `layerFile` is for programs whose orders are to be found again, `layerMemory` for those
 * that reconcile only while they run, `layerNone` for those that want none.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Intent, unnamed } from "../model/internal/intent.js"
import * as JournalBook from "./internal/journalBook.js"
import { type Begun, Entry, JournalFailed, Outcome } from "./internal/journalEntry.js"
import * as JournalFile from "./internal/journalFile.js"

export {
  /**
   * An order that was begun, and what is known of it: `Open` is one that has no outcome.
   *
   * @since 0.1.0
   * @category models
   */
  type Begun,
  /**
   * A line of a journal.
   *
   * @since 0.1.0
   * @category schemas
   */
  Entry,
  /**
   * An order that is about to be sent. Amounts are plain decimals, `at` is epoch milliseconds, `account` a
   * `Credentials.fingerprint`, `worth` what the order counted with the guards. One that `amends` an order that stands is never
   * open: its `worth` is what was added, and below zero where that was given back.
   *
   * @since 0.1.0
   * @category schemas
   */
  Intent,
  /**
   * The journal cannot be written or read. Nothing was sent.
   *
   * @since 0.1.0
   * @category errors
   */
  JournalFailed,
  /**
   * What became of an order: `Placed` with the exchange's id, or `NotPlaced`. An order that has only an intent is open.
   *
   * @since 0.1.0
   * @category schemas
   */
  Outcome,
  /**
   * The account of entries from before entries named one. Who knows whose they are says so by
   * `formerAccounts: [OrderJournal.unnamed]`.
   *
   * @since 0.1.0
   * @category models
   */
  unnamed
}

/**
 * Where orders are written down.
 *
 * @since 0.1.0
 * @category tags
 */
export class OrderJournal extends Context.Tag("@effect-exchange/core/trading/OrderJournal")<OrderJournal, {
  /** Returns when the entry is as safe as it gets; an order is not sent before. */
  readonly append: (entry: Entry) => Effect.Effect<void, JournalFailed>
  /** The intents without an outcome, of all accounts, oldest first. */
  readonly open: Effect.Effect<ReadonlyArray<Intent>, JournalFailed>
  /**
   * The orders of an account begun since then (epoch milliseconds), and what became of them. Whatever the journal, it knows
   * those of the last 48 hours; `layerNone` knows none.
   */
  readonly since: (
    account: string,
    exchange: string,
    environment: string,
    epochMillis: number
  ) => Effect.Effect<ReadonlyArray<Begun>, JournalFailed>
}>() {}

/**
 * The intents without an outcome that a journal has of one account, oldest first.
 *
 * @since 0.1.0
 * @category combinators
 */
export const openFor = (
  journal: OrderJournal["Type"],
  account: string
): Effect.Effect<ReadonlyArray<Intent>, JournalFailed> =>
  Effect.map(journal.open, (intents) => intents.filter((intent) => intent.account === account))

/**
 * The intents among entries that have no outcome, oldest first.
 *
 * @since 0.1.0
 * @category combinators
 */
export const openOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<Intent> => bookOf(entries).open()

/**
 * What {@link OrderJournal} `since` answers, from entries: for journals of your own.
 *
 * @since 0.1.0
 * @category combinators
 */
export const sinceOf = (
  entries: ReadonlyArray<Entry>,
  ...[account, exchange, environment, epochMillis]: Parameters<OrderJournal["Type"]["since"]>
): ReadonlyArray<Begun> => bookOf(entries).since(account, exchange, environment, epochMillis)

const bookOf = (entries: ReadonlyArray<Entry>): JournalBook.Book => {
  const book = JournalBook.make()
  for (const entry of entries) book.add(entry, Number.NEGATIVE_INFINITY)
  return book
}

/**
 * A journal in memory: for tests, and for programs that reconcile only while they run.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<OrderJournal> = Layer.sync(OrderJournal, () => {
  const book = JournalBook.make()
  return {
    append: (entry) => Effect.map(Clock.currentTimeMillis, (now) => book.add(entry, now)),
    open: Effect.sync(book.open),
    since: (...of) => Effect.sync(() => book.since(...of))
  }
})

/**
 * No journal: nothing is written down, and that is said in the log when the Layer is built. An order whose outcome is
 * unknown when the program ends is for you to find, and limits a day begin at nothing with every start.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerNone: Layer.Layer<OrderJournal> = Layer.effect(
  OrderJournal,
  Effect.as(
    Effect.logInfo("Orders are written to no journal: what is open when the program ends cannot be reconciled"),
    { append: () => Effect.void, open: Effect.succeed([]), since: () => Effect.succeed([]) }
  )
)

/**
 * A journal in a file, one JSON document a line, flushed to the disk after each. A last line that a killed process left
 * unfinished is no entry.
 *
 * The file is read in pieces, whatever its size. What is needed no more (orders that have an outcome and were begun more
 * than 48 hours ago) goes when the file is opened and while it grows: it is written anew beside (`<path>.compacting`) and
 * renamed, which no moment of being killed can lose an entry by. Only its owner can read it (mode 0600).
 *
 * One program at a time: `<path>.lock` says which (process id, host, since when). What a process of this host left behind
 * that runs no more is taken over.
 *
 * Fails with `JournalFailed` when the file cannot be opened, when another program has it open, or when a line other than
 * the last is no entry: the error says which program, or which line, and what to do.
 *
 * **Gotchas**
 *
 * - Each call is a journal of its own, and the second of one path fails: make one Layer and provide that same value.
 * - The lock of another host cannot be judged: it is for you to delete when that host is gone. A container that is started
 *   again with another host name is another host; two containers that share a file need different host names.
 * - A directory cannot be synced on Windows; a warning says so.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (path: string): Layer.Layer<OrderJournal, JournalFailed, FileSystem.FileSystem> =>
  Layer.scoped(OrderJournal, JournalFile.make(path))
