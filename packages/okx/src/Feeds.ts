/**
 * OKX's WebSocket v5. Public data has one socket, candles and individual trades have another, and the account has a
 * third. All of them use the same messages.
 *
 * @since 0.1.0
 */
import { LocalOrderBook, type Market } from "@effect-exchange/core"
import { Feeds, Row, Signature, Wire } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { noPassphrase } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { get, list, reading, text, whole } = Feeds
const { at, blank, millis } = Wire

const keyOf = (arg: unknown): string => `${get(arg, "channel")} ${get(arg, "instId") ?? ""}`

const topic = (socket: "public" | "business", channel: string, { id }: Market.Market): Feeds.Topic => ({
  socket,
  key: keyOf({ channel, instId: id }),
  channel,
  market: id
})

const subscriptionMessages = (op: "subscribe" | "unsubscribe") =>
(
  topics: ReadonlyArray<Feeds.Topic>,
  { request }: Feeds.RequestContext
): ReadonlyArray<unknown> => [
  {
    id: String(request),
    op,
    args: topics.map(({ channel, market, option }) =>
      market === undefined ? { channel, instType: option } : { channel, instId: market }
    )
  }
]

const ofAccount = (channel: string, option?: string): Feeds.Topic => ({
  socket: "private",
  key: keyOf({ channel }),
  channel,
  option
})

const login: NonNullable<Feeds.SocketFacts["login"]> = ({ key, passphrase, secret }, { crypto, now }) => {
  if (passphrase === undefined) return Either.left(noPassphrase)
  const timestamp = String(Math.floor(now / 1000))
  return Either.right([{
    op: "login",
    args: [{
      apiKey: Redacted.value(key),
      passphrase: Redacted.value(passphrase),
      timestamp,
      sign: Signature.hmacSha256Base64(secret, `${timestamp}GET/users/self/verify`, crypto)
    }]
  }])
}

const loginCodes = new Set(["60004", "60005", "60006", "60007", "60009", "60024", "60032"])

/** The connection made too many requests. The next connection starts again from zero. */
const tooManyRequests = "60014"

const readEvent = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  const code = text(get(frame, "code")) ?? ""
  const because = text(get(frame, "msg")) ?? "the exchange gave no reason"
  switch (get(frame, "event")) {
    case "subscribe":
      return [{ _tag: "Acknowledged", keys: [keyOf(get(frame, "arg"))] }]
    case "unsubscribe":
    case "channel-conn-count":
      return []
    // OKX confirms the subscription, and then ends it.
    case "channel-conn-count-error": {
      const channel = get(frame, "channel")
      const because = `the account has too many connections with the channel ${channel}`
      return [{ _tag: "Ended", keys: [keyOf({ channel })], because }]
    }
    case "notice":
      return [{ _tag: "Leaving" }]
    case "login":
      return [{ _tag: "LoggedIn" }]
    case "error":
      if (loginCodes.has(code)) return [{ _tag: "LoginRefused", error: { code, text: because } }]
      return code === tooManyRequests
        ? [{ _tag: "Ended", because }]
        : [{ _tag: "Refused", request: whole(get(frame, "id")), error: { code, text: because } }]
    default:
      return undefined
  }
}

const read = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  if (frame === "pong") return [{ _tag: "Pong" }]
  const data = get(frame, "data")
  if (data === undefined) return readEvent(frame)
  // In a book frame, `action` says how to use the data next to it.
  return [{ _tag: "Data", key: keyOf(get(frame, "arg")), frame: get(frame, "action") === undefined ? data : frame }]
}

/** The number of levels in the only book that OKX streams as updates to every client. */
const depth = 400

const bookUpdates = (frame: unknown): ReadonlyArray<Feeds.BookUpdate> | undefined => {
  const updates: Array<Feeds.BookUpdate> = []
  for (const row of list(get(frame, "data"))) {
    const last = whole(get(row, "seqId"))
    const previous = whole(get(row, "prevSeqId"))
    if (last === undefined || previous === undefined) return undefined
    updates.push({
      kind: get(frame, "action") === "snapshot" ? "snapshot" : "update",
      bids: get(row, "bids"),
      asks: get(row, "asks"),
      last,
      previous,
      // Since 2026 OKX sends no checksum, and reports that as zero.
      checksum: whole(get(row, "checksum")) || undefined
    })
  }
  return updates
}

/**
 * Classifies a book update as next, old or gap, given the sequence number of the book and the number before the update.
 * The numbers do not always rise: an update without changes repeats the number before it, and after a maintenance the
 * numbers start lower.
 *
 * @since 0.1.0
 * @category books
 */
export const follows: NonNullable<Feeds.BookRules["follows"]> = (last = Number.NaN, { last: number, previous }) => {
  if (previous === last) return "next"
  return number === last && previous !== undefined && previous < last ? "old" : "gap"
}

/**
 * Computes the checksum that OKX sent until June 2026: the signed CRC-32 of the 25 best levels of each side as they
 * were sent, each bid before the ask of the same rank.
 *
 * @since 0.1.0
 * @category books
 */
export const checksum = (book: LocalOrderBook.LocalOrderBook): number => {
  const bids = LocalOrderBook.top(book, "bids", 25)
  const asks = LocalOrderBook.top(book, "asks", 25)
  const parts: Array<string> = []
  for (let place = 0; place < Math.max(bids.length, asks.length); place++) {
    for (const level of [bids[place], asks[place]]) {
      if (level !== undefined) parts.push(level.price, level.amount)
    }
  }
  return LocalOrderBook.crc32(parts.join(":")) | 0
}

/**
 * OKX's names for the candle intervals, in requests and in channels. Intervals longer than four hours begin by UTC only
 * if their name says so. Otherwise they begin by Hong Kong time.
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
  "1h": "1H",
  "2h": "2H",
  "4h": "4H",
  "6h": "6Hutc",
  "12h": "12Hutc",
  "1d": "1Dutc",
  "1w": "1Wutc",
  "1M": "1Mutc"
} as const

/** A row of the orders channel, with its fill if there is one. */
const Execution = Row.entry(
  at("tradeId", blank(Wire.text)),
  Rows.fillOf("fillFee", "fillFeeCcy", at("fillTime", millis)),
  Wire.map(at("tradeId", blank(Wire.text)), (id) => id !== undefined)
)

const tickers = reading(Wire.list(Rows.Ticker))
const trades = reading(Wire.list(Rows.Trade))
const candles = reading(
  Wire.list(Row.barSoFar(Rows.Bar, { isOpen: at(8, Wire.wordsOr({ 0: true, 1: false }, undefined)) }))
)
const orders = reading(Wire.list(Rows.Order))
const fills = reading(Wire.list(Execution))
const balances = reading(Wire.sole(Wire.within("details", Wire.list(Rows.Balance))))

const socket = (name: string): Feeds.SocketFacts => {
  const path = `/ws/v5/${name}`
  return {
    at: {
      live: `wss://ws.okx.com:8443${path}`,
      testnet: `wss://wspap.okx.com:8443${path}`,
      eea: `wss://wseea.okx.com:8443${path}`,
      "eea-demo": `wss://wseeapap.okx.com:8443${path}`,
      us: `wss://wsus.okx.com:8443${path}`,
      "us-demo": `wss://wsuspap.okx.com:8443${path}`
    },
    path
  }
}

/**
 * The feeds of OKX. Each message subscribes to one topic, because a refusal does not say which topic it is about.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    sockets: {
      public: socket("public"),
      business: socket("business"),
      private: { ...socket("private"), login }
    },
    // The number of books per connection that OKX recommends.
    most: 30,
    batch: 1,
    subscribe: subscriptionMessages("subscribe"),
    unsubscribe: subscriptionMessages("unsubscribe"),
    read,
    connects: { connections: 1 },
    // OKX closes a connection after 30 seconds without a message.
    ping: { message: () => "ping", after: "20 seconds", within: "5 seconds" },
    silence: "30 seconds"
  },
  ticker: { topic: (market) => topic("public", "tickers", market), reader: () => tickers },
  // Each trade separately. The channel `trades` combines the trades that one order made at one price.
  trades: { topic: (market) => topic("business", "trades-all", market), reader: () => trades },
  candles: {
    words: intervals,
    topic: (market, bar) => topic("business", `candle${bar}`, market),
    reader: () => candles
  },
  book: {
    depths: depth,
    topic: (market) => topic("public", "books", market),
    reader: () => bookUpdates,
    rules: () => ({ follows, checksum, maximumDepth: depth }),
    // Without changes, OKX sends an empty update after 60 seconds.
    maxSilence: "75 seconds"
  },
  // One channel reports both an order and its fills.
  orders: { topic: () => ofAccount("orders", "ANY"), reader: () => orders },
  fills: { topic: () => ofAccount("orders", "ANY"), reader: () => fills },
  balances: { topic: () => ofAccount("account"), reader: () => balances }
}
