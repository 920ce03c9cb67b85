/**
 * The account tables of BitMEX's realtime API. Orders and margins are rows that change, executions are only added.
 *
 * Where the documentation is silent, this simulator decides: the `partial` of executions has the latest execution, and
 * the `partial` of margins has those that are not zero. When a key is withdrawn, its connections are closed.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { ApiKey } from "../../engine/Account.js"
import * as Engine from "../../engine/Engine.js"
import * as Channels from "../../internal/channels.js"
import type * as Executions from "../../internal/executions.js"
import { uuid } from "../../internal/ids.js"
import * as Keys from "../../internal/keys.js"
import type { World } from "../../World.js"
import { marginRows } from "./account.js"
import { find } from "./markets.js"
import { executionRow, executionRows, orderRow } from "./orders.js"
import type { Row } from "./params.js"
import { changing, type Message } from "./rowUpdates.js"

/** @internal The status and the error text of a refusal. */
export type Refusal = readonly [status: number, error: string]

/** @internal Returns the key of a login. */
export const login = (args: ReadonlyArray<unknown>, world: World): Either.Either<ApiKey, Refusal> => {
  const [id, expires, signature] = args
  if (typeof expires !== "number" || expires * 1000 <= world.now) {
    return Either.left([400, "This request has expired - `expires` is in the past."])
  }
  const key = Keys.named(world, String(id))
  if (key === undefined || key.verifier._tag !== "Hmac") return Either.left([401, "Invalid API Key."])
  if (Keys.hmac(key.verifier.secret, `GET/realtime${expires}`) !== signature) {
    return Either.left([401, "Signature not valid."])
  }
  return key.enabled === false ? Either.left([403, "This key is disabled."]) : Either.right(key)
}

/** @internal */
export const channels = {
  order: changing(
    "order",
    Channels.executions({}, (_, { events, isFirst, open }, { engine }) => {
      const rows = isFirst
        ? open.map((order) => orderRow(order, Engine.fillsOf(engine, order.id)))
        : events.map(({ fills, order }) => orderRow(order, fills))
      return [{ isFirst, rows }]
    })
  ),
  execution: Channels.executions({}, (_, { events, isFirst }, world): ReadonlyArray<Message> =>
    isFirst
      ? [{ action: "partial", data: executionRows(world).slice(-1) }]
      : events.map((event) => ({ action: "insert", data: [executed(event)] }))),
  margin: changing(
    "margin",
    Channels.holdings({}, (_, { isFirst }, world) => [{ isFirst, rows: marginRows(world) }])
  )
}

const kinds = { placed: "New", changed: "Replaced", ended: "Canceled", filled: "Trade" } as const

/** Encodes an order with the event that changed it. Only a fill has a traded quantity. */
const executed = ({ fill, fills, order, what }: Executions.Event): Row => {
  const listing = find(order.instrument)
  const row = orderRow(order, fills)
  if (fill !== undefined && listing !== undefined) return executionRow(fill, listing, row)
  const name = ["bitmex/execution", what, order.id, order.updatedAt].join("/")
  return { ...row, execID: uuid(name), execType: kinds[what], lastQty: undefined, lastPx: undefined }
}
