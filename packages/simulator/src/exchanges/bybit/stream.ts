/**
 * Bybit's public streams, following its documentation of 2026-07:
 *
 * - Each category has its own socket.
 * - Tickers of contracts send only the fields that changed.
 * - Order books have four depths and numbered messages. Depth 1 always sends snapshots.
 *
 * A request with an unknown topic is refused as a whole. The error text is this simulator's choice, as it is not
 * documented.
 *
 * @internal
 */
import * as Record from "effect/Record"
import { pathOf } from "../../Dialect.js"
import type { Json } from "../../internal/json.js"
import * as Topics from "../../internal/watches.js"
import * as Watch from "../../internal/watches.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import * as Connection from "./connection.js"
import { execId, intervals, sizeOf, ticker, turnovers } from "./marketData.js"
import { type BybitListing, type Category, find, ofInstrument, price, quantity } from "./markets.js"
import * as PrivateStream from "./privateStream.js"

interface State {
  readonly topics: Topics.Topics
  readonly sent: ReadonlyMap<string, Sent>
  /** When the client last sent a message. */
  readonly lastReceivedAt: number
}

/** The last message of a topic: the number of an order book message, or the row of a ticker. */
interface Sent {
  readonly number: number
  readonly row: { readonly [name: string]: string }
}

const depths = ["1", "50", "200", "1000"]
const mostArgs = 10
const mostCharacters = 21_000

const subjectOf = (category: Category, topic: string): Watch.Subject | undefined => {
  const [channel = "", ...rest] = topic.split(".")
  const [name = "", option = ""] = rest.toReversed()
  const listing = find(category, name)
  if (listing?.status !== "Trading" || rest.length !== (channel === "orderbook" || channel === "kline" ? 2 : 1)) {
    return undefined
  }
  switch (channel) {
    case "tickers":
      return { _tag: "Ticker", listing }
    case "publicTrade":
      return { _tag: "Trades", listing, recent: 0 }
    case "orderbook":
      return depths.includes(option) ? { _tag: "Book", listing, depth: Number(option) } : undefined
    case "kline": {
      const bars = intervals[option]
      return bars && { _tag: "Candles", listing, bars }
    }
    default:
      return undefined
  }
}

const receive = (category: Category) => (state: State, text: string, world: World): Streaming.Turn<State> => {
  const current = { ...state, lastReceivedAt: world.now }
  const input = Connection.parseMessage(text)
  const { args, op } = input
  const answer = (success: boolean, ret_msg: string, next: State = current): Streaming.Turn<State> => {
    const turn = pass(next, world)
    return { ...turn, frames: [Connection.answer(input, success, ret_msg), ...turn.frames] }
  }
  if (op === "ping") return answer(true, "pong")
  const asked = Array.isArray(args) ? args.map(String) : []
  if (op === "unsubscribe") return answer(true, "", { ...current, topics: Topics.remove(current.topics, asked) })
  if (op !== "subscribe") return answer(false, "error:request op not support")
  if (category === "spot" && asked.length > mostArgs) return answer(false, `args size >${mostArgs}`)
  if ([...state.topics.keys(), ...asked].join("").length > mostCharacters) {
    return answer(false, `args length >${mostCharacters}`)
  }
  let { topics } = current
  for (const topic of asked) {
    const subject = subjectOf(category, topic)
    if (subject === undefined) return answer(false, `error:handler not found,topic:${topic}`)
    if (topics.has(topic)) return answer(false, `error:already subscribed,topic:${topic}`)
    topics = Topics.add(topics, topic, subject)
  }
  return answer(true, "subscribe", { ...current, topics })
}

const pass = (state: State, world: World): Streaming.Turn<State> => {
  const close = Connection.closeIfIdle(state.lastReceivedAt, world)
  if (close !== undefined) return { frames: [], next: state, close }
  const sent = new Map(state.sent)
  const [frames, topics] = Topics.poll(state.topics, world, (watch, change) => framesOf(watch, change, world, sent))
  return { frames, next: { ...state, topics, sent } }
}

const nothing: Sent = { number: 0, row: {} }

const framesOf = (
  watch: Watch.Watch,
  change: Watch.Change,
  world: World,
  sent: Map<string, Sent>
): ReadonlyArray<Streaming.Frame> => {
  const { key, subject } = watch
  const listing = "listing" in subject ? ofInstrument(subject.listing.id) : undefined
  if (listing === undefined) return []
  const known = sent.get(key) ?? nothing
  const framed = (type: "snapshot" | "delta", data: Json, more: { readonly [name: string]: Json } = {}): Json => ({
    topic: key,
    type,
    ts: world.now,
    data,
    ...more
  })
  switch (change._tag) {
    case "Ticker": {
      const row = tickerOf(listing, world)
      sent.set(key, { ...nothing, row })
      const isWhole = change.isFirst || listing.category === "spot"
      const changed = Object.entries(row).filter(([name, value]) => known.row[name] !== value)
      if (!isWhole && changed.length === 0) return []
      const data = isWhole ? row : { symbol: listing.name, ...Object.fromEntries(changed) }
      return [Topics.data(framed(isWhole ? "snapshot" : "delta", data, { cs: 24_987_956_059 + world.now % 1e9 }))]
    }
    case "Trades":
      return [Topics.data(framed(
        "snapshot",
        change.trades.map((trade): Json => ({
          T: trade.at,
          s: listing.name,
          S: trade.side === "buy" ? "Buy" : "Sell",
          v: sizeOf(listing, trade),
          p: price(listing, trade.price),
          ...listing.category === "spot" ? {} : { L: "ZeroPlusTick" },
          i: execId(trade),
          BT: false,
          RPI: false,
          seq: trade.id
        }))
      ))]
    case "Candles":
      return [
        Topics.data(framed("snapshot", change.candles.map((candle) => bar(watch, listing, candle, world.now))))
      ]
    case "Book": {
      const isBest = subject._tag === "Book" && subject.depth === 1
      const isWhole = change.isFirst || isBest
      // Never 1, which Bybit reserves for an order book that was restarted.
      const number = known.number === 0 ? change.sequence + 2 : known.number + 1
      const { asks, bids } = isBest ? change.whole : change
      const levels = (side: ReadonlyArray<Watch.Level>): Json =>
        side.map((level) => [price(listing, level.price), quantity(listing, level.amount)])
      const update = (asks: ReadonlyArray<Watch.Level>): Json =>
        framed(
          isWhole ? "snapshot" : "delta",
          { s: listing.name, b: levels(bids), a: levels(asks), u: number, seq: 1_432_604_333 + change.sequence },
          { cts: world.now }
        )
      const [best] = change.whole.bids
      sent.set(key, { ...nothing, number })
      const crossed = best && update([...asks, { price: best.price, amount: best.amount }])
      return [Topics.data(update(asks), { crossed })]
    }
    default:
      return []
  }
}

/** Spot tickers do not include the best bid and ask. */
const tickerOf = (listing: BybitListing, world: World): Sent["row"] => {
  const row = ticker(listing, world)
  return listing.category === "spot" ? Record.filter(row, (_, name) => !/^(?:bid|ask)1/.test(name)) : row
}

const bar = (
  watch: Watch.Watch,
  listing: BybitListing,
  candle: (Watch.Change & { readonly _tag: "Candles" })["candles"][number],
  now: number
): Json => {
  const [volume, turnover] = turnovers(listing, candle.volume, candle.quoteVolume)
  const end = Watch.endOf(watch, candle) - 1
  return {
    start: candle.openTime,
    end,
    interval: watch.key.split(".")[1] ?? "",
    open: price(listing, candle.open),
    close: price(listing, candle.close),
    high: price(listing, candle.high),
    low: price(listing, candle.low),
    volume,
    turnover,
    confirm: now > end,
    timestamp: now
  }
}

/** @internal Options have no streams. */
export const streaming: Streaming.Streaming = {
  open: (target) => {
    if (pathOf(target) === "/v5/private") return PrivateStream.conversation
    const category = (["spot", "linear", "inverse"] as const).find((each) => pathOf(target) === `/v5/public/${each}`)
    return category && Streaming.make<State>({
      initial: { topics: Topics.none, sent: new Map(), lastReceivedAt: 0 },
      begin: (state, world) => ({ frames: [], next: { ...state, lastReceivedAt: world.now } }),
      receive: receive(category),
      pass
    })
  }
}
