/**
 * The account tables of BitMEX's realtime API. Orders and margins are rows that change, executions are only added.
 *
 * Where the documentation is silent, this simulator decides: the `partial` of executions has the latest execution, and
 * the `partial` of margins has those that are not zero. When a key is withdrawn, its connections are closed.
 *
 * @internal
 */
import type { ApiKey } from "../../engine/Account.js"
import * as Engine from "../../engine/Engine.js"
import type * as Executions from "../../internal/executions.js"
import { uuid } from "../../internal/ids.js"
import * as Keys from "../../internal/keys.js"
import * as Topics from "../../internal/watches.js"
import type * as Watch from "../../internal/watches.js"
import type * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { account, marginRows } from "./account.js"
import { find } from "./markets.js"
import { executionRow, executionRows, orderRow } from "./orders.js"
import type { Row } from "./params.js"
import { keysOf, send } from "./rowUpdates.js"

/** @internal */
export const subjects: { readonly [table: string]: Watch.Subject } = {
  order: { _tag: "Executions" },
  execution: { _tag: "Executions" },
  margin: { _tag: "Balances" }
}

/** @internal Returns the key of a login, or the status and the error text if the login is refused. */
export const login = (
  args: ReadonlyArray<unknown>,
  world: World
): ApiKey | readonly [status: number, error: string] => {
  const [id, expires, signature] = args
  if (typeof expires !== "number" || expires * 1000 <= world.now) {
    return [400, "This request has expired - `expires` is in the past."]
  }
  const key = Keys.named(world, String(id))
  if (key === undefined || key.verifier._tag !== "Hmac") return [401, "Invalid API Key."]
  if (Keys.hmac(key.verifier.secret, `GET/realtime${expires}`) !== signature) return [401, "Signature not valid."]
  return key.enabled === false ? [403, "This key is disabled."] : key
}

/** @internal */
export const unauthorized = "User requested an account-locked subscription but no authorization was provided."

const frame = (table: string, action: string, data: ReadonlyArray<Row>): Streaming.Frame =>
  Topics.data(
    action === "partial"
      ? { table, action, keys: keysOf[table] ?? [], types: {}, filter: { account }, data: [...data] }
      : { table, action, data: [...data] }
  )

/** @internal Encodes a change of an account table, and records in `sent` what was sent. */
export const framesOf = (
  table: string,
  change: Watch.Change & { readonly _tag: "Executions" | "Balances" },
  world: World,
  sent: Map<string, ReadonlyMap<string, string>>
): ReadonlyArray<Streaming.Frame> => {
  const { isFirst } = change
  if (table === "execution" && change._tag === "Executions") {
    return isFirst
      ? [frame(table, "partial", executionRows(world).slice(-1))]
      : change.events.map((event) => frame(table, "insert", [executed(event)]))
  }
  if (change._tag === "Balances") {
    if (!isFirst) return []
    const rows = marginRows(world).filter(({ marginBalance }) => marginBalance !== 0n)
    for (const row of rows) send(sent, table, row)
    return [frame(table, "partial", rows)]
  }
  const rows = isFirst
    ? change.open.map((order) => orderRow(order, Engine.fillsOf(world.engine, order.id)))
    : change.events.map(({ fills, order }) => orderRow(order, fills))
  const updates = rows.flatMap((row) => send(sent, table, row) ?? [])
  return isFirst ? [frame(table, "partial", rows)] : updates.map(({ action, row }) => frame(table, action, [row]))
}

/** @internal Encodes the margins that changed since they were last sent, by trades or by the value of positions. */
export const margins = (
  world: World,
  sent: Map<string, ReadonlyMap<string, string>>
): ReadonlyArray<Streaming.Frame> =>
  marginRows(world).flatMap((row) => {
    if (row["marginBalance"] === 0n && !sent.has(["margin", account, row["currency"]].join(" "))) return []
    const update = send(sent, "margin", row)
    return update === undefined ? [] : [frame("margin", update.action, [update.row])]
  })

const kinds = { placed: "New", changed: "Replaced", ended: "Canceled", filled: "Trade" } as const

/** Encodes an order with the event that changed it. Only a fill has a traded quantity. */
const executed = ({ fill, fills, order, what }: Executions.Event): Row => {
  const listing = find(order.instrument)
  const row = orderRow(order, fills)
  if (fill !== undefined && listing !== undefined) return executionRow(fill, listing, row)
  const name = ["bitmex/execution", what, order.id, order.updatedAt].join("/")
  return { ...row, execID: uuid(name), execType: kinds[what], lastQty: undefined, lastPx: undefined }
}
