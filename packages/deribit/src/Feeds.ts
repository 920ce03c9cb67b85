/**
 * Deribit's API v2 over a WebSocket (docs.deribit.com, "Subscriptions"): JSON-RPC with notifications that name their
 * channel. Channels about an account require a login.
 *
 * @since 0.1.0
 */
import { Feeds, Wire } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import { signedParameters } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { get, list, text, whole } = Feeds

const topicOn = (socket: "public" | "private") => (channel: string): Feeds.Topic => ({ socket, key: channel, channel })
const [topic, ofAccount] = [topicOn("public"), topicOn("private")]

const call = (id: number | string, method: string, params: object = {}) => ({ jsonrpc: "2.0", id, method, params })

/** The id of requests whose response is ignored. Requests that subscribe are numbered from 1 on. */
const noRequest = 0

const subscriptionMessages = (method: string, id: (request: number) => number) =>
(
  topics: ReadonlyArray<Feeds.Topic>,
  { request }: Feeds.RequestContext
): ReadonlyArray<unknown> => {
  // All topics are of one connection.
  const [{ socket } = topic("")] = topics
  return [call(id(request), `${socket}/${method}`, { channels: topics.map(({ channel }) => channel) })]
}

/** The interval in seconds at which Deribit sends heartbeats, some of which require a response. This is the minimum. */
const heartbeat = 10

const heartbeats = call(noRequest, "public/set_heartbeat", { interval: heartbeat })
const heartbeatReply: Feeds.Message = { _tag: "Reply", message: call(noRequest, "public/test") }

/** The id that identifies the response to a login. */
const loggingIn = "login"

/**
 * Requests the right to read and nothing else, whatever the key may do. The right ends with the connection. It would
 * end earlier if it were not requested for the longest possible time, one year.
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

/** The requests exceeded the available credits, and Deribit closes the connection. */
const tooManyRequests = "10028"

/** The login is no longer valid. */
const unauthorized = "13009"

const refused = (frame: unknown, error: unknown): ReadonlyArray<Feeds.Message> => {
  const code = String(get(error, "code"))
  const because = text(get(error, "message")) ?? "the exchange gave no reason"
  if (code === tooManyRequests) return [{ _tag: "Ended", because }]
  if (get(frame, "id") === loggingIn) return [{ _tag: "LoginRefused", error: { code, text: because } }]
  if (code === unauthorized) return [{ _tag: "Ended", because }]
  const id = whole(get(frame, "id"))
  return id === noRequest ? [] : [{ _tag: "Refused", request: id, error: { code, text: because } }]
}

const read = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  const params = get(frame, "params")
  switch (get(frame, "method")) {
    case "subscription":
      return [{ _tag: "Data", key: text(get(params, "channel")) ?? "", frame: get(params, "data") }]
    case "heartbeat":
      return get(params, "type") === "test_request" ? [heartbeatReply] : []
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
  // The response lists the subscribed channels. A channel that Deribit does not have is left out without an error.
  const keys = list(get(frame, "result")).filter((channel) => typeof channel === "string")
  return id > noRequest ? [{ _tag: "Acknowledged", request: id, keys }] : []
}

const tickers = Feeds.readingOne(Wire.one(Rows.Ticker))
const trades = Feeds.reading(Wire.list(Rows.Trade))
const bars = Feeds.readingOne(Wire.one(Rows.Bar))

const numberOf = (trade: unknown): number => whole(get(trade, "trade_seq")) ?? 0

/** Sorts the trades of one notification, whose order is not documented. */
const inOrder = (trades: unknown): unknown =>
  Array.isArray(trades) ? trades.toSorted((a, b) => numberOf(a) - numberOf(b)) : trades

const ordersOf = Feeds.reading(Wire.list(Rows.Order))
const fillsOf = Feeds.reading(Wire.list(Rows.Fill))
const coins = Feeds.reading(Wire.list(Rows.Balance))

/**
 * Returns `true` if the name is that of an option or a combination. This adapter does not list those markets and
 * ignores their rows.
 */
const isLeftOut = (name: string): boolean => /-[CP]$|^[^-]+-[A-Z]+-/.test(name)

/** Keeps the rows of the markets that this adapter lists. */
const listed = (rows: unknown): unknown =>
  Array.isArray(rows)
    ? rows.filter((row) => !isLeftOut(text(get(row, "instrument_name")) ?? ""))
    : rows

/** A level has an action, a price and an amount. The amount is zero if the action is `delete`. */
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
 * Classifies a book update as next, old or gap, given the sequence number of the book and the number before the update.
 * The numbers are shared by all markets, so a skipped number is not a lost update.
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
 * Deribit's names for the candle intervals, in requests and in streams. It has none of four hours, a week or a month,
 * and its candles of a day begin at 08:00 UTC, so that they are not those of this library.
 *
 * @since 0.1.0
 * @category constants
 */
export const intervals = {
  "1m": "1",
  "3m": "3",
  "5m": "5",
  "15m": "15",
  "30m": "30",
  "1h": "60",
  "2h": "120",
  "6h": "360",
  "12h": "720"
} as const

/**
 * The feeds of Deribit. Public data arrives every 100 milliseconds, because public data without a delay requires a
 * login. The data of the account arrives without a delay.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    // Two sockets with the same address, so that public data neither waits for a login nor ends with a refused one.
    sockets: { public: connection, private: { ...connection, login } },
    // Deribit does not document a maximum. It allows 32 connections per address.
    most: 200,
    batch: 50,
    subscribe: subscriptionMessages("subscribe", (request) => request),
    unsubscribe: subscriptionMessages("unsubscribe", (request) => -request),
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
    words: intervals,
    topic: ({ id }, resolution) => topic(`chart.trades.${id}.${resolution}`),
    reader: () => bars
  },
  book: {
    // The book has all levels there are.
    depths: 10_000,
    topic: ({ id }) => topic(`book.${id}.100ms`),
    reader: () => bookUpdates,
    rules: () => ({ follows })
  },
  // A single order arrives without a list.
  orders: {
    topic: () => ofAccount("user.orders.any.any.raw"),
    reader: () => (frame) => ordersOf(listed(Array.isArray(frame) ? frame : [frame]))
  },
  fills: {
    topic: () => ofAccount("user.trades.any.any.raw"),
    reader: () => (frame) => fillsOf(listed(inOrder(frame)))
  },
  // Each frame has one currency.
  balances: { topic: () => ofAccount("user.portfolio.any"), reader: () => (frame) => coins([frame]) }
}
