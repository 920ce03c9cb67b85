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
import type { ApiKey } from "../../engine/Account.js"
import type { Input } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Topics from "../../internal/watches.js"
import type * as Watch from "../../internal/watches.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { accountRow } from "./account.js"
import * as Connection from "./connection.js"
import { ofInstrument } from "./markets.js"
import { executionRow, orderRow } from "./orders.js"

interface State {
  readonly key: ApiKey | undefined
  readonly topics: Topics.Topics
  /** When the client last sent a message. */
  readonly lastReceivedAt: number
}

const uid = 1_448_939

/** Returns the key of a login, or the reason if the login is refused. */
const keyOf = (args: unknown, world: World): ApiKey | string => {
  const [id, expires, signature]: ReadonlyArray<unknown> = Array.isArray(args) ? args : []
  if (typeof id !== "string" || typeof expires !== "number" || typeof signature !== "string") return "Params Error"
  const key = Keys.named(world, id)
  if (key === undefined) return "API key is invalid."
  const secret = Keys.secretOf(key)
  if (secret === undefined) return "Your api key has expired."
  if (expires <= world.now) return "Params Error: expires is in the past"
  return Keys.hmac(secret, `GET/realtime${expires}`) === signature ? key : "error:sign"
}

const topic = /^(?:(order|execution)(?:\.(spot|linear|inverse|option))?|wallet)$/

const receive = (state: State, text: string, world: World): Streaming.Turn<State> => {
  const current = { ...state, lastReceivedAt: world.now }
  const input = Connection.parseMessage(text)
  const answer = (success: boolean, ret_msg: string, next: State = current): Streaming.Turn<State> => {
    const turn = pass(next, world)
    return { ...turn, frames: [Connection.answer(input, success, ret_msg), ...turn.frames] }
  }
  const { args, op } = input
  const topics = Array.isArray(args) ? args.map(String) : []
  switch (op) {
    case "ping":
      return { frames: [pong(input, world)], next: current }
    case "auth": {
      const key = keyOf(args, world)
      return typeof key === "string"
        ? { ...answer(false, key), close: { code: 1008, reason: "the login was refused" } }
        : answer(true, "", { ...current, key })
    }
    case "subscribe": {
      if (state.key === undefined) return answer(false, "Request not authorized")
      const wrong = topics.find((one) => !topic.test(one))
      if (wrong !== undefined) return answer(false, `error:handler not found,topic:${wrong}`)
      const isMixed = topics.some((one) => topics.some((other) => other.startsWith(`${one}.`)))
      if (isMixed) return answer(false, "error:all-in-one and categorised topics in one request")
      const again = topics.find((one) => state.topics.has(one))
      if (again !== undefined) return answer(false, `error:already subscribed,topic:${again}`)
      const wanted = topics.reduce(
        (known, one) => Topics.add(known, one, { _tag: one === "wallet" ? "Balances" : "Executions" }),
        state.topics
      )
      return answer(true, "", { ...current, topics: wanted })
    }
    case "unsubscribe":
      return answer(true, "", { ...current, topics: Topics.remove(current.topics, topics) })
    default:
      return answer(false, "error:request op not support")
  }
}

const pong = ({ req_id }: Input, { now }: World): Streaming.Frame =>
  Streaming.control({
    req_id: typeof req_id === "string" ? req_id : undefined,
    op: "pong",
    args: [String(now)],
    conn_id: Connection.conn_id
  })

const pass = (state: State, world: World): Streaming.Turn<State> => {
  const close = Connection.closeIfIdle(state.lastReceivedAt, world)
  if (close !== undefined) return { frames: [], next: state, close }
  const [frames, topics] = Topics.poll(state.topics, world, framesOf(world))
  return { frames, next: { ...state, topics } }
}

const framesOf = (world: World) => ({ key }: Watch.Watch, change: Watch.Change): ReadonlyArray<Streaming.Frame> => {
  const framed = (name: string, number: number, row: Json): Streaming.Frame =>
    Topics.data({ topic: key, id: `${uid}_${name}_${number}`, creationTime: world.now, data: [row] })
  if (change._tag === "Balances") {
    return change.isFirst ? [] : [framed("WALLET", world.now, accountRow(world, () => true))]
  }
  if (change._tag !== "Executions") return []
  const [, what, wanted] = topic.exec(key) ?? []
  return change.events.flatMap(({ fill, fills, order }) => {
    const listing = ofInstrument(order.instrument)
    if (listing === undefined || (wanted ?? listing.category) !== listing.category) return []
    const { category } = listing
    if (what === "order") {
      const row = { category, ...orderRow({ listing, order }, fills), closedPnl: "0", feeCurrency: "" }
      return [framed(listing.name, order.updatedAt, row)]
    }
    if (fill === undefined) return []
    return [framed(listing.name, fill.id, { category, ...executionRow({ fill, listing, order }), isLeverage: "0" })]
  })
}

/** @internal */
export const conversation: Streaming.Conversation = Streaming.make<State>({
  initial: { key: undefined, topics: Topics.none, lastReceivedAt: 0 },
  begin: (state, world) => ({ frames: [], next: { ...state, lastReceivedAt: world.now } }),
  receive,
  pass,
  expire: (state) => ({
    frames: [],
    next: state,
    ...state.key === undefined ? {} : { close: { code: 1008, reason: "the key has expired" } }
  })
})
