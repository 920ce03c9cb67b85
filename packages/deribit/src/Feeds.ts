/**
 * Deribit's API v2 over a WebSocket (docs.deribit.com, "Subscriptions"): JSON-RPC whose notifications name their channel.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { Feeds, Wire } from "@effect-exchange/core/adapter"
import * as Markets from "./Markets.js"
import * as Rows from "./Rows.js"

const { get, list, pairs, text, whole } = Feeds

const topic = (channel: string): Feeds.Topic => ({ socket: "public", key: channel, channel })

const call = (id: number, method: string, params: object = {}) => ({ jsonrpc: "2.0", id, method, params })

/** Of what is no subscription the answer says nothing. Those that subscribe are numbered from 1 on. */
const unasked = 0

const asked = (method: string, id: (request: number) => number) =>
(
  topics: ReadonlyArray<Feeds.Topic>,
  { request }: Feeds.Asking
): ReadonlyArray<unknown> => [call(id(request), method, { channels: topics.map(({ channel }) => channel) })]

/** The shortest there is, in seconds: so often Deribit speaks by itself, and asks for a proof that somebody listens. */
const heartbeat = 10

const heartbeats = call(unasked, "public/set_heartbeat", { interval: heartbeat })
const proof: Feeds.Said = { _tag: "Reply", message: call(unasked, "public/test") }

/** More was asked for than there are credits for, and the connection is closed. */
const tooManyRequests = "10028"

const refused = (id: number | undefined, error: unknown): ReadonlyArray<Feeds.Said> => {
  const code = String(get(error, "code"))
  const because = text(get(error, "message")) ?? "no reason is given"
  if (code === tooManyRequests) return [{ _tag: "Ended", because }]
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
  const id = whole(get(frame, "id"))
  const error = get(frame, "error")
  if (error !== undefined) return refused(id, error)
  if (id === undefined) return undefined
  // The channels that there are; what is not among them Deribit does not have, and does not say so.
  const keys = list(get(frame, "result")).filter((channel) => typeof channel === "string")
  return id > unasked ? [{ _tag: "Acknowledged", request: id, keys }] : []
}

const tickers = Feeds.readingOne(Rows.Ticker)
const trades = Feeds.reading(Wire.list(Rows.Trade))
const bars = Feeds.readingOne(Wire.one(Rows.Bar))

/** Reads one row, and counts it in what the market is counted in. */
const counting =
  <A, B>(rows: (frame: unknown) => ReadonlyArray<A> | undefined, count: (row: A, market: Market.Market) => B) =>
  (market: Market.Market) =>
  (frame: unknown): ReadonlyArray<B> | undefined => rows(frame)?.map((row) => count(row, market))

const numberOf = (trade: unknown): number => whole(get(trade, "trade_seq")) ?? 0

/** Levels are of a word, a price and an amount, which is zero with the word `delete`. */
const bookUpdates = (frame: unknown): ReadonlyArray<Feeds.BookUpdate> | undefined => {
  const type = get(frame, "type")
  const last = whole(get(frame, "change_id"))
  if (last === undefined || (type !== "snapshot" && type !== "change")) return undefined
  return [{
    kind: type === "snapshot" ? "snapshot" : "update",
    bids: pairs(get(frame, "bids"), "1", "2"),
    asks: pairs(get(frame, "asks"), "1", "2"),
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

/**
 * Deribit's feeds, every 100 milliseconds: what comes at once is for those who have logged in.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    sockets: {
      public: {
        at: { live: "wss://www.deribit.com/ws/api/v2", testnet: "wss://test.deribit.com/ws/api/v2" },
        path: "/ws/api/v2",
        welcome: [heartbeats]
      }
    },
    // Deribit does not say; it has 32 connections of an address.
    most: 200,
    batch: 50,
    subscribe: asked("public/subscribe", (request) => request),
    unsubscribe: asked("public/unsubscribe", (request) => -request),
    read,
    subscribes: { subscriptions: 1 },
    silence: `${2.5 * heartbeat} seconds`
  },
  ticker: { topic: ({ id }) => topic(`ticker.${id}.100ms`), reader: counting(tickers, Markets.ticker) },
  trades: {
    topic: ({ id }) => topic(`trades.${id}.100ms`),
    // In which order those of one notification are is not said.
    reader: () => (frame) => trades(Array.isArray(frame) ? frame.toSorted((a, b) => numberOf(a) - numberOf(b)) : frame)
  },
  candles: {
    words: { "1m": "1", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "1d": "1D" },
    topic: ({ id }, resolution) => topic(`chart.trades.${id}.${resolution}`),
    reader: counting(bars, Markets.bar)
  },
  book: {
    // Of all levels there are.
    depths: 10_000,
    topic: ({ id }) => topic(`book.${id}.100ms`),
    reader: () => bookUpdates,
    rules: () => ({ follows })
  }
}
