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
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import { pathOf, queryOf } from "../../Dialect.js"
import type { Candle } from "../../engine/Market.js"
import * as Channels from "../../internal/channels.js"
import { type Json, parse, quoted } from "../../internal/json.js"
import * as Topics from "../../internal/topics.js"
import type * as Watch from "../../internal/watch.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { intervals, statistics } from "./marketData.js"
import { coin, listings } from "./markets.js"
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

const bar = (
  { close, high, low, open, openTime, quoteVolume, trades, volume }: Candle,
  end: number,
  now: number
) => {
  const half = (value: BigDecimal.BigDecimal) => BigDecimal.multiply(value, BigDecimal.make(5n, 1))
  return {
    t: openTime,
    T: end - 1,
    f: -1,
    L: -1,
    o: open,
    c: close,
    h: high,
    l: low,
    v: volume,
    n: trades,
    x: end <= now,
    q: quoteVolume,
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

const listing = Channels.named(
  "market",
  (name) => listings.find(({ id, status }) => id.toLowerCase() === name && status === "TRADING")
)
const bars = Channels.member("interval", intervals)

const levels = (side: ReadonlyArray<Watch.Level>): Json => side.map(({ amount, price }) => [price, amount])

const ticker = (event: string, fields: ReadonlyArray<string>) =>
  Channels.ticker({ listing }, ({ listing }, _, world) => [
    shortened(event, statistics(listing, world, true), world.now, fields)
  ])

// The snapshot must be requested over REST.
const depth = Channels.book(
  { listing },
  () => 5000,
  ({ listing }, { asks, bids, isFirst, previous, sequence }, world) =>
    isFirst ? [] : [{
      e: "depthUpdate",
      E: world.now,
      s: listing.id,
      U: previous + 1,
      u: sequence,
      b: levels(bids),
      a: levels(asks)
    }]
)

const streams = Channels.table<Json, unknown>({
  "{market}@ticker": ticker("24hrTicker", Object.keys(letters)),
  "{market}@miniTicker": ticker("24hrMiniTicker", miniature),
  "{market}@trade": Channels.trades(
    { listing },
    ({ listing }, { trades }, { now: E }) =>
      trades.map(({ amount, at, id, price, side }) => {
        const terms = { t: id, p: price, q: amount, T: at, m: side === "sell", M: true }
        return { e: "trade", E, s: listing.id, ...terms }
      })
  ),
  "{market}@depth": depth,
  "{market}@depth@100ms": depth,
  "{market}@kline_{interval}": Channels.candles(
    { listing, bars, i: Channels.named("interval", identity) },
    ({ bars, i, listing: { id: s } }, { candles }, { now: E }) =>
      candles.map((candle) => ({ e: "kline", E, s, k: { s, i, ...bar(candle, bars.after(candle.openTime), E) } }))
  )
})

const framed = (isCombined: boolean) => (stream: string, data: Json): Json =>
  quoted(isCombined ? { stream, data } : data, coin)

const passing = (state: State, isCombined: boolean, world: World) => Topics.turn(state, world, framed(isCombined))

const subscribe = (state: State, names: ReadonlyArray<string>, world: World): State => ({
  ...state,
  names: new Set([...state.names, ...names]),
  topics: Topics.subscribe(state.topics, streams, names, world)[1]
})

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
  if (received.length > mostMessages) return Streaming.closing(noted, 1008, "Too many requests")
  const answer = (json: Json, next: State = noted): Streaming.Turn<State> => {
    const turn = passing(next, isCombined, world)
    return { ...turn, frames: [Streaming.control(json), ...turn.frames] }
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
  const next = method === "SUBSCRIBE" ? subscribe(noted, params, world) : unsubscribe(noted, params)
  return next.names.size > mostStreams
    ? Streaming.closing(noted, 1008, "Too many streams")
    : answer({ result: null, id }, next)
}

const initial: State = { names: new Set(), topics: Topics.none, received: [] }

const conversation = (isCombined: boolean, names: ReadonlyArray<string>): Streaming.Conversation =>
  Streaming.make<State>({
    initial,
    begin: (state, world) => ({ frames: [], next: subscribe(state, names, world) }),
    receive: receive(isCombined),
    poll: (state, world) => passing(state, isCombined, world),
    notice: (state, world) => {
      const message = framed(isCombined)("!serverShutdown", { e: "serverShutdown", E: world.now })
      return { frames: [Streaming.control(message)], next: state }
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
