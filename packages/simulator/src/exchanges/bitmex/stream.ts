/**
 * BitMEX's realtime API, following its documentation up to the closing of the exchange:
 *
 * - A table begins with a `partial`, followed by the rows that are inserted, updated and deleted.
 * - Levels of an order book have ids without a meaning.
 * - Candles are sent when they have closed.
 * - `ping` and `pong` are plain text.
 *
 * Where the documentation is silent, this simulator decides: a `partial` of trades or candles has the latest row.
 * Changes of an order book at the same time are sent side by side, inserts before deletes. Fifty errors close the
 * connection. An instrument that is not traded has no topics, and every topic of an instrument needs its symbol.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Predicate from "effect/Predicate"
import type { ApiKey } from "../../engine/Account.js"
import * as Bars from "../../engine/internal/bars.js"
import { iso } from "../../internal/inputs.js"
import { type Json, parse } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Topics from "../../internal/watches.js"
import type * as Watch from "../../internal/watches.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { bins, bucketRow, levelId, tradeRow } from "./marketData.js"
import { find, type Instrument, row, sizeOf } from "./markets.js"
import type { Row } from "./params.js"
import * as Private from "./privateStream.js"
import { keysOf, send, type Sent } from "./rowUpdates.js"

interface State {
  /** The key of the login. */
  readonly key: ApiKey | undefined
  readonly topics: Topics.Topics
  readonly sent: Sent
  readonly errors: number
}

const mostErrors = 50

const depths = new Map([["orderBookL2", Infinity], ["orderBookL2_25", 25], ["orderBook10", 10]])

const welcome = (world: World): Streaming.Frame =>
  Streaming.control({
    info: "Welcome to the BitMEX Realtime API.",
    version: "2.0.0",
    timestamp: iso(world.now),
    docs: "https://www.bitmex.com/app/wsAPI",
    heartbeatEnabled: false,
    limit: {}
  })

const receive = (state: State, text: string, world: World): Streaming.Turn<State> => {
  if (text === "ping") return { frames: [{ kind: "control", text: "pong" }], next: state }
  const request = parse(text)
  const { args, op } = Predicate.isReadonlyRecord(request) ? request : {}
  const given: ReadonlyArray<unknown> = typeof args === "string" ? [args] : Array.isArray(args) ? args : []
  const named = given.map(String)
  const answers: Array<Streaming.Frame> = []
  let { errors, key: account, topics } = state
  const about: Json = { op: String(op), args: given.map((arg) => typeof arg === "number" ? arg : String(arg)) }
  const refuse = (status: number, error: string) => {
    errors++
    answers.push(Streaming.control({ status, error, meta: {}, request: about }))
  }
  if (op === "authKeyExpires") {
    const found = account === undefined ? Private.login(given, world) : [400, "You are already authenticated."] as const
    if ("id" in found) {
      account = found
      answers.push(Streaming.control({ success: true, request: about }))
    } else refuse(...found)
  } else if (op !== "subscribe" && op !== "unsubscribe") refuse(400, `Unrecognized request: ${text.slice(0, 100)}`)
  for (const key of named) {
    if (op === "unsubscribe") {
      topics = Topics.remove(topics, [key])
      answers.push(Streaming.control({ success: true, unsubscribe: key, request: about }))
    } else if (op === "subscribe") {
      const subject = Private.subjects[key] ?? subjectOf(key)
      const isLocked = key in Private.subjects && (account === undefined || Keys.secretOf(account) === undefined)
      if (isLocked) refuse(401, Private.unauthorized)
      else if (topics.has(key)) refuse(400, `You are already subscribed to this topic: ${key}`)
      else if (typeof subject === "string") refuse(400, subject)
      else {
        topics = Topics.add(topics, key, subject)
        answers.push(Streaming.control({ success: true, subscribe: key, request: about }))
      }
    }
  }
  const turn = pass({ ...state, key: account, topics, errors }, world)
  const frames = [...answers, ...turn.frames]
  return errors < mostErrors
    ? { ...turn, frames }
    : { ...turn, frames, close: { code: 1008, reason: "Too many errors" } }
}

const subjectOf = (key: string): Watch.Subject | string => {
  const [table = "", symbol = ""] = key.split(":")
  const listing = find(symbol)
  if (listing?.state !== "Open") return "Unknown or expired symbol."
  const depth = depths.get(table)
  if (depth !== undefined) return { _tag: "Book", listing, depth }
  const [, bin = ""] = /^tradeBin(.+)$/.exec(table) ?? []
  const interval = Object.hasOwn(bins, bin) ? bins[bin] : undefined
  if (interval !== undefined) return { _tag: "Candles", listing, bars: Bars.fixed(interval) }
  if (table === "trade") return { _tag: "Trades", listing, recent: 1 }
  return table === "instrument" || table === "quote" ? { _tag: "Ticker", listing } : `Unknown table: ${table}`
}

const pass = (state: State, world: World): Streaming.Turn<State> => {
  const sent = new Map(Array.from(state.sent).filter(([key]) => state.topics.has(key.split(" ")[0] ?? "")))
  const [frames, topics] = Topics.poll(state.topics, world, (watch, change) => {
    if (change._tag === "Executions" || change._tag === "Balances") {
      return Private.framesOf(watch.key, change, world, sent)
    }
    const [table = "", symbol = ""] = watch.key.split(":")
    const listing = find(symbol)
    if (listing === undefined) return []
    const message = (action: string, data: ReadonlyArray<Row>): Json =>
      action === "partial"
        ? { table, action, keys: keysOf[table] ?? [], types: {}, filter: { symbol }, data: [...data] }
        : { table, action, data: [...data] }
    const grown = (isFirst: boolean, data: ReadonlyArray<Row>) =>
      isFirst || data.length > 0 ? [Topics.data(message(isFirst ? "partial" : "insert", data))] : []
    switch (change._tag) {
      case "Ticker": {
        if (table === "quote") return grown(change.isFirst, [quoteRow(listing, change, world)])
        const changed = send(sent, watch.key, row(listing, world.quote(listing), world.now))
        return changed === undefined
          ? []
          : [Topics.data(message(changed.action === "insert" ? "partial" : "update", [changed.row]))]
      }
      case "Trades":
        return grown(change.isFirst, change.trades.map((trade, at) => tradeRow(listing, trade, change.trades[at - 1])))
      case "Candles": {
        const interval = watch.subject._tag === "Candles" ? watch.subject.bars.unit : 0
        return grown(change.isFirst, ended(listing, interval, change, world))
      }
      case "Book":
        return table === "orderBook10"
          ? [Topics.data(message(change.isFirst ? "partial" : "update", [tenOf(listing, change, world)]))]
          : changes(listing, change, state.topics.get(watch.key), world, message)
      default:
        return []
    }
  })
  const margins = state.topics.get("margin")?.sent === undefined ? [] : Private.margins(world, sent)
  return { frames: [...frames, ...margins], next: { ...state, topics, sent } }
}

// --- instruments

const quoteRow = (listing: Instrument, { book }: Watch.Change & { readonly _tag: "Ticker" }, { now }: World): Row => {
  const { asks: [ask], bids: [bid] } = book
  return {
    timestamp: iso(now),
    symbol: listing.id,
    bidSize: bid && sizeOf(listing, bid.amount),
    bidPrice: bid?.price,
    askPrice: ask?.price,
    askSize: ask && sizeOf(listing, ask.amount)
  }
}

// --- candles

/** Encodes the candles that closed since the last look. The first time this is the latest closed candle. */
const ended = (
  listing: Instrument,
  interval: number,
  { candles, isFirst }: Watch.Change & { readonly _tag: "Candles" },
  world: World
): ReadonlyArray<Row> => {
  const running = Math.floor(world.now / interval) * interval
  const from = isFirst ? running - interval : candles[0]?.openTime ?? running
  // One candle more, whose close is the open of the first one.
  const known = world.candles(listing, interval, from - interval, running - 1)
  return known.flatMap((candle, at) =>
    candle.openTime < from ? [] : [bucketRow(listing, candle, known[at - 1], interval)]
  )
}

// --- books

type Book = Watch.Change & { readonly _tag: "Book" }

const tenOf = (listing: Instrument, { whole }: Book, { now }: World): Row => {
  const pairs = (side: ReadonlyArray<Watch.Level>): Json =>
    side.map(({ amount, price }) => [price, sizeOf(listing, amount)])
  return { symbol: listing.id, bids: pairs(whole.bids), asks: pairs(whole.asks), timestamp: iso(now) }
}

const actions = { new: "insert", change: "update", delete: "delete" }

/** Encodes the changed rows of an order book. `before` is the subscription before the change. */
const changes = (
  listing: Instrument,
  { asks, bids, isFirst, whole }: Book,
  before: Watch.Watch | undefined,
  { now }: World,
  message: (action: string, data: ReadonlyArray<Row>) => Json
): ReadonlyArray<Streaming.Frame> => {
  const levelRow = (side: "Buy" | "Sell") => ({ amount, price }: Watch.Level): Row => ({
    symbol: listing.id,
    id: levelId(listing, price),
    side,
    size: amount.value === 0n ? undefined : sizeOf(listing, amount),
    price,
    timestamp: iso(now),
    transactTime: iso(now)
  })
  const frame = (action: string, data: ReadonlyArray<Row>): Streaming.Frame => {
    const crossing = action === "delete" || action === "update" ? [] : whole.bids.slice(0, 1).map(levelRow("Sell"))
    const crossed = crossing.length === 0 ? undefined : message(action, [...data, ...crossing])
    return Topics.data(message(action, data), { crossed })
  }
  if (isFirst) return [frame("partial", [...asks.map(levelRow("Sell")), ...bids.map(levelRow("Buy"))])]
  const sideFrames = (side: "Buy" | "Sell", levels: ReadonlyArray<Watch.ChangedLevel>) =>
    Object.entries(actions).flatMap(([what, action]) => {
      const rows = levels.filter((level) => level.what === what)
      return rows.length === 0 ? [] : [frame(action, rows.map(levelRow(side)))]
    })
  // The side that moves away from the other is sent first, so that the sides never cross.
  const [bid, ask] = [before?.sent?.book?.bids[0], whole.asks[0]]
  const areAsksFirst = bid === undefined || ask === undefined || BigDecimal.greaterThan(ask.price, bid.price)
  const sold = sideFrames("Sell", asks)
  const bought = sideFrames("Buy", bids)
  return areAsksFirst ? [...sold, ...bought] : [...bought, ...sold]
}

/** @internal */
export const streaming: Streaming.Streaming = {
  open: (target) =>
    /^\/realtime(?:\?|$)/.test(target)
      ? Streaming.make<State>({
        initial: { key: undefined, topics: Topics.none, sent: new Map(), errors: 0 },
        begin: (state, world) => ({ frames: [welcome(world)], next: state }),
        receive,
        pass,
        expire: (state) => ({
          frames: [],
          next: state,
          ...state.key === undefined ? {} : { close: { code: 1008, reason: "API key was withdrawn" } }
        })
      })
      : undefined
}
