/**
 * Coinbase's Advanced Trade WebSocket, following its documentation of 2026-11:
 *
 * - A message subscribes to one channel.
 * - All messages of a connection share one sequence number.
 * - A heartbeat is sent every second to clients that subscribe to it.
 * - A client that subscribes to nothing within five seconds is disconnected.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Bars from "../../engine/internal/bars.js"
import * as Channels from "../../internal/channels.js"
import { isInput, iso } from "../../internal/inputs.js"
import { type Json, parse, quoted } from "../../internal/json.js"
import * as Topics from "../../internal/topics.js"
import type * as Watch from "../../internal/watch.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { authenticateMessage } from "./access.js"
import * as Markets from "./markets.js"
import { user } from "./orders.js"
import * as User from "./userStream.js"

/** A message without its sequence number. */
interface Message {
  readonly channel: string
  readonly event: Json
}

interface State {
  readonly topics: Topics.Topics<Message>
  /** When the last heartbeat was sent. `undefined` if the client does not subscribe to heartbeats. */
  readonly beaten: number | undefined
  readonly beats: number
  readonly sequence: number
}

const listed = { listing: Channels.named("product_id", Markets.find) }

const typeOf = ({ isFirst }: Watch.Change): string => isFirst ? "snapshot" : "update"

const reads = {
  ticker: Channels.ticker(listed, ({ listing }, change) => {
    const { book: { asks: [ask], bids: [bid] }, quote } = change
    const row = {
      type: "ticker",
      product_id: listing.id,
      price: quote.last,
      volume_24_h: quote.volume,
      low_24_h: quote.low,
      high_24_h: quote.high,
      low_52_w: quote.low,
      high_52_w: quote.high,
      price_percent_chg_24_h: "0",
      best_bid: bid?.price ?? "",
      best_bid_quantity: bid?.amount ?? "",
      best_ask: ask?.price ?? "",
      best_ask_quantity: ask?.amount ?? ""
    }
    return [{ channel: "ticker", event: { type: typeOf(change), tickers: [row] } }]
  }),
  market_trades: Channels.trades(listed, ({ listing }, change) => {
    const trades = change.trades.toReversed().map(({ amount, at, id, price, side }) => ({
      trade_id: String(id),
      product_id: listing.id,
      price,
      size: amount,
      // The side of the maker, which is the opposite of the taker's.
      side: side === "buy" ? "SELL" : "BUY",
      time: iso(at)
    }))
    return trades.length === 0 ? [] : [{ channel: "market_trades", event: { type: typeOf(change), trades } }]
  }, () => 10),
  candles: Channels.candles({ ...listed, bars: () => Either.right(Bars.fixed(300_000)) }, ({ listing }, change) => {
    const candles = change.candles.map(({ close, high, low, open, openTime, volume }) => ({
      start: String(openTime / 1000),
      high,
      low,
      open,
      close,
      volume,
      product_id: listing.id
    }))
    return [{ channel: "candles", event: { type: typeOf(change), candles } }]
  }),
  level2: Channels.book(listed, () => Infinity, ({ listing }, change, { now }) => {
    const levels = (side: string, all: ReadonlyArray<Watch.Level>) =>
      all.map(({ amount, price }) => {
        return { side, event_time: iso(now), price_level: price, new_quantity: amount }
      })
    const updates = [...levels("bid", change.bids), ...levels("offer", change.asks)]
    return [{ channel: "l2_data", event: { type: typeOf(change), product_id: listing.id, updates } }]
  }),
  user: Channels.executions(
    {},
    (_, change, world) => User.eventsOf(change, world).map((event) => ({ channel: "user", event }))
  )
}

const channels = Channels.table<Message, unknown>(reads)

/** Sends the messages, with the pending ones of all subscriptions between them. */
const numbered = (
  state: State,
  world: World,
  before: ReadonlyArray<Message>,
  after: ReadonlyArray<Message> = []
): Streaming.Turn<State> => {
  const framed = ({ channel, event }: Message, index: number): Json => ({
    channel,
    client_id: "",
    timestamp: iso(world.now),
    sequence_num: state.sequence + index,
    events: [quoted(event)]
  })
  const controls = (messages: ReadonlyArray<Message>, start: number) =>
    messages.map((message, index) => Streaming.control(framed(message, start + index)))
  const [data, topics] = Topics.poll(
    state.topics,
    world,
    (_, message, index) => framed(message, before.length + index)
  )
  const frames = [...controls(before, 0), ...data, ...controls(after, before.length + data.length)]
  return { frames, next: { ...state, topics, sequence: state.sequence + frames.length } }
}

const refused = (state: State, message: string): Streaming.Turn<State> => ({
  frames: [Streaming.control({ type: "error", message })],
  next: state
})

const subscriptions = ({ beaten, topics }: State): Message => {
  const subscribed: Record<string, Array<string>> = beaten === undefined ? {} : { heartbeats: ["heartbeats"] }
  for (const key of topics.keys()) {
    const [channel = "", product = ""] = key.split(" ")
    subscribed[channel] = [...subscribed[channel] ?? [], product]
  }
  return { channel: "subscriptions", event: { subscriptions: subscribed } }
}

const receive = (state: State, message: string, world: World): Streaming.Turn<State> => {
  const asked = parse(message)
  if (!isInput(asked)) return refused(state, "invalid message")
  const { jwt, product_ids, type } = asked
  const channel = String(asked["channel"])
  if (type !== "subscribe" && type !== "unsubscribe") return refused(state, "type must be subscribe or unsubscribe")
  const responding = (next: State) => numbered(next, world, [subscriptions(next)])
  if (channel === "heartbeats") return responding({ ...state, beaten: type === "subscribe" ? world.now : undefined })
  if (!Object.hasOwn(reads, channel)) return refused(state, `channel ${channel} is not supported`)
  // The token must be valid now, and is not checked again later.
  if (channel === "user" && Either.isLeft(authenticateMessage(jwt, world.keys, world.now))) {
    return refused(state, "authentication failure")
  }
  const products = channel === "user" ? [user] : Array.isArray(product_ids) ? product_ids.map(String) : []
  const keys = products.map((product_id) =>
    [`${channel} ${product_id}`, channels(channel, world, { product_id })] as const
  )
  // An unknown product is silently left out of the response.
  const topics = keys.reduce((all, [key, found]) => {
    if (type === "unsubscribe") return Topics.remove(all, [key])
    return Either.isLeft(found) ? all : Topics.add(all, key, found.right)
  }, state.topics)
  return responding({ ...state, topics })
}

const pass = (state: State, world: World, { openedAt }: Streaming.Times): Streaming.Turn<State> => {
  const { beaten, beats } = state
  if (state.topics.size === 0 && beaten === undefined && world.now - openedAt >= 5000) {
    return Streaming.closing(state, 1008, "no subscription")
  }
  if (beaten === undefined || world.now - beaten < 1000) return numbered(state, world, [])
  const event = { current_time: `${iso(world.now)} +0000 UTC m=+${beats}`, heartbeat_counter: beats }
  const next = { ...state, beaten: world.now, beats: beats + 1 }
  return numbered(next, world, [], [{ channel: "heartbeats", event }])
}

/** @internal */
export const streaming: Streaming.Streaming = {
  open: () =>
    Streaming.make<State>({
      initial: { topics: Topics.none, beaten: undefined, beats: 0, sequence: 0 },
      receive,
      poll: pass
    })
}
