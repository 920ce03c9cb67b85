import * as Record from "effect/Record"
import * as Channels from "../../internal/channels.js"
import { encode } from "../../internal/json.js"
import type { Row } from "./params.js"

/** @internal A message of a topic, without its table. */
export interface Message {
  readonly action: "partial" | "insert" | "update" | "delete"
  readonly data: ReadonlyArray<Row>
}

/** @internal The columns that identify a row of each table. */
export const keysOf: { readonly [table: string]: ReadonlyArray<string> } = {
  instrument: ["symbol"],
  orderBookL2: ["symbol", "id", "side"],
  orderBookL2_25: ["symbol", "id", "side"],
  orderBook10: ["symbol"],
  order: ["orderID"],
  execution: ["execID"],
  margin: ["account", "currency"]
}

/** The columns that every update of a row repeats, in addition to its keys. */
const referencesOf: { readonly [table: string]: ReadonlyArray<string> } = { order: ["clOrdID", "account", "symbol"] }

const columnsOf = (row: Row): ReadonlyMap<string, string> =>
  new Map(Object.entries(row).flatMap(([column, value]) => value === undefined ? [] : [[column, encode(value)]]))

const unsent: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map()

/**
 * @internal A channel of rows that change: all rows first, then those that are new, and only the changed columns of the
 * others. A new margin of zero is not sent.
 */
export const changing = <R>(
  table: string,
  read: Channels.Read<{ readonly isFirst: boolean; readonly rows: ReadonlyArray<Row> }, R>
): Channels.Read<Message, R> => {
  const keys = keysOf[table] ?? []
  const repeated = [...keys, ...referencesOf[table] ?? [], "timestamp"]
  return Channels.remembering(unsent, read, (sent, { isFirst, rows }) => {
    const next = new Map(sent)
    const messages = rows.flatMap((row): ReadonlyArray<Message> => {
      const id = keys.map((key) => String(row[key])).join(" ")
      const before = next.get(id)
      if (before === undefined && row["marginBalance"] === 0n) return []
      const now = columnsOf(row)
      next.set(id, now)
      if (before === undefined) return [{ action: "insert", data: [row] }]
      const changed = Array.from(now.keys()).filter((column) => now.get(column) !== before.get(column))
      return changed.every((column) => column === "timestamp")
        ? []
        : [{ action: "update", data: [Record.filter(row, (_, column) => [...repeated, ...changed].includes(column))] }]
    })
    return [next, isFirst ? [{ action: "partial", data: messages.flatMap(({ data }) => data) }] : messages]
  })
}
