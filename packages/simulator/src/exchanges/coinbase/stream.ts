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
import type * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Bars from "../../engine/internal/bars.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { iso } from "../../internal/inputs.js"
import { type Json, parse } from "../../internal/json.js"
import * as Topics from "../../internal/watches.js"
import type * as Watch from "../../internal/watches.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { authenticateMessage } from "./access.js"
import * as Markets from "./markets.js"
import { user } from "./orders.js"
import * as User from "./userStream.js"

interface State {
  readonly topics: Topics.Topics
  readonly opened: number
  /** When the last heartbeat was sent. `undefined` if the client does not subscribe to heartbeats. */
  readonly beaten: number | undefined
  readonly beats: number
  readonly sequence: number
}

type Message = { readonly [name: string]: Json }

/** A message without its sequence number. */
interface Draft {
  readonly kind: Streaming.Frame["kind"]
  readonly channel: string
  readonly events: ReadonlyArray<Message>
  readonly crossed?: ReadonlyArray<Message> | undefined
}

const numbered = (state: State, drafts: ReadonlyArray<Draft>, world: World): Streaming.Turn<State> => ({
  frames: drafts.map(({ channel, crossed, events, kind }, index) => {
    const frame = (events: ReadonlyArray<Message>): Json => ({
      channel,
      client_id: "",
      timestamp: iso(world.now),
      sequence_num: state.sequence + index,
      events
    })
    return kind === "control"
      ? Streaming.control(frame(events))
      : Topics.data(frame(events), { crossed: crossed && frame(crossed) })
  }),
  next: { ...state, sequence: state.sequence + drafts.length }
})

const refused = (state: State, message: string): Streaming.Turn<State> => ({
  frames: [Streaming.control({ type: "error", message })],
  next: state
})

const channels = ["ticker", "market_trades", "candles", "level2"] as const

const subjectOf = (channel: typeof channels[number], listing: Markets.CoinbaseListing): Watch.Subject => {
  switch (channel) {
    case "ticker":
      return { _tag: "Ticker", listing }
    case "market_trades":
      return { _tag: "Trades", listing, recent: 10 }
    case "candles":
      return { _tag: "Candles", listing, bars: Bars.fixed(300_000) }
    case "level2":
      return { _tag: "Book", listing, depth: Number.POSITIVE_INFINITY }
  }
}

const subscriptions = ({ beaten, topics }: State): Draft => {
  const subscribed: Record<string, Array<string>> = beaten === undefined ? {} : { heartbeats: ["heartbeats"] }
  for (const key of topics.keys()) {
    const [channel = "", product = ""] = key.split(" ")
    subscribed[channel] = [...subscribed[channel] ?? [], product]
  }
  return { kind: "control", channel: "subscriptions", events: [{ subscriptions: subscribed }] }
}

const receive = (state: State, message: string, world: World): Streaming.Turn<State> => {
  const asked = parse(message)
  if (!Predicate.isReadonlyRecord(asked)) return refused(state, "invalid message")
  const { channel: name, product_ids, type } = asked
  if (type !== "subscribe" && type !== "unsubscribe") return refused(state, "type must be subscribe or unsubscribe")
  if (name === "heartbeats") {
    const next = { ...state, beaten: type === "subscribe" ? world.now : undefined }
    return numbered(next, [subscriptions(next)], world)
  }
  if (name === "user") return ofUser(state, type, asked, world)
  const channel = channels.find((one) => one === name)
  if (channel === undefined) return refused(state, `channel ${String(name)} is not supported`)
  const wanted = Array.isArray(product_ids) ? product_ids : []
  let { topics } = state
  // An unknown product is silently left out of the response.
  for (const id of wanted) {
    const listing = Markets.find(typeof id === "string" ? id : "")
    if (listing === undefined) continue
    const key = `${channel} ${listing.id}`
    if (type === "unsubscribe") topics = Topics.remove(topics, [key])
    else if (!topics.has(key)) topics = Topics.add(topics, key, subjectOf(channel, listing))
  }
  const [drafts, nextTopics] = Topics.poll(topics, world, (watch, change) => draftsOf(watch, change, world))
  const next = { ...state, topics: nextTopics }
  return numbered(next, [subscriptions(next), ...drafts], world)
}

/** Subscribes to the orders of the account. The token must be valid now, and is not checked again later. */
const ofUser = (
  state: State,
  type: "subscribe" | "unsubscribe",
  { jwt }: { readonly [name: string]: unknown },
  world: World
): Streaming.Turn<State> => {
  if (Either.isLeft(authenticateMessage(jwt, world.keys, world.now))) return refused(state, "authentication failure")
  const known = state.topics
  const topics = type === "unsubscribe"
    ? Topics.remove(known, [userKey])
    : known.has(userKey)
    ? known
    : Topics.add(known, userKey, { _tag: "Executions" })
  const [drafts, nextTopics] = Topics.poll(topics, world, (watch, change) => draftsOf(watch, change, world))
  const next = { ...state, topics: nextTopics }
  return numbered(next, [subscriptions(next), ...drafts], world)
}

const userKey = `user ${user}`

const pass = (state: State, world: World): Streaming.Turn<State> => {
  if (state.topics.size === 0 && state.beaten === undefined && world.now - state.opened >= 5000) {
    return { frames: [], next: state, close: { code: 1008, reason: "no subscription" } }
  }
  const [drafts, topics] = Topics.poll(state.topics, world, (watch, change) => draftsOf(watch, change, world))
  if (state.beaten === undefined || world.now - state.beaten < 1000) {
    return numbered({ ...state, topics }, drafts, world)
  }
  const beat: Draft = {
    kind: "control",
    channel: "heartbeats",
    events: [{ current_time: `${iso(world.now)} +0000 UTC m=+${state.beats}`, heartbeat_counter: state.beats }]
  }
  return numbered({ ...state, topics, beaten: world.now, beats: state.beats + 1 }, [...drafts, beat], world)
}

const draftsOf = (watch: Watch.Watch, change: Watch.Change, world: World): ReadonlyArray<Draft> => {
  const { subject } = watch
  const product_id = "listing" in subject ? subject.listing.id : ""
  const plain = (value: BigDecimal.BigDecimal): string => Decimal.plain(value)
  const type = change.isFirst ? "snapshot" : "update"
  const draft = (channel: string, event: Message, crossed?: Message): ReadonlyArray<Draft> => [{
    kind: "data",
    channel,
    events: [event],
    crossed: crossed && [crossed]
  }]
  switch (change._tag) {
    case "Ticker": {
      const { book: { asks: [ask], bids: [bid] }, quote } = change
      return draft("ticker", {
        type,
        tickers: [{
          type: "ticker",
          product_id,
          price: plain(quote.last),
          volume_24_h: plain(quote.volume),
          low_24_h: plain(quote.low),
          high_24_h: plain(quote.high),
          low_52_w: plain(quote.low),
          high_52_w: plain(quote.high),
          price_percent_chg_24_h: "0",
          best_bid: bid === undefined ? "" : plain(bid.price),
          best_bid_quantity: bid === undefined ? "" : plain(bid.amount),
          best_ask: ask === undefined ? "" : plain(ask.price),
          best_ask_quantity: ask === undefined ? "" : plain(ask.amount)
        }]
      })
    }
    case "Trades":
      return change.trades.length === 0 ? [] : draft("market_trades", {
        type,
        trades: change.trades.toReversed().map(({ amount, at, id, price, side }) => ({
          trade_id: String(id),
          product_id,
          price: plain(price),
          size: plain(amount),
          // The side of the maker, which is the opposite of the taker's.
          side: side === "buy" ? "SELL" : "BUY",
          time: iso(at)
        }))
      })
    case "Candles":
      return draft("candles", {
        type,
        candles: change.candles.map(({ close, high, low, open, openTime, volume }) => ({
          start: String(openTime / 1000),
          high: plain(high),
          low: plain(low),
          open: plain(open),
          close: plain(close),
          volume: plain(volume),
          product_id
        }))
      })
    case "Book": {
      const levels = (side: string, all: ReadonlyArray<Watch.Level>) =>
        all.map(({ amount, price }) => ({
          side,
          event_time: iso(world.now),
          price_level: plain(price),
          new_quantity: plain(amount)
        }))
      const event = (asks: ReadonlyArray<Watch.Level>): Message => ({
        type,
        product_id,
        updates: [...levels("bid", change.bids), ...levels("offer", asks)]
      })
      return draft("l2_data", event(change.asks), change.crossed && event(change.crossed))
    }
    case "Executions":
      return User.eventsOf(change, world).flatMap((event) => draft("user", event))
    default:
      return []
  }
}

/** @internal */
export const streaming: Streaming.Streaming = {
  open: () =>
    Streaming.make<State>({
      initial: { topics: Topics.none, opened: 0, beaten: undefined, beats: 0, sequence: 0 },
      begin: (state, world) => ({ frames: [], next: { ...state, opened: world.now } }),
      receive,
      pass
    })
}
