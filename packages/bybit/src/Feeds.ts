/**
 * Bybit's WebSocket streams. Each category has a public socket, because a topic names a market only within a category.
 * The rows of the private socket name their category.
 *
 * Source: Bybit API v5 documentation, "WebSocket Stream".
 *
 * @since 0.1.0
 */
import type { Balance, Market } from "@effect-exchange/core"
import { Feeds, Listing, Row, Signature, Wire } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { type Category, categoryOf, nameOf, order } from "./Markets.js"
import { noRsa } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { get, list, text, whole } = Feeds
const { at, blank, decimal, millis, positive, words } = Wire

const socket = (category: Category): Feeds.SocketFacts => {
  const path = `/v5/public/${category}`
  const global = `wss://stream.bybit.com${path}`
  return {
    path,
    at: {
      live: global,
      testnet: `wss://stream-testnet.bybit.com${path}`,
      // These environments have no public streams of their own.
      demo: global,
      ae: global,
      eu: global,
      nl: global,
      ge: `wss://stream.bybitgeorgia.ge${path}`,
      id: `wss://stream.bybit.id${path}`,
      kz: `wss://stream.bybit.kz${path}`,
      tr: `wss://stream.bybit.tr${path}`
    }
  }
}

/** How long a login may take, in milliseconds. */
const underWay = 10_000

const login: NonNullable<Feeds.SocketFacts["login"]> = ({ key, secret }, { crypto, now }) => {
  if (Signature.isPem(secret)) return Either.left(noRsa)
  const expires = now + underWay
  const signature = Signature.hmacSha256Hex(secret, `GET/realtime${expires}`, crypto)
  return Either.right([{ op: "auth", args: [Redacted.value(key), expires, signature] }])
}

const path = "/v5/private"

// A key works only on the site that created it.
const account: Feeds.SocketFacts = {
  path,
  at: {
    live: `wss://stream.bybit.com${path}`,
    testnet: `wss://stream-testnet.bybit.com${path}`,
    demo: `wss://stream-demo.bybit.com${path}`,
    ae: `wss://stream.bybit.ae${path}`,
    eu: `wss://stream.bybit.eu${path}`,
    nl: `wss://stream.bybit.nl${path}`,
    ge: `wss://stream.bybitgeorgia.ge${path}`,
    id: `wss://stream.bybit.id${path}`,
    kz: `wss://stream.bybit.kz${path}`,
    tr: `wss://stream.bybit.tr${path}`
  },
  login
}

const topic = (market: Market.Market, channel: string): Feeds.Topic => ({
  socket: categoryOf(market),
  key: `${channel}.${market.id}`,
  channel
})

const ofAccount = (key: string): Feeds.Topic => ({ socket: "private", key, channel: key })

const subscriptionMessages =
  (op: "subscribe" | "unsubscribe") =>
  (topics: ReadonlyArray<Feeds.Topic>, { request }: Feeds.RequestContext): ReadonlyArray<unknown> => [
    { req_id: String(request), op, args: topics.map(({ key }) => key) }
  ]

const loggedIn = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  const success = get(frame, "success")
  if (success === true) return [{ _tag: "LoggedIn" }]
  const because = text(get(frame, "ret_msg")) ?? ""
  return success === false ? [{ _tag: "LoginRefused", error: { code: "", text: because } }] : undefined
}

const read = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  const key = text(get(frame, "topic"))
  if (key !== undefined) return [{ _tag: "Data", key, frame }]
  switch (get(frame, "op")) {
    // The response to a ping may have the `op` of the ping.
    case "ping":
    case "pong":
      return [{ _tag: "Pong" }]
    case "unsubscribe":
      return []
    case "auth":
      return loggedIn(frame)
    case "subscribe": {
      const request = whole(get(frame, "req_id"))
      const message = text(get(frame, "ret_msg")) ?? ""
      return get(frame, "success") === true || message.includes("already subscribed")
        ? [{ _tag: "Acknowledged", request }]
        : [{ _tag: "Refused", request, error: { code: "", text: message } }]
    }
    default:
      return undefined
  }
}

const price = (name: string) => at(name, positive(decimal))

const ticker = Feeds.readingOne(Wire.one(Row.ticker({
  last: price("data.lastPrice"),
  bid: price("data.bid1Price"),
  ask: price("data.ask1Price"),
  open24h: price("data.prevPrice24h"),
  high24h: price("data.highPrice24h"),
  low24h: price("data.lowPrice24h"),
  volume24h: Row.of({ linear: at("data.volume24h", blank(decimal)), inverse: at("data.turnover24h", blank(decimal)) }),
  at: at("ts", millis)
})))

/**
 * Merges deltas, which have only the fields that changed since the snapshot. Spot sends only snapshots, without bid or
 * ask.
 */
const tickers = () => {
  let known: object | undefined
  return (frame: unknown) => {
    const data = get(frame, "data")
    if (typeof data !== "object" || data === null) return undefined
    const isDelta = get(frame, "type") === "delta"
    if (isDelta && known === undefined) return []
    known = isDelta ? { ...known, ...data } : data
    return ticker({ data: known, ts: get(frame, "ts") })
  }
}

const Trade = Row.trade({
  id: at("i", Wire.text),
  side: at("S", words({ Buy: "buy", Sell: "sell" })),
  price: at("p", decimal),
  amount: at("v", decimal),
  at: at("T", millis)
})

const Bar = Row.barSoFar(
  Row.ohlcv(millis, decimal, ["start", "open", "high", "low", "close", "volume"]),
  { isOpen: at("confirm", Wire.wordsOr({ true: false, false: true }, undefined)) }
)

const rows = <A>(row: Wire.Row<A>) => Feeds.reading(Wire.within("data", Wire.list(row)))

/** An update with the number 1 is a snapshot, whatever its type: the exchange has restarted. */
const bookUpdates = (frame: unknown): ReadonlyArray<Feeds.BookUpdate> | undefined => {
  const data = get(frame, "data")
  const last = whole(get(data, "u"))
  if (last === undefined) return undefined
  const kind = get(frame, "type") === "snapshot" || last === 1 ? "snapshot" : "update"
  return [{ kind, bids: get(data, "b"), asks: get(data, "a"), last }]
}

/**
 * Classifies a book update as next, old or gap, given the sequence number of the book. Updates of one depth are
 * numbered consecutively ("Orderbook", `u`).
 *
 * @since 0.1.0
 * @category books
 */
export const follows: Feeds.BookRules["follows"] = (known = 0, { last = 0 }) => {
  if (last <= known) return "old"
  return last === known + 1 ? "next" : "gap"
}

// Rows of options are ignored.
const category = at("category", words({ spot: "spot", linear: "linear", inverse: "inverse", option: undefined }))

/** Reads rows of all categories, and qualifies the name of each market with its category. */
const ofAll = <A, B extends { readonly market: string }>(
  row: Wire.Row<A>,
  read: (row: A, category: Category) => B | undefined
) => {
  const rows = Feeds.reading(Wire.within("data", Wire.list(Row.withFields(row, { category }))))
  return (frame: unknown): Listing.Listing<B> | undefined => {
    const found = rows(frame)
    return found && {
      unknown: found.unknown,
      rows: found.rows.flatMap(({ category, row }) => {
        const known = category && read(row, category)
        return category && known ? [{ ...known, market: nameOf({ category, symbol: known.market }) }] : []
      })
    }
  }
}

const orders = ofAll(Rows.Order, (row, category) => order(category)(row))
const fills = ofAll(Rows.Execution, ({ fill }) => fill)

const coins = Feeds.reading(Wire.within("coin", Wire.list(Rows.Coin)))
const available = Wire.taking(Wire.one(Rows.available))

/**
 * Reads the changed balances of the unified account. There may be another account, for inverse contracts only. Under
 * portfolio margin, a frame is not understood so that the balances are requested: what the account has available has
 * also changed what is free of the coins that the frame does not have.
 */
const balances = (frame: unknown): Listing.Listing<Balance.Balance> | undefined => {
  const unified = list(get(frame, "data")).find((each) => get(each, "accountType") === "UNIFIED")
  if (unified === undefined) return Listing.of([])
  const found = coins(unified)
  const most = available(unified)
  if (found === undefined || most === Wire.unread) return undefined
  return found.rows.some(Rows.isBoundByAccount) ? undefined : Listing.map(found, Rows.balanceOf(most))
}

/**
 * Bybit's names for the candle intervals, in requests and in streams: a number of minutes, or a letter from one day on.
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
  "4h": "240",
  "6h": "360",
  "12h": "720",
  "1d": "D",
  "1w": "W",
  "1M": "M"
} as const

/**
 * The feeds of Bybit. Each message subscribes to one topic, because Bybit refuses the whole message if one topic is
 * wrong.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    sockets: { spot: socket("spot"), linear: socket("linear"), inverse: socket("inverse"), private: account },
    // All topics of a connection together may have 21,000 characters.
    most: 500,
    batch: 1,
    subscribe: subscriptionMessages("subscribe"),
    unsubscribe: subscriptionMessages("unsubscribe"),
    read,
    connects: { connections: 1 },
    // Bybit closes a connection on which the client sends nothing for ten minutes, even while it receives data.
    ping: {
      message: (request) => ({ req_id: String(request), op: "ping" }),
      after: "20 seconds",
      within: "10 seconds",
      always: true
    },
    silence: "30 seconds"
  },
  ticker: { topic: (market) => topic(market, "tickers"), reader: tickers },
  trades: { topic: (market) => topic(market, "publicTrade"), reader: () => rows(Trade) },
  candles: {
    words: intervals,
    topic: (market, word) => topic(market, `kline.${word}`),
    reader: () => rows(Bar)
  },
  book: {
    depths: [1, 50, 200, 1000],
    topic: (market, depth) => topic(market, `orderbook.${depth}`),
    reader: () => bookUpdates,
    rules: (_, depth) => ({ follows, maximumDepth: depth })
  },
  orders: { topic: () => ofAccount("order"), reader: () => orders },
  fills: { topic: () => ofAccount("execution"), reader: () => fills },
  balances: { topic: () => ofAccount("wallet"), reader: () => balances }
}
