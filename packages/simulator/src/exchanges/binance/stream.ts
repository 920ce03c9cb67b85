/**
 * Binance's market streams, following its documentation of 2026-07:
 *
 * - `/ws` sends raw events, and `/stream` wraps each event with the name of its stream.
 * - A stream of an unknown market is acknowledged and stays silent.
 * - There are tickers of both sizes, trades, candles and order book updates. Order books have no snapshot stream.
 * - A client that sends more than five messages within a second is disconnected.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Predicate from "effect/Predicate"
import { pathOf, queryOf } from "../../Dialect.js"
import type * as Engine from "../../engine/Engine.js"
import type { Candle } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { parse } from "../../internal/json.js"
import * as Topics from "../../internal/topics.js"
import * as Watch from "../../internal/watch.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import * as Candles from "./candles.js"
import { coin, listings } from "./markets.js"
import { statistics } from "./tickers.js"
import * as UserStream from "./userStream.js"

interface State {
  /** All requested names in order, including unknown ones. */
  readonly names: ReadonlySet<string>
  readonly topics: Topics.Topics
  /** When the latest messages were received, oldest first. */
  readonly received: ReadonlyArray<number>
}

const mostStreams = 1024
const mostMessages = 5

const methods = ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"]

/** Returns the subject of a stream, or `undefined` if there is no such stream. */
const subjectOf = (name: string): Watch.Subject | undefined => {
  const [, market, channel = ""] = /^([^@]+)@(.+)$/.exec(name) ?? []
  const listing = listings.find(({ id, status }) => id.toLowerCase() === market && status === "TRADING")
  if (listing === undefined) return undefined
  if (channel === "ticker" || channel === "miniTicker") return { _tag: "Ticker", listing }
  if (channel === "trade") return { _tag: "Trades", listing, recent: 0 }
  if (channel === "depth" || channel === "depth@100ms") return { _tag: "Book", listing, depth: 5000 }
  const [, interval = ""] = /^kline_(\w+)$/.exec(channel) ?? []
  const bars = Candles.intervals[interval]
  return bars && { _tag: "Candles", listing, bars }
}

const subscribe = (state: State, names: ReadonlyArray<string>): State => {
  const fresh = names.filter((name) => !state.names.has(name))
  const topics = fresh.reduce((all, name) => {
    const subject = subjectOf(name)
    return subject === undefined ? all : Topics.add(all, name, subject)
  }, state.topics)
  return { ...state, names: new Set([...state.names, ...fresh]), topics }
}

const unsubscribe = (state: State, names: ReadonlyArray<string>): State => ({
  ...state,
  names: new Set([...state.names].filter((name) => !names.includes(name))),
  topics: Topics.remove(state.topics, names)
})

const isNames = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every(Predicate.isString)

const isId = (value: unknown): value is number | string | null =>
  value === null || typeof value === "string" || (typeof value === "number" && Number.isInteger(value))

const receive = (isCombined: boolean) => (state: State, text: string, world: World): Streaming.Turn<State> => {
  const received = [...state.received.filter((at) => at > world.now - 1000), world.now]
  const noted = { ...state, received }
  if (received.length > mostMessages) {
    return { frames: [], next: noted, close: { code: 1008, reason: "Too many requests" } }
  }
  const answer = (json: Json, next: State = noted): Streaming.Turn<State> => {
    const [data, topics] = Topics.poll(next.topics, world, framesOf(isCombined, world))
    return { frames: [Streaming.control(json), ...data], next: { ...next, topics } }
  }
  const value = parse(text)
  const wrong = (msg: string, id?: unknown) =>
    answer({ code: 2, msg: `Invalid request: ${msg}`, id: isId(id) ? id : undefined })
  if (!Predicate.isReadonlyRecord(value)) return answer({ code: 3, msg: "Invalid JSON: expected value" })
  const { id, method, params = [] } = value
  if (!isId(id)) return wrong("request ID must be an unsigned integer")
  if (typeof method !== "string" || !methods.includes(method)) {
    return wrong(`unknown variant ${String(method)}, expected one of ${methods.join(", ")}`, id)
  }
  if (method === "LIST_SUBSCRIPTIONS") return answer({ result: [...state.names], id })
  if (method === "GET_PROPERTY") return answer({ result: isCombined, id })
  if (method === "SET_PROPERTY") return answer({ code: 0, msg: "Unknown property", id })
  if (!isNames(params)) return wrong("params must be a list of names", id)
  const next = method === "SUBSCRIBE" ? subscribe(noted, params) : unsubscribe(noted, params)
  return next.names.size > mostStreams
    ? { frames: [], next: noted, close: { code: 1008, reason: "Too many streams" } }
    : answer({ result: null, id }, next)
}

const framesOf =
  (isCombined: boolean, world: World) => (watch: Watch.Watch, change: Watch.Change): ReadonlyArray<Streaming.Frame> => {
    const { subject } = watch
    const listing = "listing" in subject ? listings.find(({ id }) => id === subject.listing.id) : undefined
    if (listing === undefined) return []
    const [s, E] = [listing.id, world.now]
    const named = (data: Json): Json => isCombined ? { stream: watch.key, data } : data
    switch (change._tag) {
      case "Ticker":
        return [Streaming.data(named(
          watch.key.endsWith("@miniTicker")
            ? shortened("24hrMiniTicker", statistics(listing, world, true), E, miniature)
            : shortened("24hrTicker", statistics(listing, world, true), E, Object.keys(letters))
        ))]
      case "Trades":
        return change.trades.map(({ amount, at, id, price, side }) =>
          Streaming.data(named({
            e: "trade",
            E,
            s,
            t: id,
            p: coin(price),
            q: coin(amount),
            T: at,
            m: side === "sell",
            M: true
          }))
        )
      case "Candles": {
        const name = watch.key.replace(/^.*@kline_/, "")
        return change.candles.map((candle) =>
          Streaming.data(
            named({ e: "kline", E, s, k: { s, i: name, ...bar(candle, Watch.endOf(watch, candle), world.now) } })
          )
        )
      }
      case "Book": {
        // The snapshot must be requested over REST.
        if (change.isFirst) return []
        const levels = (side: ReadonlyArray<Watch.Level>): Json =>
          side.map(({ amount, price }) => [coin(price), coin(amount)])
        const update = (asks: ReadonlyArray<Watch.Level>) =>
          named({
            e: "depthUpdate",
            E,
            s,
            U: change.previous + 1,
            u: change.sequence,
            b: levels(change.bids),
            a: levels(asks)
          })
        return [Streaming.data(update(change.asks), { crossed: crossed(change.whole, change.asks, update) })]
      }
      default:
        return []
    }
  }

const crossed = (
  { bids: [best] }: Engine.Book,
  asks: ReadonlyArray<Watch.Level>,
  update: (asks: ReadonlyArray<Watch.Level>) => Json
): Json | undefined => best && update([...asks, { price: best.price, amount: best.amount }])

const bar = (
  { close, high, low, open, openTime, quoteVolume, trades, volume }: Candle,
  end: number,
  now: number
) => {
  const half = (value: BigDecimal.BigDecimal) => coin(BigDecimal.multiply(value, BigDecimal.make(5n, 1)))
  return {
    t: openTime,
    T: end - 1,
    f: -1,
    L: -1,
    o: coin(open),
    c: coin(close),
    h: coin(high),
    l: coin(low),
    v: coin(volume),
    n: trades,
    x: end <= now,
    q: coin(quoteVolume),
    // The taker buy volume is half of the volume.
    V: half(volume),
    Q: half(quoteVolume),
    B: "0"
  }
}

const letters: Readonly<Record<string, string>> = {
  symbol: "s",
  priceChange: "p",
  priceChangePercent: "P",
  weightedAvgPrice: "w",
  prevClosePrice: "x",
  lastPrice: "c",
  lastQty: "Q",
  bidPrice: "b",
  bidQty: "B",
  askPrice: "a",
  askQty: "A",
  openPrice: "o",
  highPrice: "h",
  lowPrice: "l",
  volume: "v",
  quoteVolume: "q",
  openTime: "O",
  closeTime: "C",
  firstId: "F",
  lastId: "L",
  count: "n"
}

/** The fields of the small ticker. */
const miniature = ["symbol", "lastPrice", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume"]

const shortened = (
  event: string,
  row: { readonly [name: string]: Json },
  at: number,
  fields: ReadonlyArray<string>
): Json => ({
  e: event,
  E: at,
  ...Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const letter = letters[name]
      return letter === undefined || !fields.includes(name) ? [] : [[letter, value]]
    })
  )
})

const initial: State = { names: new Set(), topics: Topics.none, received: [] }

const conversation = (isCombined: boolean, names: ReadonlyArray<string>): Streaming.Conversation =>
  Streaming.make<State>({
    initial: subscribe(initial, names),
    receive: receive(isCombined),
    pass: (state, world) => {
      const [frames, topics] = Topics.poll(state.topics, world, framesOf(isCombined, world))
      return { frames, next: { ...state, topics } }
    },
    notice: (state, world) => {
      const data = { e: "serverShutdown", E: world.now }
      return { frames: [Streaming.control(isCombined ? { stream: "!serverShutdown", data } : data)], next: state }
    }
  })

/** @internal The URL may contain the names of streams. */
export const streaming: Streaming.Streaming = {
  open: (target) => {
    const path = pathOf(target)
    if (path === "/ws-api/v3") return UserStream.conversation
    const named = (names: string) => names.split("/").filter((name) => name !== "")
    if (path === "/stream") return conversation(true, named(new URLSearchParams(queryOf(target)).get("streams") ?? ""))
    return path === "/ws" || path.startsWith("/ws/") ? conversation(false, named(path.slice(3))) : undefined
  }
}
