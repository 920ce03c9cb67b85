/**
 * Kraken's WebSocket v2 (docs.kraken.com, "WebSocket API v2"): one message for many symbols, and an acknowledgement for each. What
 * is private is on a socket of its own.
 *
 * @since 0.1.0
 */
import { LocalOrderBook, type Market } from "@effect-exchange/core"
import { Feeds, Row, Wire } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Endpoints from "./Endpoints.js"

const { get, list, text, whole } = Feeds
const { all, at, blank, isoTime, isTrue, map, none, number, positive, when, words, wordsOr } = Wire

const isPrivate = (channel: unknown): boolean => channel === "executions" || channel === "balances"

const keyOf = (channel: unknown, symbol: unknown, interval?: unknown): string => {
  if (isPrivate(channel)) return String(channel)
  return channel === "ohlc" ? `${channel} ${symbol} ${interval}` : `${channel} ${symbol}`
}

const topic = (channel: string, { symbol }: Market.Market, option?: string): Feeds.Topic => ({
  socket: "public",
  key: keyOf(channel, symbol, option),
  channel,
  market: symbol,
  option
})

const ofAccount = (channel: "executions" | "balances") => (): Feeds.Topic => ({
  socket: "private",
  key: keyOf(channel, undefined),
  channel
})

/** The one depth that is asked for, of 10, 25, 100, 500 and 1000: updates do not say of which depth they are. */
const depth = 100

const settings = (channel: string, option: string | undefined) => {
  switch (channel) {
    case "book":
      return { depth }
    case "ohlc":
      return { interval: Number(option) }
    case "ticker":
      // Also when the best of the book changes, and not only with a trade.
      return { event_trigger: "bbo" }
    case "executions":
      return { snap_orders: true, snap_trades: false }
    default:
      return {}
  }
}

const asked = (method: "subscribe" | "unsubscribe") =>
(
  topics: ReadonlyArray<Feeds.Topic>,
  { request, token }: Feeds.Asking
): ReadonlyArray<unknown> =>
  Object.values(Arr.groupBy(topics, ({ channel, option }) => `${channel} ${option}`)).map((alike) => {
    const [{ channel, option }] = alike
    const of = isPrivate(channel) ? { token } : { symbol: alike.map(({ market }) => market) }
    // A book is ended by its depth as well.
    const more = isPrivate(channel) && method === "unsubscribe" ? {} : settings(channel, option)
    return { method, params: { channel, ...of, ...more }, req_id: request }
  })

/** Of these another connection, with a token of its own, may be rid. */
const passing = /^E(?:Session|Service):|internal error|rate limit|too many requests/i

/** An answer names the symbol, and a refusal not the channel. */
const answered = (frame: unknown): ReadonlyArray<Feeds.Said> => {
  const request = whole(get(frame, "req_id"))
  const result = get(frame, "result")
  if (get(frame, "success") === true) {
    return [{
      _tag: "Acknowledged",
      keys: [keyOf(get(result, "channel"), get(result, "symbol"), get(result, "interval"))]
    }]
  }
  const error = text(get(frame, "error")) ?? "no reason is given"
  const symbol = get(frame, "symbol")
  if (error.startsWith("Already subscribed")) return [{ _tag: "Acknowledged", request }]
  if (passing.test(error)) return [{ _tag: "Ended", because: `the exchange refused for now: ${error}` }]
  return [{
    _tag: "Refused",
    request,
    keys: symbol === undefined ? undefined : [
      ...["ticker", "trade", "book"].map((channel) => keyOf(channel, symbol)),
      ...Object.values(intervals).map((interval) => keyOf("ohlc", symbol, interval))
    ],
    said: { code: error, text: error }
  }]
}

const read = (frame: unknown): ReadonlyArray<Feeds.Said> | undefined => {
  const channel = get(frame, "channel")
  switch (channel) {
    case "heartbeat":
    case "status":
      return []
    case "trade": {
      // All of one symbol at a time.
      const rows = list(get(frame, "data"))
      return [{ _tag: "Data", key: keyOf(channel, get(rows[0], "symbol")), frame: rows }]
    }
    case "executions":
    case "balances":
      return [{ _tag: "Data", key: keyOf(channel, undefined), frame: get(frame, "data") }]
    case "ticker":
    case "book":
    case "ohlc":
      return list(get(frame, "data")).map((row): Feeds.Said => ({
        _tag: "Data",
        key: keyOf(channel, get(row, "symbol"), get(row, "interval")),
        frame: channel === "book" ? { isSnapshot: get(frame, "type") === "snapshot", row } : row
      }))
    default:
      break
  }
  switch (get(frame, "method")) {
    case "pong":
      return [{ _tag: "Pong" }]
    case "subscribe":
      return answered(frame)
    case "unsubscribe":
      return []
    default:
      return undefined
  }
}

/** Only what is private is counted, each channel for itself and anew with each subscription. */
const sequence: Feeds.FeedProtocol["sequence"] = (frame) => {
  const number = whole(get(frame, "sequence"))
  const series = text(get(frame, "channel"))
  return number === undefined || series === undefined || !isPrivate(series)
    ? undefined
    : { series, number, begins: number === 1 || get(frame, "type") === "snapshot" }
}

const Ticker = Row.ticker({
  last: at("last", positive(number)),
  bid: at("bid", positive(number)),
  ask: at("ask", positive(number)),
  open24h: none,
  high24h: at("high", positive(number)),
  low24h: at("low", positive(number)),
  volume24h: at("volume", number),
  at: none
})

const side = at("side", words({ buy: "buy", sell: "sell" }))

const Trade = Row.tradeAt(isoTime, number, { id: "trade_id", side, price: "price", amount: "qty", at: "timestamp" })

const Bar = Row.bar({
  openTime: at("interval_begin", isoTime),
  open: at("open", number),
  high: at("high", number),
  low: at("low", number),
  close: at("close", number),
  volume: at("volume", number)
})

const intervals = { "1m": "1", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "4h": "240", "1d": "1440" } as const

const bookUpdates = (frame: unknown): ReadonlyArray<Feeds.BookUpdate> => {
  const row = get(frame, "row")
  return [{
    kind: get(frame, "isSnapshot") === true ? "snapshot" : "update",
    bids: get(row, "bids"),
    asks: get(row, "asks"),
    places: ["price", "qty"],
    checksum: whole(get(row, "checksum"))
  }]
}

/**
 * The CRC-32 of the ten best levels of each side, asks first, as digits without a point and without zeros in front
 * (docs.kraken.com, "Book checksum (v2)").
 *
 * @since 0.1.0
 * @category checksums
 */
export const checksum = ({ lotSize, tickSize }: Pick<Market.Market, "lotSize" | "tickSize">) => {
  const digits = (value: string, decimals: number): string => {
    const [integer = "", fraction = ""] = value.split(".")
    return `${integer}${fraction.padEnd(decimals, "0")}`.replace(/^0+/, "")
  }
  const prices = decimalsOf(tickSize)
  const amounts = decimalsOf(lotSize)
  return (book: LocalOrderBook.LocalOrderBook): number => {
    let all = ""
    for (const side of ["asks", "bids"] as const) {
      for (const { amount, price } of LocalOrderBook.top(book, side, 10)) {
        all += digits(price, prices) + digits(amount, amounts)
      }
    }
    return LocalOrderBook.crc32(all)
  }
}

const decimalsOf = (step: BigDecimal.BigDecimal | undefined): number =>
  step === undefined ? 0 : BigDecimal.normalize(step).scale

const zero = BigDecimal.fromBigInt(0n)

const executed = {
  orderId: at("order_id", Wire.text),
  market: at("symbol", Wire.text),
  clientOrderId: at("cl_ord_id", blank(Wire.text)),
  side
}
const executedType = at("order_type", wordsOr({ limit: "limit", market: "market" }, "other"))
const executedStatus = at(
  "order_status",
  words({
    pending_new: "pending",
    new: "open",
    partially_filled: "open",
    filled: "filled",
    canceled: "canceled",
    expired: "expired"
  })
)
const ordered = at("order_qty", blank(number))
// A first message leaves out what is not filled yet.
const cumulated = all(
  { filled: at("cum_qty", blank(number)), ordered, status: executedStatus },
  ({ filled, ordered = zero, status }) => filled ?? (status === "filled" ? ordered : zero)
)

/**
 * An order as the socket tells of it, all that was said of it together. The fill that completes it may still leave it
 * `partially_filled`; a market order of so much in the quote currency has `cash_order_qty`.
 */
const ExecutedOrder = Row.order({
  id: executed.orderId,
  market: executed.market,
  clientOrderId: executed.clientOrderId,
  side: executed.side,
  type: executedType,
  status: all(
    { filled: cumulated, ordered, status: executedStatus },
    ({ filled, ordered, status }) =>
      status === "open" && ordered !== undefined && BigDecimal.isPositive(ordered) &&
        BigDecimal.greaterThanOrEqualTo(filled, ordered)
        ? "filled"
        : status
  ),
  price: when(executedType, "limit", at("limit_price", number)),
  amount: when(at("cash_order_qty", positive(number)), undefined, ordered),
  filled: cumulated,
  averagePrice: at("avg_price", positive(number)),
  timeInForce: at("time_in_force", wordsOr({ GTC: "GTC", IOC: "IOC", FOK: "FOK" }, undefined)),
  postOnly: at("post_only", isTrue),
  reduceOnly: none,
  createdAt: none,
  updatedAt: at("timestamp", isoTime)
})

const Fee = Row.of({ asset: at("asset", blank(Wire.text)), amount: at("qty", number) })

/** What a fill cost. In several assets that is not one fee, and is left for the history to say. */
const fee = map(at("fees", blank(Wire.every(Fee))), (fees = []) => {
  const charged = fees.filter(({ amount }) => !BigDecimal.isZero(amount))
  const [first = fees[0], ...others] = charged
  return first === undefined || others.some(({ asset }) => asset !== first.asset)
    ? undefined
    : { asset: first.asset, amount: BigDecimal.sumAll(fees.map(({ amount }) => amount)) }
})

/**
 * The same with the fill that it tells of, if it does. Its fee is in the quote currency.
 */
const Execution = Row.entry(
  at("exec_id", blank(Wire.text)),
  Row.fill({
    ...executed,
    id: at("exec_id", Wire.text),
    price: at("last_price", number),
    amount: at("last_qty", number),
    fee: map(fee, (charged) => charged?.amount),
    feeAsset: map(fee, (charged) => charged?.asset),
    liquidity: at("liquidity_ind", wordsOr({ m: "maker", t: "taker" }, "unknown")),
    at: at("timestamp", isoTime)
  }),
  map(at("exec_type", blank(Wire.text)), (what) => what === "trade")
)

const ended = new Set<unknown>(["filled", "canceled", "expired"])
const changes = { id: "order_id", hasEnded: (row: unknown) => ended.has(get(row, "order_status")) }

const executions = Feeds.merging(changes, Wire.list(Execution))

/** What a trade cost is its own: that of the one before is not to stand for what is left out. */
const fills = () => {
  const read = executions()
  return (rows: unknown) => read(Array.isArray(rows) ? rows.map((row) => ({ fees: undefined, ...row })) : rows)
}

/**
 * Kraken's feeds. Every second without data is a heartbeat.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    sockets: {
      public: { at: { live: "wss://ws.kraken.com/v2" }, path: "/v2" },
      private: {
        at: { live: "wss://ws-auth.kraken.com/v2" },
        // At one address there is only a path to tell it from the public one by.
        path: "/ws-auth/v2",
        token: { asked: (client) => () => client.request(Endpoints.getWebSocketsToken, {}) },
        // A refusal does not say of which channel it is.
        batch: 1
      }
    },
    most: 200,
    batch: 50,
    subscribe: asked("subscribe"),
    unsubscribe: asked("unsubscribe"),
    read,
    sequence,
    // Of an idle connection nothing is known but that it is closed after about a minute.
    ping: { message: (request) => ({ method: "ping", req_id: request }), after: "5 seconds", within: "5 seconds" },
    silence: "15 seconds"
  },
  ticker: {
    topic: (market) => topic("ticker", market),
    reader: () => Feeds.readingOne(Wire.one(Ticker))
  },
  trades: { topic: (market) => topic("trade", market), reader: () => Feeds.reading(Wire.list(Trade)) },
  candles: {
    words: intervals,
    topic: (market, word) => topic("ohlc", market, word),
    reader: () => Feeds.readingOne(Wire.one(Bar))
  },
  book: {
    depths: depth,
    topic: (market) => topic("book", market),
    reader: () => bookUpdates,
    rules: (market) => ({ maximumDepth: depth, checksum: checksum(market) })
  },
  // First the orders that stand, then what changes of each; fills are told of among it.
  orders: { topic: ofAccount("executions"), reader: Feeds.merging(changes, Wire.list(ExecutedOrder)) },
  fills: { topic: ofAccount("executions"), reader: fills },
  // Only totals are said, and nothing where an order takes from what is free.
  balances: { topic: ofAccount("balances"), also: ofAccount("executions") }
}
