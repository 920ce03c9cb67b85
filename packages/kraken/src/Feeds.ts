/**
 * Kraken's WebSocket v2 (docs.kraken.com, "WebSocket API v2"). One message subscribes to many symbols, and each symbol
 * has an acknowledgement of its own. Private channels use a socket of their own.
 *
 * @since 0.1.0
 */
import { Decimal, LocalOrderBook, type Market } from "@effect-exchange/core"
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

/** The only depth that is requested, of 10, 25, 100, 500 and 1000, because updates do not name their depth. */
const depth = 100

const settings = (channel: string, option: string | undefined) => {
  switch (channel) {
    case "book":
      return { depth }
    case "ohlc":
      return { interval: Number(option) }
    case "ticker":
      // Also sends the ticker when the best bid or ask changes, and not only with a trade.
      return { event_trigger: "bbo" }
    case "executions":
      return { snap_orders: true, snap_trades: false }
    default:
      return {}
  }
}

const subscriptionMessages = (method: "subscribe" | "unsubscribe") =>
(
  topics: ReadonlyArray<Feeds.Topic>,
  { request, token }: Feeds.RequestContext
): ReadonlyArray<unknown> =>
  Object.values(Arr.groupBy(topics, ({ channel, option }) => `${channel} ${option}`)).map((alike) => {
    const [{ channel, option }] = alike
    const of = isPrivate(channel) ? { token } : { symbol: alike.map(({ market }) => market) }
    // Unsubscribing from a book requires its depth as well.
    const more = isPrivate(channel) && method === "unsubscribe" ? {} : settings(channel, option)
    return { method, params: { channel, ...of, ...more }, req_id: request }
  })

/** Errors that may not occur on another connection with a token of its own. */
const temporary = /^E(?:Session|Service):|internal error|rate limit|msg rate|too many requests/i

const temporarily = (error: string): ReadonlyArray<Feeds.Message> => [
  { _tag: "Ended", because: `the exchange refused temporarily: ${error}` }
]

/** A response names the symbol, but a refusal does not name the channel. */
const answered = (frame: unknown): ReadonlyArray<Feeds.Message> => {
  const request = whole(get(frame, "req_id"))
  const result = get(frame, "result")
  if (get(frame, "success") === true) {
    return [{
      _tag: "Acknowledged",
      keys: [keyOf(get(result, "channel"), get(result, "symbol"), get(result, "interval"))]
    }]
  }
  const error = text(get(frame, "error")) ?? "the exchange gave no reason"
  const symbol = get(frame, "symbol")
  if (error.startsWith("Already subscribed")) return [{ _tag: "Acknowledged", request }]
  if (temporary.test(error)) return temporarily(error)
  return [{
    _tag: "Refused",
    request,
    keys: symbol === undefined ? undefined : [
      ...["ticker", "trade", "book"].map((channel) => keyOf(channel, symbol)),
      ...Object.values(intervals).map((interval) => keyOf("ohlc", symbol, interval))
    ],
    error: { code: error, text: error }
  }]
}

const read = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  const channel = get(frame, "channel")
  switch (channel) {
    case "heartbeat":
    case "status":
      return []
    case "trade": {
      // All trades of a frame have one symbol.
      const rows = list(get(frame, "data"))
      return [{ _tag: "Data", key: keyOf(channel, get(rows[0], "symbol")), frame: rows }]
    }
    case "executions":
    case "balances":
      return [{ _tag: "Data", key: keyOf(channel, undefined), frame: get(frame, "data") }]
    case "ticker":
    case "book":
    case "ohlc":
      return list(get(frame, "data")).map((row): Feeds.Message => ({
        _tag: "Data",
        key: keyOf(channel, get(row, "symbol"), get(row, "interval")),
        frame: channel === "book"
          ? { isSnapshot: get(frame, "type") === "snapshot", row }
          : channel === "ohlc"
          ? { ...Object(row), sentAt: get(frame, "timestamp") }
          : row
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
    default: {
      // A message that exceeds the rate limit may be answered by nothing but the error.
      const error = text(get(frame, "error"))
      return error !== undefined && temporary.test(error) ? temporarily(error) : undefined
    }
  }
}

/**
 * Only private channels have sequence numbers. Each channel counts separately, and starts again with each subscription.
 */
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

/** A candle has no end flag, but the message tells when it was sent. */
const Bar = Row.barSoFar(
  Row.ohlcv(isoTime, number, ["interval_begin", "open", "high", "low", "close", "volume"]),
  { sentAt: at("sentAt", blank(isoTime)) }
)

/**
 * Kraken's names for the candle intervals, in requests and in streams: numbers of minutes.
 *
 * @since 0.1.0
 * @category constants
 */
export const intervals = {
  "1m": "1",
  "5m": "5",
  "15m": "15",
  "30m": "30",
  "1h": "60",
  "4h": "240",
  "1d": "1440"
} as const

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
 * Returns a function that computes the checksum of a book: the CRC-32 of the ten best levels of each side, asks first,
 * as digits without a decimal point and without leading zeros (docs.kraken.com, "Book checksum (v2)").
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

const decimalsOf = (step: BigDecimal.BigDecimal | undefined): number => step?.scale ?? 0

const executed = {
  orderId: at("order_id", Wire.text),
  market: at("symbol", Wire.text),
  clientOrderId: at("cl_ord_id", blank(Wire.text)),
  side
}
const executedType = at("order_type", wordsOr({ limit: "limit", market: "market" }, "other"))
const executedStatus = Row.status("order_status", {
  pending: "pending_new",
  open: "new partially_filled",
  filled: "filled",
  canceled: "canceled",
  expired: "expired"
})
const ordered = at("order_qty", blank(number))
// The first message of an order leaves out the filled amount if nothing is filled yet.
const cumulated = all(
  { filled: at("cum_qty", blank(number)), ordered, status: executedStatus },
  ({ filled, ordered = Decimal.zero, status }) => filled ?? (status === "filled" ? ordered : Decimal.zero)
)

/**
 * An order as the socket reports it, merged from all its messages. After the fill that completes it, the order may
 * still be `partially_filled`. A market order that is sized in the quote currency has `cash_order_qty`.
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

/** The fee of a fill. Fees in several assets cannot be one fee, and are left to the history. */
const fee = map(at("fees", blank(Wire.every(Fee))), (fees = []) => {
  const charged = fees.filter(({ amount }) => !BigDecimal.isZero(amount))
  const [first = fees[0], ...others] = charged
  return first === undefined || others.some(({ asset }) => asset !== first.asset)
    ? undefined
    : { asset: first.asset, amount: BigDecimal.sumAll(fees.map(({ amount }) => amount)) }
})

/**
 * The same message with its fill, if there is one. The fee is in the asset that the message names, or else in the quote
 * currency.
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

/**
 * Clears the fees before each merge: the fees of an earlier trade must not be used for a later one that leaves them
 * out.
 */
const fills = () => {
  const read = executions()
  return (rows: unknown) => read(Array.isArray(rows) ? rows.map((row) => ({ fees: undefined, ...row })) : rows)
}

/**
 * The feeds of Kraken. Every second without data has a heartbeat.
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
        // At a custom base URL, only the path distinguishes this socket from the public one.
        path: "/ws-auth/v2",
        token: { asked: (client) => () => client.request(Endpoints.getWebSocketsToken, {}) },
        // A refusal does not name its channel.
        batch: 1
      }
    },
    most: 200,
    batch: 50,
    subscribe: subscriptionMessages("subscribe"),
    unsubscribe: subscriptionMessages("unsubscribe"),
    read,
    sequence,
    // It is documented only that an idle connection is closed after about a minute.
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
  // The channel sends the open orders first, and then the changes of each order, which include the fills.
  orders: { topic: ofAccount("executions"), reader: Feeds.merging(changes, Wire.list(ExecutedOrder)) },
  fills: { topic: ofAccount("executions"), reader: fills },
  // The channel reports only totals, and nothing when an order reserves a part of the free amount.
  balances: { topic: ofAccount("balances"), also: ofAccount("executions") }
}
