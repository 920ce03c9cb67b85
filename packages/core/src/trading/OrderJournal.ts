/**
 * A journal of orders. It records every order before it is sent, and its outcome afterwards, so that a program that was
 * killed in between can find out what happened.
 *
 * A Layer that trades requires a journal. Use `layerFile` if orders must be found again after a restart, `layerMemory`
 * if you only reconcile while the program runs, and `layerNone` if you want no journal.
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
import { type Begun, Entry, JournalFailed, Outcome, type Service } from "./internal/journalEntry.js"
import * as JournalFile from "./internal/journalFile.js"

export {
  /**
   * An order that was begun, and its outcome. `Open` means that it has none yet. `orderId` is the exchange's id of an
   * order that was placed, and `outcomeAt` when the outcome was recorded (epoch milliseconds).
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
   * An order that is about to be sent. Amounts are in plain decimal notation, `at` is in epoch milliseconds, `account`
   * is a `Credentials.fingerprint`, `skew` is the exchange's clock minus ours at that time (in milliseconds), and
   * `worth` is what the guards counted for the order. An intent that `amends` an open order is never open itself. Its
   * `worth` is what was added, and is negative if that was given back.
   *
   * @since 0.1.0
   * @category schemas
   */
  Intent,
  /**
   * The error of a journal that cannot be written or read. Nothing was sent.
   *
   * @since 0.1.0
   * @category errors
   */
  JournalFailed,
  /**
   * The outcome of an order: `Placed` with the exchange's id, or `NotPlaced`. An order that has only an intent is open.
   * `begunAt` is the `at` of that intent, because two orders may have been begun with one client order id.
   *
   * @since 0.1.0
   * @category schemas
   */
  Outcome,
  /**
   * The account of entries from before entries named one. If you know that they belong to the account of a Layer, set
   * its `formerAccounts: [OrderJournal.unnamed]`.
   *
   * @since 0.1.0
   * @category models
   */
  unnamed
}

/**
 * The journal in which orders are recorded.
 *
 * @since 0.1.0
 * @category tags
 */
export class OrderJournal extends Context.Tag("@effect-exchange/core/trading/OrderJournal")<OrderJournal, Service>() {}

/**
 * Returns the intents of one account that have no outcome, oldest first.
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
 * Returns the intents among entries that have no outcome, oldest first.
 *
 * @since 0.1.0
 * @category combinators
 */
export const openOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<Intent> => bookOf(entries).open()

/**
 * Returns the result of {@link OrderJournal} `since` for entries. Use it to implement a journal of your own.
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
 * Provides a journal in memory, for tests and for programs that only reconcile while they run.
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
 * Provides a journal that records nothing, and logs that when the Layer is built. If the outcome of an order is unknown
 * when the program ends, you have to find the order yourself. Daily limits start at zero with every run.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerNone: Layer.Layer<OrderJournal> = Layer.effect(
  OrderJournal,
  Effect.as(
    Effect.logInfo(
      "Orders are not written to a journal: orders that are open when the program ends cannot be reconciled"
    ),
    { append: () => Effect.void, open: Effect.succeed([]), since: () => Effect.succeed([]) }
  )
)

/**
 * Provides a journal in a file, with one JSON document per line. The file is flushed to the disk after each line. A
 * last line that a killed process left unfinished is ignored.
 *
 * The file is read in pieces, whatever its size. Orders that have an outcome and were begun more than 48 hours ago are
 * removed when the file is opened and while it grows. To do so, the journal is written to a new file
 * (`<path>.compacting`) and renamed, so that no entry is lost whenever the process is killed.
 *
 * Only the owner can read the file (mode 0600). Only one program can use it at a time: `<path>.lock` names that program
 * (process id, host, and since when). A lock left behind by a process of this host that no longer runs is taken over.
 *
 * Fails with `JournalFailed` if the file cannot be opened, if another program has it open, or if a line other than the
 * last is not an entry. The error names that program or line, and says what to do.
 *
 * **Gotchas**
 *
 * - Each call creates a journal of its own, and a second one for the same path fails: create one Layer and provide that
 *   same value.
 * - The lock of another host cannot be checked: delete it yourself when that host is gone. A container that is
 *   restarted with another host name is another host. Two containers that share a file need different host names.
 * - A directory cannot be synced on Windows, which is logged as a warning.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (path: string): Layer.Layer<OrderJournal, JournalFailed, FileSystem.FileSystem> =>
  Layer.scoped(OrderJournal, JournalFile.make(path))
