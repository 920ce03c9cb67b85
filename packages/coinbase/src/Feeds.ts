/**
 * The WebSocket of Coinbase's Advanced Trade (docs.cdp.coinbase.com, "Advanced Trade WebSocket"): one channel a message, answered with all
 * that is subscribed to, and one count of all messages of a connection.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { Feeds, Row, Wire } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import * as Record from "effect/Record"
import * as Rows from "./Rows.js"

const { get, list, text, whole } = Feeds
const { at, blank, decimal, none, positive } = Wire

const keyOf = (channel: unknown, product: unknown): string => `${channel} ${product}`

/** What is said of a product is said under that name alone, also to who has asked for the same book by its name in USDC. */
const keysOf = (channel: unknown, product: unknown): ReadonlyArray<string> => {
  const key = keyOf(channel, product)
  return key.endsWith("-USD") ? [key, `${key}C`] : [key]
}

const topic = (channel: string) => ({ id }: Pick<Market.Market, "id">): Feeds.Topic => ({
  socket: "public",
  key: keyOf(channel, id),
  channel,
  market: id
})

const asked = (type: "subscribe" | "unsubscribe") => (topics: ReadonlyArray<Feeds.Topic>): ReadonlyArray<unknown> =>
  Record.collect(
    Arr.groupBy(topics, ({ channel }) => channel),
    (channel, alike) => ({ type, product_ids: alike.map(({ market }) => market), channel })
  )

const events = (frame: unknown): ReadonlyArray<unknown> => list(get(frame, "events"))

/** The rows of all events, each under its product. */
const rowsOf = (frame: unknown, channel: string, name: string): ReadonlyArray<Feeds.Said> =>
  Record.collect(
    Arr.groupBy(events(frame).flatMap((event) => list(get(event, name))), (row) =>
      keyOf(channel, get(row, "product_id"))),
    (_, alike) => ({ product: get(alike[0], "product_id"), rows: alike })
  ).flatMap(({ product, rows }) =>
    keysOf(channel, product).map((key) => ({ _tag: "Data", key, frame: rows }))
  )

const read = (frame: unknown): ReadonlyArray<Feeds.Said> | undefined => {
  switch (get(frame, "channel")) {
    case "heartbeats":
      return []
    case "subscriptions":
      return events(frame).map((event) => {
        const subscribed = get(event, "subscriptions")
        return {
          _tag: "Acknowledged",
          keys: ["ticker", "market_trades", "candles", "level2"].flatMap((channel) =>
            list(get(subscribed, channel)).flatMap((product) => keysOf(channel, product))
          )
        }
      })
    case "ticker":
      return rowsOf(frame, "ticker", "tickers").map((said) =>
        said._tag === "Data" ? { ...said, frame: { time: get(frame, "timestamp"), rows: said.frame } } : said
      )
    case "market_trades":
      return rowsOf(frame, "market_trades", "trades")
    case "candles":
      return rowsOf(frame, "candles", "candles")
    // Subscribed to as `level2`.
    case "l2_data":
      return events(frame).flatMap((event) =>
        keysOf("level2", get(event, "product_id")).map((key) => ({ _tag: "Data", key, frame: event }))
      )
    default:
      return get(frame, "type") === "error"
        ? [{ _tag: "Refused", said: { code: "", text: text(get(frame, "message")) ?? "no reason is given" } }]
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
  at: at("time", blank(Rows.time))
})

/** The latest of a message. */
const ticker = () => {
  const one = Feeds.readingOne(Wire.one(Ticker))
  return (frame: unknown) => {
    const row = list(get(frame, "rows")).at(-1)
    return row === undefined ? undefined : one({ ...Object(row), time: get(frame, "time") })
  }
}

// A message may have the newest first: ids rise.
const byId = Order.mapInput(Order.number, ({ id }: Row.Trade) => Number(id))

const trades = () => {
  const all = Feeds.reading(Wire.list(Rows.Trade))
  return (frame: unknown) => {
    const found = all(frame)
    return found && { ...found, rows: Arr.sort(found.rows, byId) }
  }
}

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

/**
 * Coinbase's feeds. A heartbeat comes every second; candles are of five minutes alone.
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
        // Quiet subscriptions are closed after a minute without them.
        welcome: [{ type: "subscribe", channel: "heartbeats" }]
      }
    },
    most: 100,
    subscribe: asked("subscribe"),
    unsubscribe: asked("unsubscribe"),
    read,
    sequence: (frame) => whole(get(frame, "sequence_num")),
    connects: { connections: 1 },
    messages: { limit: 8, window: "1100 millis" },
    silence: "10 seconds"
  },
  ticker: { topic: topic("ticker"), reader: ticker, quiet: "5 minutes" },
  trades: { topic: topic("market_trades"), reader: trades },
  candles: {
    words: { "5m": "FIVE_MINUTE" },
    topic: topic("candles"),
    reader: () => Feeds.reading(Wire.list(Rows.Bar))
  },
  book: {
    // Of all levels there are.
    depths: 1_000_000,
    topic: topic("level2"),
    reader: () => bookUpdates,
    rules: () => ({})
  }
}
