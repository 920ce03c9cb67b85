/**
 * Deribit's API v2 over a WebSocket (docs.deribit.com, "Subscriptions"): JSON-RPC whose notifications name their channel,
 * and of which those about an account are for who has logged in.
 *
 * @since 0.1.0
 */
import { Feeds, Wire } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import { isLeftOut } from "./Markets.js"
import { signedParameters } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { get, list, text, whole } = Feeds

const topicOn = (socket: "public" | "private") => (channel: string): Feeds.Topic => ({ socket, key: channel, channel })
const [topic, ofAccount] = [topicOn("public"), topicOn("private")]

const call = (id: number | string, method: string, params: object = {}) => ({ jsonrpc: "2.0", id, method, params })

/** Of what is no subscription the answer says nothing. Those that subscribe are numbered from 1 on. */
const unasked = 0

const asked = (method: string, id: (request: number) => number) =>
(
  topics: ReadonlyArray<Feeds.Topic>,
  { request }: Feeds.Asking
): ReadonlyArray<unknown> => {
  // All are of one connection.
  const [{ socket } = topic("")] = topics
  return [call(id(request), `${socket}/${method}`, { channels: topics.map(({ channel }) => channel) })]
}

/** The shortest there is, in seconds: so often Deribit speaks by itself, and asks for a proof that somebody listens. */
const heartbeat = 10

const heartbeats = call(unasked, "public/set_heartbeat", { interval: heartbeat })
const proof: Feeds.Said = { _tag: "Reply", message: call(unasked, "public/test") }

/** What the answer to a login is recognised by. */
const loggingIn = "login"

/**
 * To read and nothing else, whatever the key may do. What is granted to a connection ends with it, and would end sooner unless it
 * is asked for as long as can be: a year.
 */
const scope = "connection account:read trade:read wallet:none expires:31536000"

const login: NonNullable<Feeds.SocketFacts["login"]> = (credentials, moment) =>
  Either.right([
    call(loggingIn, "public/auth", {
      grant_type: "client_signature",
      ...signedParameters(credentials, moment),
      scope
    })
  ])

/** More was asked for than there are credits for, and the connection is closed. */
const tooManyRequests = "10028"

/** The login is no longer good. */
const unauthorized = "13009"

const refused = (frame: unknown, error: unknown): ReadonlyArray<Feeds.Said> => {
  const code = String(get(error, "code"))
  const because = text(get(error, "message")) ?? "no reason is given"
  if (code === tooManyRequests) return [{ _tag: "Ended", because }]
  if (get(frame, "id") === loggingIn) return [{ _tag: "LoginRefused", said: { code, text: because } }]
  if (code === unauthorized) return [{ _tag: "Ended", because }]
  const id = whole(get(frame, "id"))
  return id === unasked ? [] : [{ _tag: "Refused", request: id, said: { code, text: because } }]
}

const read = (frame: unknown): ReadonlyArray<Feeds.Said> | undefined => {
  const params = get(frame, "params")
  switch (get(frame, "method")) {
    case "subscription":
      return [{ _tag: "Data", key: text(get(params, "channel")) ?? "", frame: get(params, "data") }]
    case "heartbeat":
      return get(params, "type") === "test_request" ? [proof] : []
    case undefined:
      break
    default:
      return undefined
  }
  const error = get(frame, "error")
  if (error !== undefined) return refused(frame, error)
  if (get(frame, "id") === loggingIn) return [{ _tag: "LoggedIn" }]
  const id = whole(get(frame, "id"))
  if (id === undefined) return undefined
  // The channels that there are; what is not among them Deribit does not have, and does not say so.
  const keys = list(get(frame, "result")).filter((channel) => typeof channel === "string")
  return id > unasked ? [{ _tag: "Acknowledged", request: id, keys }] : []
}

const tickers = Feeds.readingOne(Wire.one(Rows.Ticker))
const trades = Feeds.reading(Wire.list(Rows.Trade))
const bars = Feeds.readingOne(Wire.one(Rows.Bar))

const numberOf = (trade: unknown): number => whole(get(trade, "trade_seq")) ?? 0

/** In which order the trades of one notification are is not said. */
const inOrder = (trades: unknown): unknown =>
  Array.isArray(trades) ? trades.toSorted((a, b) => numberOf(a) - numberOf(b)) : trades

const ordersOf = Feeds.reading(Wire.list(Rows.Order))
const fillsOf = Feeds.reading(Wire.list(Rows.Fill))
const coins = Feeds.reading(Wire.list(Rows.Balance))

/** What is of markets that are listed here. */
const listed = (rows: unknown): unknown =>
  Array.isArray(rows)
    ? rows.filter((row) => !isLeftOut(text(get(row, "instrument_name")) ?? ""))
    : rows

/** Levels are of a word, a price and an amount, which is zero with the word `delete`. */
const bookUpdates = (frame: unknown): ReadonlyArray<Feeds.BookUpdate> | undefined => {
  const type = get(frame, "type")
  const last = whole(get(frame, "change_id"))
  if (last === undefined || (type !== "snapshot" && type !== "change")) return undefined
  return [{
    kind: type === "snapshot" ? "snapshot" : "update",
    bids: get(frame, "bids"),
    asks: get(frame, "asks"),
    places: [1, 2],
    last,
    previous: whole(get(frame, "prev_change_id"))
  }]
}

/**
 * Tells what an update is by the number of the one before it. Numbers are of all markets together: none is missed that is left
 * out.
 *
 * @since 0.1.0
 * @category books
 */
export const follows: NonNullable<Feeds.BookRules["follows"]> = (last, { last: number, previous }) => {
  if (previous !== undefined && previous === last) return "next"
  return number === last ? "old" : "gap"
}

const connection: Feeds.SocketFacts = {
  at: { live: "wss://www.deribit.com/ws/api/v2", testnet: "wss://test.deribit.com/ws/api/v2" },
  path: "/ws/api/v2",
  welcome: [heartbeats]
}

/**
 * What Deribit calls each interval of candles, asked for or streamed. It has none of four hours, of a week or of a month.
 *
 * @since 0.1.0
 * @category constants
 */
export const resolutions = {
  "1m": "1",
  "3m": "3",
  "5m": "5",
  "15m": "15",
  "30m": "30",
  "1h": "60",
  "2h": "120",
  "6h": "360",
  "12h": "720",
  "1d": "1D"
} as const

/**
 * Deribit's feeds: public data every 100 milliseconds, as what comes at once is for those who have logged in, and the account at
 * once.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    // The same twice, so that public data does not wait for a login, nor end with one that is refused.
    sockets: { public: connection, private: { ...connection, login } },
    // Deribit does not say; it has 32 connections of an address.
    most: 200,
    batch: 50,
    subscribe: asked("subscribe", (request) => request),
    unsubscribe: asked("unsubscribe", (request) => -request),
    read,
    subscribes: { subscriptions: 1 },
    silence: `${2.5 * heartbeat} seconds`
  },
  ticker: { topic: ({ id }) => topic(`ticker.${id}.100ms`), reader: () => tickers },
  trades: {
    topic: ({ id }) => topic(`trades.${id}.100ms`),
    reader: () => (frame) => trades(inOrder(frame))
  },
  candles: {
    words: resolutions,
    topic: ({ id }, resolution) => topic(`chart.trades.${id}.${resolution}`),
    reader: () => bars
  },
  book: {
    // Of all levels there are.
    depths: 10_000,
    topic: ({ id }) => topic(`book.${id}.100ms`),
    reader: () => bookUpdates,
    rules: () => ({ follows })
  },
  // One order comes alone.
  orders: {
    topic: () => ofAccount("user.orders.any.any.raw"),
    reader: () => (frame) => ordersOf(listed(Array.isArray(frame) ? frame : [frame]))
  },
  fills: {
    topic: () => ofAccount("user.trades.any.any.raw"),
    reader: () => (frame) => fillsOf(listed(inOrder(frame)))
  },
  // Of one currency at a time.
  balances: { topic: () => ofAccount("user.portfolio.any"), reader: () => (frame) => coins([frame]) }
}
