/**
 * The WebSocket of Coinbase Advanced Trade (docs.cdp.coinbase.com, "Advanced Trade WebSocket"). A message subscribes to
 * one channel, and the response lists all subscriptions. One sequence number counts all messages of a connection. The
 * data of an account has a host of its own and requires a token.
 *
 * **Gotchas**
 *
 * Coinbase streams neither single fills nor balances. They are requested when an order has changed. Deposits and
 * withdrawals are noticed with the next order.
 *
 * @since 0.1.0
 */
import { Decimal, type Market } from "@effect-exchange/core"
import { Feeds, Listing, Row, Wire } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Order from "effect/Order"
import * as Record from "effect/Record"
import { tokenOf } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { get, list, text, whole } = Feeds
const { all, at, blank, decimal, isTrue, none, positive, wordsOr } = Wire

const keyOf = (channel: unknown, product: unknown): string => `${channel} ${product}`

/**
 * Coinbase sends the data of a product under its `-USD` name only, even if the subscription named the same book in
 * USDC.
 */
const keysOf = (channel: unknown, product: unknown): ReadonlyArray<string> => {
  const key = keyOf(channel, product)
  return key.endsWith("-USD") ? [key, `${key}C`] : [key]
}

// Without heartbeats, Coinbase closes quiet subscriptions after a minute.
const welcome = [{ type: "subscribe", channel: "heartbeats" }]

const topic = (channel: string) => ({ id }: Pick<Market.Market, "id">): Feeds.Topic => ({
  socket: "public",
  key: keyOf(channel, id),
  channel,
  market: id
})

/** The subscription covers all products of the account, since none is named. */
const user = (): Feeds.Topic => ({ socket: "private", key: "user", channel: "user" })

const subscriptionMessages =
  (type: "subscribe" | "unsubscribe") =>
  (topics: ReadonlyArray<Feeds.Topic>, { token }: Feeds.RequestContext): ReadonlyArray<unknown> =>
    Record.collect(
      Arr.groupBy(topics, ({ channel }) => channel),
      (channel, alike) => ({
        type,
        product_ids: channel === "user" ? undefined : alike.map(({ market }) => market),
        channel,
        jwt: token
      })
    )

const events = (frame: unknown): ReadonlyArray<unknown> => list(get(frame, "events"))

/** Groups the rows of all events by their product. */
const rowsOf = (frame: unknown, channel: string, name: string): ReadonlyArray<Feeds.Message> =>
  Record.collect(
    Arr.groupBy(events(frame).flatMap((event) => list(get(event, name))), (row) =>
      keyOf(channel, get(row, "product_id"))),
    (_, alike) => ({ product: get(alike[0], "product_id"), rows: alike })
  ).flatMap(({ product, rows }) =>
    keysOf(channel, product).map((key) => ({ _tag: "Data", key, frame: rows }))
  )

/** Adds to each row when its message was sent. */
const sentAt = (frame: unknown, rows: unknown): ReadonlyArray<unknown> =>
  list(rows).map((row) => ({ ...Object(row), sentAt: get(frame, "timestamp") }))

/** The token replaces a login, so an error about the token counts as a refused login. */
const refused = (because: string): ReadonlyArray<Feeds.Message> => [{
  _tag: /authenticat|unauthori[sz]ed/i.test(because) ? "LoginRefused" : "Refused",
  error: { code: "", text: because }
}]

const read = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  switch (get(frame, "channel")) {
    case "heartbeats":
      return []
    case "subscriptions":
      return events(frame).map((event) => {
        const subscribed = get(event, "subscriptions")
        return {
          _tag: "Acknowledged",
          keys: [
            ...["ticker", "market_trades", "candles", "level2"].flatMap((channel) =>
              list(get(subscribed, channel)).flatMap((product) => keysOf(channel, product))
            ),
            ...get(subscribed, "user") === undefined ? [] : ["user"]
          ]
        }
      })
    case "ticker":
      return rowsOf(frame, "ticker", "tickers").map((message) =>
        message._tag === "Data"
          ? { ...message, frame: { time: get(frame, "timestamp"), rows: message.frame } }
          : message
      )
    case "market_trades":
      return rowsOf(frame, "market_trades", "trades")
    case "candles":
      return rowsOf(frame, "candles", "candles").map((message) =>
        message._tag === "Data" ? { ...message, frame: sentAt(frame, message.frame) } : message
      )
    // The subscription calls this channel `level2`.
    case "l2_data":
      return events(frame).flatMap((event) =>
        keysOf("level2", get(event, "product_id")).map((key) => ({ _tag: "Data", key, frame: event }))
      )
    case "user":
      return events(frame).map((event) => ({ _tag: "Data", key: "user", frame: event }))
    default:
      return get(frame, "type") === "error"
        ? refused(text(get(frame, "message")) ?? "the exchange gave no reason")
        : undefined
  }
}

const Ticker = Row.ticker({
  last: at("price", positive(decimal)),
  bid: at("best_bid", blank(decimal)),
  ask: at("best_ask", blank(decimal)),
  open24h: none,
  high24h: at("high_24_h", blank(decimal)),
  low24h: at("low_24_h", blank(decimal)),
  volume24h: at("volume_24_h", blank(decimal)),
  at: at("time", blank(Wire.isoTime))
})

/** Reads the latest ticker of a message. */
const ticker = () => {
  const one = Feeds.readingOne(Wire.one(Ticker))
  return (frame: unknown) => {
    const row = list(get(frame, "rows")).at(-1)
    return row === undefined ? undefined : one({ ...Object(row), time: get(frame, "time") })
  }
}

// A message may have the newest trade first. Ids rise, so they are the sort key.
const byId = Order.mapInput(Order.number, ({ id }: Row.Trade) => Number(id))

const trades = () => {
  const all = Feeds.reading(Wire.list(Rows.Trade))
  return (frame: unknown) => {
    const found = all(frame)
    return found && { ...found, rows: Arr.sort(found.rows, byId) }
  }
}

/** A candle has no end flag, but the message tells when it was sent. */
const candles = Feeds.reading(Wire.list(Row.barSoFar(Rows.Bar, { sentAt: at("sentAt", blank(Wire.isoTime)) })))

const bookUpdates = (event: unknown): ReadonlyArray<Feeds.BookUpdate> => {
  const sides: Record<string, Array<unknown>> = { bid: [], offer: [] }
  let isUnderstood = Array.isArray(get(event, "updates"))
  for (const level of list(get(event, "updates"))) {
    const side = sides[text(get(level, "side")) ?? ""]
    if (side === undefined) isUnderstood = false
    else side.push([get(level, "price_level"), get(level, "new_quantity")])
  }
  return [{
    kind: get(event, "type") === "snapshot" ? "snapshot" : "update",
    bids: isUnderstood ? sides["bid"] : undefined,
    asks: sides["offer"]
  }]
}

const type = at(
  "order_type",
  wordsOr({ LIMIT: "limit", Limit: "limit", MARKET: "market", Market: "market" }, "other")
)

/**
 * An order as the socket reports it.
 *
 * The ordered amount is the filled plus the remaining amount. If nothing remains, it is known only for a filled order,
 * since any other order may have been larger. It is left out for market orders, where the remaining amount may be in
 * the quote currency.
 */
const OrderUpdate = Row.order({
  id: at("order_id", Wire.text),
  market: at("product_id", Wire.text),
  clientOrderId: at("client_order_id", blank(Wire.text)),
  side: at("order_side", Rows.side),
  type,
  status: Rows.status,
  price: at("limit_price", positive(decimal)),
  amount: all(
    {
      filled: at("cumulative_quantity", decimal),
      left: at("leaves_quantity", positive(decimal)),
      status: Rows.status,
      type
    },
    ({ filled, left, status, type }) => {
      if (type === "market") return undefined
      return left === undefined ? (status === "filled" ? filled : undefined) : BigDecimal.sum(filled, left)
    }
  ),
  filled: at("cumulative_quantity", decimal),
  averagePrice: at("avg_price", positive(decimal)),
  timeInForce: at(
    "time_in_force",
    wordsOr({ GOOD_UNTIL_CANCELLED: "GTC", IMMEDIATE_OR_CANCEL: "IOC", FILL_OR_KILL: "FOK" }, undefined)
  ),
  postOnly: at("post_only", isTrue),
  reduceOnly: none,
  createdAt: at("creation_time", Wire.isoTime),
  updatedAt: none
})

const updates = Feeds.reading(Wire.list(OrderUpdate))

/**
 * Reads each order with its previous state. States are kept while an order is open, because the update of an ended
 * order may lack the ordered amount.
 */
const changes = () => {
  const openOrders = new Map<string, Row.Order>()
  return (event: unknown) => {
    const found = updates(get(event, "orders") ?? [])
    return found && Listing.map(found, (order) => {
      const before = openOrders.get(order.id)
      const now = { ...order, amount: order.amount ?? before?.amount }
      if (now.status === "open" || now.status === "pending") openOrders.set(now.id, now)
      else openOrders.delete(now.id)
      return { before, now }
    })
  }
}

const orders = () => {
  const read = changes()
  return (event: unknown) => {
    const found = read(event)
    return found && Listing.map(found, ({ now }) => now)
  }
}

/**
 * Reports the markets of orders whose filled amount has grown. In the snapshot, these are all orders that are partially
 * filled, as any of them may have been filled since the subscription was confirmed. The history tells which were.
 */
const fills = () => {
  const read = changes()
  return (event: unknown) => {
    const found = read(event)
    return found && Listing.map(
      Listing.filter(found, ({ before, now }) => BigDecimal.greaterThan(now.filled, before?.filled ?? Decimal.zero)),
      ({ now }): Feeds.FillsOf => ({ fillsOf: now.market })
    )
  }
}

/**
 * The feeds of Coinbase. A heartbeat arrives every second. Only candles of five minutes are streamed.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    sockets: {
      public: {
        at: { live: "wss://advanced-trade-ws.coinbase.com" },
        path: "/",
        welcome
      },
      private: {
        at: { live: "wss://advanced-trade-ws-user.coinbase.com" },
        path: "/",
        welcome,
        // Coinbase checks the token when the message arrives, and never again.
        token: { made: tokenOf }
      }
    },
    most: 100,
    subscribe: subscriptionMessages("subscribe"),
    unsubscribe: subscriptionMessages("unsubscribe"),
    read,
    sequence: (frame) => whole(get(frame, "sequence_num")),
    connects: { connections: 1 },
    sends: { messages: 1 },
    silence: "10 seconds"
  },
  ticker: { topic: topic("ticker"), reader: ticker },
  trades: { topic: topic("market_trades"), reader: trades },
  candles: {
    words: { "5m": "FIVE_MINUTE" },
    topic: topic("candles"),
    reader: () => candles
  },
  book: {
    // The book has all levels there are.
    depths: 1_000_000,
    topic: topic("level2"),
    reader: () => bookUpdates,
    rules: () => ({})
  },
  orders: { topic: user, reader: orders },
  fills: { topic: user, reader: fills },
  balances: { topic: user }
}
