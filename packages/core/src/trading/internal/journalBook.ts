import type { Intent } from "../../model/internal/intent.js"
import type { Begun, Entry, Outcome } from "./journalEntry.js"

/**
 * What a journal knows without reading: the intents that have no outcome, however old, and every order begun within
 * {@link kept}, for whoever sums up a day.
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
  /** Forgets what is neither open nor recent: how many entries remain. */
  readonly forget: (now: number) => number
  /** What has to stand in a file for the same to be known from it. What is added meanwhile is not among them. */
  readonly entries: () => Iterable<Entry>
}

/**
 * How long an order is kept that has its outcome, in milliseconds: 48 hours, so that the whole of a UTC day is there
 * wherever on earth it is asked for.
 *
 * @internal
 */
export const kept = 48 * 3_600_000

interface Row {
  readonly intent: Intent
  outcome: Outcome | undefined
  /** Of two of one name the exchange can have taken the first only: that is the one that is open, and has the outcome. */
  open: boolean
}

/** @internal */
export const make = (): Book => {
  let rows: Array<Row> = []
  const open = new Map<string, Row>()
  let forgetAt = least

  const forget = (now: number) => {
    rows = rows.filter((row) => row.open || row.intent.at >= now - kept)
    forgetAt = Math.max(least, 2 * rows.length)
    return rows.reduce((count, { outcome }) => count + (outcome === undefined ? 1 : 2), 0)
  }

  return {
    add: (entry, now) => {
      const key = keyOf(entry)
      const row = open.get(key)
      if (entry._tag === "Intent") {
        // What is amended stands: whether it was is not looked for under its name.
        const next: Row = { intent: entry, outcome: undefined, open: row === undefined && entry.amends === undefined }
        rows.push(next)
        if (next.open) open.set(key, next)
        if (rows.length >= forgetAt) forget(now)
      } else if (row !== undefined) {
        row.outcome = entry
        row.open = false
        open.delete(key)
      }
    },
    open: () => Array.from(open.values(), ({ intent }) => intent),
    since: (account, exchange, environment, epochMillis) =>
      rows.flatMap(({ intent, outcome }) =>
        intent.at >= epochMillis && intent.account === account && intent.exchange === exchange &&
          intent.environment === environment
          ? [{ ...intent, outcome: outcome?._tag ?? (intent.amends === undefined ? "Open" : "Placed") }]
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

// Below so many orders nothing is worth forgetting.
const least = 1024

/**
 * What makes an order one of its kind in a journal.
 *
 * @internal
 */
export const keyOf = ({ account, clientOrderId, environment, exchange }: Entry): string =>
  JSON.stringify([exchange, environment, account, clientOrderId])
