import type { Intent } from "../../model/internal/intent.js"
import type { Begun, Entry, Outcome } from "./journalEntry.js"

/**
 * The part of a journal that is in memory: the intents without an outcome, however old, and every order begun within
 * {@link kept}, for daily totals.
 *
 * @internal
 */
export interface Book {
  readonly add: (entry: Entry, now: number) => void
  readonly open: () => ReadonlyArray<Intent>
  readonly since: (
    account: string,
    exchange: string,
    environment: string,
    epochMillis: number
  ) => ReadonlyArray<Begun>
  /**
   * Drops the orders that are neither open nor recent, as of `now` or the latest entry, whichever is earlier. Returns the
   * number of entries that remain.
   */
  readonly forget: (now: number) => number
  /**
   * Returns the entries that a file must contain to restore this book. Intents that are added later are not among them.
   */
  readonly entries: () => Iterable<Entry>
}

/**
 * How long an order with an outcome is kept, in milliseconds. With 48 hours, all of a UTC day is available in every
 * time zone.
 *
 * @internal
 */
export const kept = 48 * 3_600_000

interface Row {
  readonly intent: Intent
  outcome: Outcome | undefined
  open: boolean
}

/** @internal */
export const make = (): Book => {
  let rows: Array<Row> = []
  // Several calls may have one client order id. Each has an outcome of its own.
  const open = new Map<string, Array<Row>>()
  let forgetAt = least

  const forget = (now: number) => {
    // Not by the clock alone: if it were days ahead, the orders of today would be dropped.
    const latest = rows.reduce((latest, { intent, outcome }) => Math.max(latest, intent.at, outcome?.at ?? 0), 0)
    const from = Math.min(now, latest) - kept
    rows = rows.filter((row) => row.open || row.intent.at >= from)
    forgetAt = Math.max(least, 2 * rows.length)
    return rows.reduce((count, { outcome }) => count + (outcome === undefined ? 1 : 2), 0)
  }

  return {
    add: (entry, now) => {
      const key = keyOf(entry)
      const namesakes = open.get(key) ?? []
      if (entry._tag === "Intent") {
        const isKnown = namesakes.some(({ intent }) => intent.at === entry.at)
        // The order that is amended exists, so the amendment is not looked up by its client order id.
        const next: Row = { intent: entry, outcome: undefined, open: !isKnown && entry.amends === undefined }
        rows.push(next)
        if (next.open) open.set(key, [...namesakes, next])
        if (rows.length >= forgetAt) forget(now)
      } else {
        const { begunAt } = entry
        const row = namesakes.find(({ intent }) => begunAt === undefined || intent.at === begunAt)
        if (row === undefined) return
        row.outcome = entry
        row.open = false
        if (namesakes.length === 1) open.delete(key)
        else open.set(key, namesakes.filter(({ open }) => open))
      }
    },
    open: () => rows.filter(({ open }) => open).map(({ intent }) => intent),
    since: (account, exchange, environment, epochMillis) =>
      rows.flatMap(({ intent, outcome }) =>
        intent.at >= epochMillis && intent.account === account && intent.exchange === exchange &&
          intent.environment === environment
          ? [{
            ...intent,
            outcome: outcome?._tag ?? (intent.amends === undefined ? "Open" : "Placed"),
            ...outcome === undefined ? {} : { orderId: outcome.orderId, outcomeAt: outcome.at }
          }]
          : []
      ),
    forget,
    entries: () => entriesOf(rows, rows.length)
  }
}

function* entriesOf(rows: ReadonlyArray<Row>, length: number): Iterable<Entry> {
  for (let index = 0; index < length; index++) {
    const row = rows[index]
    if (row === undefined) continue
    yield row.intent
    if (row.outcome !== undefined) yield row.outcome
  }
}

// Below this number of orders, dropping some is not worth the effort.
const least = 1024

/** Returns the key that identifies an order in a journal. */
const keyOf = ({ account, clientOrderId, environment, exchange }: Entry): string =>
  JSON.stringify([exchange, environment, account, clientOrderId])
