/**
 * Bybit's private stream, following its documentation of 2026-07:
 *
 * - A login signs its expiry time.
 * - Topics cover all categories or one category, and a request may not mix the two.
 * - Rows are encoded as over HTTP.
 * - Past events are not sent.
 *
 * Where the documentation is silent, this simulator decides: the text of a refused login, after which the connection is
 * closed, and the close when the key expires. Every change of a balance sends the whole wallet, in which coins may be
 * zero. Options have no data. The topics are `order`, `execution` and `wallet`. `max_active_time` is always ten
 * minutes.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { ApiKey } from "../../engine/Account.js"
import * as Channels from "../../internal/channels.js"
import { isFilled } from "../../internal/executions.js"
import type { Readers } from "../../internal/fields.js"
import type { Input } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { accountRow } from "./account.js"
import * as Connection from "./connection.js"
import { type Category, events } from "./markets.js"
import { executionRow, orderRow } from "./orders.js"
import { category, type Refusal } from "./params.js"

const uid = 1_448_939

const keyOf = ({ args }: Input, world: World): Either.Either<ApiKey, string> => {
  const [id, expires, signature]: ReadonlyArray<unknown> = Array.isArray(args) ? args : []
  if (typeof id !== "string" || typeof expires !== "number" || typeof signature !== "string") {
    return Either.left("Params Error")
  }
  const key = Keys.named(world, id)
  if (key === undefined) return Either.left("API key is invalid.")
  const secret = Keys.secretOf(key)
  if (secret === undefined) return Either.left("Your api key has expired.")
  if (expires <= world.now) return Either.left("Params Error: expires is in the past")
  return Keys.hmac(secret, `GET/realtime${expires}`) === signature
    ? Either.right(key)
    : Either.left("error:sign")
}

const message = (name: string, number: number, row: Json, { now }: World): Connection.Message => ({
  id: `${uid}_${name}_${number}`,
  creationTime: now,
  data: [row]
})

type Row = readonly [number: number, row: { readonly [name: string]: Json | undefined }]

/** The topic of all categories and those of one category. */
const topics = (name: string, rowsOf: (event: ReturnType<typeof events>[number]) => ReadonlyArray<Row>) => {
  const channel = (readers: Readers<{ readonly wanted: Category | undefined }, Refusal>) =>
    Channels.executions(readers, ({ wanted }, change, world) =>
      events(change.events)
        .filter(({ listing }) => (wanted ?? listing.category) === listing.category)
        .flatMap((event) =>
          rowsOf(event).map(([number, row]) =>
            message(event.listing.name, number, { category: event.listing.category, ...row }, world)
          )
        ))
  return {
    [name]: channel({ wanted: () => Either.right(undefined) }),
    [`${name}.{category}`]: channel({ wanted: category })
  }
}

const channels = Channels.table<Connection.Message, unknown>({
  ...topics("order", (event) => [
    [event.order.updatedAt, { ...orderRow(event, event.fills), closedPnl: "0", feeCurrency: "" }]
  ]),
  ...topics(
    "execution",
    (event) => isFilled(event) ? [[event.fill.id, { ...executionRow(event), isLeverage: "0" }]] : []
  ),
  wallet: Channels.balances(
    {},
    (_, { isFirst }, world) => isFirst ? [] : [message("WALLET", world.now, accountRow(world, () => true), world)]
  )
})

const methods: Readonly<Record<string, Connection.Method>> = {
  auth: (input, state, world) => Either.map(keyOf(input, world), (key) => ["", { ...state, key }]),
  unsubscribe: Connection.unsubscribe,
  subscribe: Connection.subscribe(channels, (names, { key }) => {
    if (key === undefined) return "Request not authorized"
    return names.some((one) => names.some((other) => other.startsWith(`${one}.`)))
      ? "error:all-in-one and categorised topics in one request"
      : undefined
  }, "")
}

const pong = ({ req_id }: Input, { now }: World): Streaming.Frame =>
  Streaming.control({
    req_id: typeof req_id === "string" ? req_id : undefined,
    op: "pong",
    args: [String(now)],
    conn_id: Connection.conn_id
  })

/** @internal */
export const conversation: Streaming.Conversation = Connection.make(methods, {
  receive: (next, text, ...at) => {
    const input = Connection.read(text)
    return input["op"] === "ping"
      ? { frames: [pong(input, at[0])], next }
      : Connection.receive(methods)(next, text, ...at)
  },
  expire: (next) => ({ frames: [], next, close: next.key && { code: 1008, reason: "the key has expired" } })
})
