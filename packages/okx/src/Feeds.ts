/**
 * OKX's WebSocket v5: public data on one socket, candles and single trades on another, the account on a third, all spoken in
 * the same way.
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

const asked = (op: "subscribe" | "unsubscribe") =>
(
  topics: ReadonlyArray<Feeds.Topic>,
  { request }: Feeds.Asking
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

const loginCodes = new Set(["60005", "60006", "60007", "60009", "60024", "60032"])

/** More was asked for on this connection than it may be; the next one begins at none again. */
const tooManyRequests = "60014"

const happened = (frame: unknown): ReadonlyArray<Feeds.Said> | undefined => {
  const code = text(get(frame, "code")) ?? ""
  const because = text(get(frame, "msg")) ?? "no reason is given"
  switch (get(frame, "event")) {
    case "subscribe":
      return [{ _tag: "Acknowledged", keys: [keyOf(get(frame, "arg"))] }]
    case "unsubscribe":
    case "channel-conn-count":
      return []
    case "notice":
      return [{ _tag: "Leaving" }]
    case "login":
      return [{ _tag: "LoggedIn" }]
    case "error":
      if (loginCodes.has(code)) return [{ _tag: "LoginRefused", said: { code, text: because } }]
      return code === tooManyRequests
        ? [{ _tag: "Ended", because }]
        : [{ _tag: "Refused", request: whole(get(frame, "id")), said: { code, text: because } }]
    default:
      return undefined
  }
}

const read = (frame: unknown): ReadonlyArray<Feeds.Said> | undefined => {
  if (frame === "pong") return [{ _tag: "Pong" }]
  const data = get(frame, "data")
  if (data === undefined) return happened(frame)
  // Of a book, what the data is to be done with stands beside it.
  return [{ _tag: "Data", key: keyOf(get(frame, "arg")), frame: get(frame, "action") === undefined ? data : frame }]
}

/** Levels in the one book that is sent as changes to anybody. */
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
      // Since 2026 OKX sends none, and says so by a zero.
      checksum: whole(get(row, "checksum")) || undefined
    })
  }
  return updates
}

/**
 * Tells what an update is by the number of the one before it. Numbers do not always rise: one that says nothing has the number
 * before it again, and after a maintenance they begin lower.
 *
 * @since 0.1.0
 * @category books
 */
export const follows: NonNullable<Feeds.BookRules["follows"]> = (last = Number.NaN, { last: number, previous }) => {
  if (previous === last) return "next"
  return number === last && previous !== undefined && previous < last ? "old" : "gap"
}

/**
 * Computes the checksum that OKX sent until June 2026: the CRC-32, signed, of the 25 best levels of each side as they were
 * sent, a bid before the ask of the same place.
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
 * What OKX calls each interval of candles; its channels are named by them. What is longer than four hours begins by UTC only
 * where its name says so; without, it begins in Hong Kong.
 *
 * @since 0.1.0
 * @category constants
 */
export const bars = {
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

/** A row of the feed of orders, with the fill that it tells of, if it does. */
const Execution = Row.entry(
  at("tradeId", blank(Wire.text)),
  Rows.fillOf("fillFee", "fillFeeCcy", at("fillTime", millis)),
  Wire.map(at("tradeId", blank(Wire.text)), (id) => id !== undefined)
)

const tickers = reading(Wire.list(Rows.Ticker))
const trades = reading(Wire.list(Rows.Trade))
const candles = reading(Wire.list(Row.barSoFar(Rows.Bar, at(8, Wire.wordsOr({ 0: true, 1: false }, undefined)))))
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
 * OKX's feeds. What is asked for is asked for alone, as a refusal does not say what of a request it is about.
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
    // So many books of a connection OKX advises.
    most: 30,
    batch: 1,
    subscribe: asked("subscribe"),
    unsubscribe: asked("unsubscribe"),
    read,
    connects: { connections: 1 },
    // OKX closes what nothing was said on for 30 seconds.
    ping: { message: () => "ping", after: "20 seconds", within: "5 seconds" },
    silence: "30 seconds"
  },
  ticker: { topic: (market) => topic("public", "tickers", market), reader: () => tickers },
  // Each by itself; the channel `trades` makes one of those that an order met at one price.
  trades: { topic: (market) => topic("business", "trades-all", market), reader: () => trades },
  candles: {
    words: bars,
    topic: (market, bar) => topic("business", `candle${bar}`, market),
    reader: () => candles
  },
  book: {
    depths: depth,
    topic: (market) => topic("public", "books", market),
    reader: () => bookUpdates,
    rules: () => ({ follows, checksum, maximumDepth: depth }),
    // What says nothing says so after 60 seconds.
    quiet: "75 seconds"
  },
  // One channel tells of an order and of each of its fills.
  orders: { topic: () => ofAccount("orders", "ANY"), reader: () => orders },
  fills: { topic: () => ofAccount("orders", "ANY"), reader: () => fills },
  balances: { topic: () => ofAccount("account"), reader: () => balances }
}
