/**
 * Binance's WebSocket streams. The market streams run on combined connections, where every event names its stream. The
 * stream of an account runs on the socket that also accepts requests.
 *
 * Source: binance-spot-api-docs, `web-socket-streams.md`, `web-socket-api.md` and `user-data-stream.md`.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { Feeds, type Listing, Row, Wire } from "@effect-exchange/core/adapter"
import * as Effect from "effect/Effect"
import * as Endpoints from "./Endpoints.js"
import { signSubscription } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { get, text, whole } = Feeds
const { at, blank, decimal, map, orElse, positive, words } = Wire
const { instant } = Rows

/**
 * A stream is named by the market in lower case and the channel. The channel of a candle stream includes the interval.
 */
const topic = ({ id }: Market.Market, channel: string): Feeds.Topic => ({
  socket: "market",
  key: `${id.toLowerCase()}@${channel}`,
  channel
})

const userData = "userData"

/** Orders, fills and balances arrive on one stream. */
const ofAccount = (): Feeds.Topic => ({ socket: "account", key: userData, channel: userData })

const subscriptionMessages =
  (method: "SUBSCRIBE" | "UNSUBSCRIBE") =>
  (topics: ReadonlyArray<Feeds.Topic>, { request, token }: Feeds.RequestContext): ReadonlyArray<unknown> => {
    if (token === undefined) return [{ method, params: topics.map(({ key }) => key), id: request }]
    // Without a subscription id, this ends every subscription of the connection. There is only this one.
    if (method === "UNSUBSCRIBE") return [{ id: request, method: "userDataStream.unsubscribe" }]
    const { timestamp, ...params } = Object.fromEntries(
      token.split("&").map((part) => part.split("=").map(decodeURIComponent))
    )
    return [{
      id: request,
      method: "userDataStream.subscribe.signature",
      params: { ...params, timestamp: Number(timestamp) }
    }]
  }

/** Codes for an invalid key, signature or timestamp. The first one may mean that the key was rotated. */
const loginCodes = new Set([-1002, -1021, -1022, -2014, -2015])

/** A subscription to a market that does not exist is acknowledged like any other, but never receives data. */
const read = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  const [data, event] = [get(frame, "data"), get(frame, "event")]
  if (get(data ?? event ?? frame, "e") === "serverShutdown") return [{ _tag: "Leaving" }]
  if (get(event, "e") === "eventStreamTerminated") {
    return [{ _tag: "Ended", keys: [userData], because: "the exchange ended the account stream" }]
  }
  if (text(get(event, "e")) !== undefined) return [{ _tag: "Data", key: userData, frame: event }]
  const stream = text(get(frame, "stream"))
  if (stream !== undefined) return [{ _tag: "Data", key: stream, frame: data }]
  return answered(frame)
}

const answered = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  const request = whole(get(frame, "id"))
  const result = get(frame, "result")
  if (result === null || get(result, "subscriptionId") !== undefined) return [{ _tag: "Acknowledged", request }]
  if (typeof result === "object") return [{ _tag: "Pong" }]
  const error = get(frame, "error") ?? frame
  const code = whole(get(error, "code"))
  if (code === undefined) return undefined
  const reason = { code: String(code), text: text(get(error, "msg")) ?? "the exchange gave no reason" }
  if (loginCodes.has(code)) return [{ _tag: "LoginRefused", error: reason }]
  const status = whole(get(frame, "status")) ?? 400
  return status >= 500 || status === 418 || status === 429
    ? [{ _tag: "Ended", because: `the exchange refused temporarily: ${reason.text}` }]
    : [{ _tag: "Refused", request, error: reason }]
}

const Ticker = Row.ticker({
  last: at("c", positive(decimal)),
  bid: at("b", positive(decimal)),
  ask: at("a", positive(decimal)),
  open24h: at("o", positive(decimal)),
  high24h: at("h", positive(decimal)),
  low24h: at("l", positive(decimal)),
  volume24h: at("v", decimal),
  at: at("C", instant)
})

// If the buyer was the maker, the taker sold.
const Trade = Row.trade({
  id: at("t", Wire.text),
  side: at("m", words({ true: "sell", false: "buy" })),
  price: at("p", decimal),
  amount: at("q", decimal),
  at: at("T", instant)
})

const Bar = Row.barSoFar(
  Row.ohlcv(instant, decimal, ["k.t", "k.o", "k.h", "k.l", "k.c", "k.v"]),
  { isOpen: at("k.x", Wire.wordsOr({ true: false, false: true }, undefined)) }
)

const reportedName = orElse(at("C", blank(Wire.text)), at("c", blank(Wire.text)))

/**
 * An `executionReport`: the state of an order after an event. `c` is the client order id, unless the order was
 * canceled: then `c` is the id of the cancellation and `C` is the client order id.
 */
const Report = Row.order({
  ...Rows.orderBy({
    id: "i",
    market: "s",
    side: "S",
    type: "o",
    status: "X",
    price: "p",
    size: "q",
    inQuote: "Q",
    filled: "z",
    paid: "Z",
    timeInForce: "f"
  }),
  clientOrderId: reportedName,
  createdAt: at("O", instant),
  updatedAt: at("T", instant)
})

/**
 * The fill in an `executionReport`, if there is one.
 */
const ReportedFill = Row.entry(
  at("t", Wire.text),
  Row.fill({
    id: at("t", Wire.text),
    orderId: at("i", Wire.text),
    market: at("s", Wire.text),
    clientOrderId: reportedName,
    side: at("S", words({ BUY: "buy", SELL: "sell" })),
    price: at("L", decimal),
    amount: at("l", decimal),
    fee: at("n", decimal),
    feeAsset: at("N", blank(Wire.text)),
    liquidity: at("m", words({ true: "maker", false: "taker" })),
    at: at("T", instant)
  }),
  map(at("x", Wire.text), (what) => what === "TRADE")
)

/**
 * A balance in an `outboundAccountPosition` event.
 */
const ChangedBalance = Row.balance({
  asset: at("a", Wire.text),
  free: at("f", decimal),
  total: Wire.sum(at("f", decimal), at("l", decimal))
})

const bookUpdates = (frame: unknown): ReadonlyArray<Feeds.BookUpdate> | undefined => {
  const first = whole(get(frame, "U"))
  const last = whole(get(frame, "u"))
  if (first === undefined || last === undefined) return undefined
  return [{ kind: "update", bids: get(frame, "b"), asks: get(frame, "a"), first, last }]
}

/**
 * Classifies a book update as next, old or gap, given the sequence number of the book. An update covers the numbers
 * from its `first` to its `last`, and may begin before the book's number (web-socket-streams.md, "How to manage a local
 * order book correctly").
 *
 * @since 0.1.0
 * @category books
 */
export const follows: Feeds.BookRules["follows"] = (known = -1, { first = 0, last = 0 }) => {
  if (last <= known) return "old"
  return first > known + 1 ? "gap" : "next"
}

/**
 * The number of levels in the snapshot. 1000 levels cost a weight of 50; 5000 levels cost 250 of the 6000 per minute.
 */
const depth = 1000

const snapshot: NonNullable<Feeds.Book["snapshot"]> = (client) => ({ id }) =>
  Effect.map(
    client.request(Endpoints.depthSnapshot, { symbol: id, limit: depth }),
    (book): Feeds.BookUpdate => ({ kind: "snapshot", ...book })
  )

/** Reads the events of one kind, and ignores the other events on the same stream. */
const eventsOf = <A>(kind: string, read: (event: unknown) => Listing.Rows<A> | undefined) => () => (event: unknown) =>
  get(event, "e") === kind ? read(event) : []

const reports = Feeds.readingOne(Wire.one(Report))
const fills = Feeds.readingOne(Wire.one(ReportedFill))
const positions = eventsOf("outboundAccountPosition", Feeds.reading(Wire.within("B", Wire.list(ChangedBalance))))

/**
 * Reads the balances that have changed. When something outside the spot account locks or unlocks a part, the event has
 * only that amount, which is not understood so that the balances are requested.
 */
const balances = () => {
  const read = positions()
  return (event: unknown) => get(event, "e") === "externalLockUpdate" ? undefined : read(event)
}

/**
 * Binance's names for the candle intervals, in requests and in streams.
 *
 * @since 0.1.0
 * @category constants
 */
export const intervals = {
  "1m": "1m",
  "3m": "3m",
  "5m": "5m",
  "15m": "15m",
  "30m": "30m",
  "1h": "1h",
  "2h": "2h",
  "4h": "4h",
  "6h": "6h",
  "12h": "12h",
  "1d": "1d",
  "1w": "1w",
  "1M": "1M"
} as const

/**
 * The feeds of Binance.
 *
 * Binance pings with WebSocket ping frames, which the socket answers without reporting them. On a connection without
 * trades, the client therefore requests the list of subscriptions, so that it receives something.
 *
 * **Gotchas**
 *
 * Levels beyond the 1000 of the snapshot are unknown until they change.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    sockets: {
      market: {
        at: {
          live: "wss://stream.binance.com:9443/stream",
          testnet: "wss://stream.testnet.binance.vision/stream",
          demo: "wss://demo-stream.binance.com/stream",
          us: "wss://stream.binance.us:9443/stream"
        },
        path: "/stream"
      },
      account: {
        at: {
          live: "wss://ws-api.binance.com:443/ws-api/v3",
          testnet: "wss://ws-api.testnet.binance.vision/ws-api/v3",
          demo: "wss://demo-ws-api.binance.com/ws-api/v3",
          us: "wss://ws-api.binance.us:443/ws-api/v3"
        },
        path: "/ws-api/v3",
        token: { made: signSubscription },
        ping: (request) => ({ id: request, method: "ping" })
      }
    },
    most: 1024,
    batch: 100,
    subscribe: subscriptionMessages("SUBSCRIBE"),
    unsubscribe: subscriptionMessages("UNSUBSCRIBE"),
    read,
    connects: { connections: 1 },
    // Binance allows five messages per second. One of them is left for the pong.
    messages: { limit: 4, window: "1 second" },
    ping: {
      message: (request) => ({ method: "LIST_SUBSCRIPTIONS", id: request }),
      after: "30 seconds",
      within: "10 seconds"
    },
    silence: "1 minute",
    // Binance closes a connection after 24 hours.
    maxAge: "23 hours"
  },
  ticker: {
    topic: (market) => topic(market, "ticker"),
    reader: () => Feeds.readingOne(Wire.one(Ticker))
  },
  trades: { topic: (market) => topic(market, "trade"), reader: () => Feeds.readingOne(Wire.one(Trade)) },
  candles: {
    words: intervals,
    topic: (market, word) => topic(market, `kline_${word}`),
    reader: () => Feeds.readingOne(Wire.one(Bar))
  },
  book: {
    depths: depth,
    topic: (market) => topic(market, "depth@100ms"),
    reader: () => bookUpdates,
    rules: () => ({ follows, asksForSnapshot: true }),
    snapshot
  },
  orders: { topic: ofAccount, reader: eventsOf("executionReport", reports) },
  fills: { topic: ofAccount, reader: eventsOf("executionReport", fills) },
  // A deposit or transfer also sends a `balanceUpdate`, which has only the amount. This event has the resulting
  // balance.
  balances: { topic: ofAccount, reader: balances }
}
