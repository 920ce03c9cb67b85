import { encode } from "../../internal/json.js"
import type { Row } from "./params.js"

/** @internal What a connection last sent of each row, by topic, row and column. */
export type Sent = ReadonlyMap<string, ReadonlyMap<string, string>>

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

/**
 * Returns a row as it must be sent, and records it in `sent`. The first time this is the whole row, later only the
 * changed columns. Returns `undefined` if nothing changed.
 *
 * @internal
 */
export const send = (
  sent: Map<string, ReadonlyMap<string, string>>,
  topic: string,
  row: Row
): { readonly action: "insert" | "update"; readonly row: Row } | undefined => {
  const [table = ""] = topic.split(":")
  const keys = keysOf[table] ?? []
  const id = [topic, ...keys.map((key) => String(row[key]))].join(" ")
  const before = sent.get(id)
  const now = columnsOf(row)
  sent.set(id, now)
  if (before === undefined) return { action: "insert", row }
  const changed = Array.from(now.keys()).filter((column) => now.get(column) !== before.get(column))
  const included = new Set([...keys, ...referencesOf[table] ?? [], "timestamp", ...changed])
  return changed.every((column) => column === "timestamp")
    ? undefined
    : { action: "update", row: Object.fromEntries(Object.entries(row).filter(([column]) => included.has(column))) }
}
