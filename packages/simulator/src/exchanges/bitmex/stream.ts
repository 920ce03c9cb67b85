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
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type { ApiKey } from "../../engine/Account.js"
import * as Bars from "../../engine/internal/bars.js"
import * as Channels from "../../internal/channels.js"
import { isInput, iso } from "../../internal/inputs.js"
import { type Json, parse } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Methods from "../../internal/methods.js"
import * as Topics from "../../internal/topics.js"
import type * as Watch from "../../internal/watch.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { account } from "./account.js"
import { bins, bucketRow, levelId, tradeRow } from "./marketData.js"
import { find, type Instrument, row, sizeOf } from "./markets.js"
import type { Row } from "./params.js"
import * as Private from "./privateStream.js"
import { changing, keysOf, type Message } from "./rowUpdates.js"

// --- candles

/** Encodes the candles that closed since the last look. The first time this is the latest closed candle. */
const ended = (
  listing: Instrument,
  interval: number,
  { candles, isFirst }: Watch.ChangeOf<"Candles">,
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

const actions = [["new", "insert"], ["change", "update"], ["delete", "delete"]] as const

/** Encodes the changed rows of an order book. */
const changes = (
  { listing }: { readonly listing: Instrument },
  { asks, bids, isFirst, whole }: Watch.ChangeOf<"Book">,
  { now }: World,
  fault: Channels.Fault | undefined
): ReadonlyArray<Message> => {
  const levelRow = (side: "Buy" | "Sell") => ({ amount, price }: Watch.Level): Row => ({
    symbol: listing.id,
    id: levelId(listing, price),
    side,
    size: amount.value === 0n ? undefined : sizeOf(listing, amount),
    price,
    timestamp: iso(now),
    transactTime: iso(now)
  })
  const crossing = fault === "crossed" ? whole.bids.slice(0, 1).map(levelRow("Sell")) : []
  if (isFirst) {
    return [{ action: "partial", data: [...asks.map(levelRow("Sell")), ...bids.map(levelRow("Buy")), ...crossing] }]
  }
  const messages = (side: "Buy" | "Sell", levels: ReadonlyArray<Watch.ChangedLevel>) =>
    actions.flatMap(([what, action]): ReadonlyArray<Message> => {
      const data = levels.filter((level) => level.what === what).map(levelRow(side))
      return data.length === 0 ? [] : [{ action, data: action === "insert" ? [...data, ...crossing] : data }]
    })
  // The side that moves away from the other is sent first, so that the sides never cross.
  const [ask] = whole.asks
  const areAsksFirst = ask === undefined || bids.every(({ price }) => BigDecimal.greaterThan(ask.price, price))
  const sold = messages("Sell", asks)
  const bought = messages("Buy", bids)
  return areAsksFirst ? [...sold, ...bought] : [...bought, ...sold]
}

const listing = Channels.named("symbol", (name) => {
  const listing = find(name)
  return listing?.state === "Open" ? listing : undefined
})

const listed = { listing }

const levels = (depth: number) =>
  Channels.channel("Book", listed, ({ listing }) => ({ _tag: "Book", listing, depth }), changes)

// --- the topics

const grown = (isFirst: boolean, data: ReadonlyArray<Row>): ReadonlyArray<Message> =>
  isFirst || data.length > 0 ? [{ action: isFirst ? "partial" : "insert", data }] : []

const channels = Channels.table<Message, unknown>({
  ...Private.channels,
  "instrument:{symbol}": changing(
    "instrument",
    Channels.ticker(listed, ({ listing }, { isFirst }, world) => [
      { isFirst, rows: [row(listing, world.quote(listing), world.now)] }
    ])
  ),
  "quote:{symbol}": Channels.ticker(
    listed,
    ({ listing }, { book: { asks: [ask], bids: [bid] }, isFirst }, { now }) =>
      grown(isFirst, [{
        timestamp: iso(now),
        symbol: listing.id,
        bidSize: bid && sizeOf(listing, bid.amount),
        bidPrice: bid?.price,
        askPrice: ask?.price,
        askSize: ask && sizeOf(listing, ask.amount)
      }])
  ),
  "trade:{symbol}": Channels.trades(
    listed,
    ({ listing }, { isFirst, trades }) =>
      grown(isFirst, trades.map((trade, at) => tradeRow(listing, trade, trades[at - 1]))),
    () => 1
  ),
  "tradeBin{bin}:{symbol}": Channels.candles(
    { listing, bars: Channels.member("bin", Record.map(bins, (millis) => Bars.fixed(millis))) },
    ({ bars, listing }, change, world) => grown(change.isFirst, ended(listing, bars.unit, change, world))
  ),
  "orderBookL2:{symbol}": levels(Infinity),
  "orderBookL2_25:{symbol}": levels(25),
  "orderBook10:{symbol}": Channels.book(
    listed,
    () => 10,
    ({ listing }, { isFirst, whole }, { now }) => {
      const pairs = (side: ReadonlyArray<Watch.Level>): Json =>
        side.map(({ amount, price }) => [price, sizeOf(listing, amount)])
      const data = { symbol: listing.id, bids: pairs(whole.bids), asks: pairs(whole.asks), timestamp: iso(now) }
      return [{ action: isFirst ? "partial" : "update", data: [data] }]
    }
  )
})

const refusalOf = (topic: string): string => {
  const [table, symbol = ""] = topic.split(":")
  return find(symbol)?.state === "Open" ? `Unknown table: ${table}` : "Unknown or expired symbol."
}

interface State {
  /** The key of the login. */
  readonly key: ApiKey | undefined
  readonly topics: Topics.Topics<Message>
  readonly errors: number
}

const mostErrors = 50

const welcome = (world: World): Streaming.Frame =>
  Streaming.control({
    info: "Welcome to the BitMEX Realtime API.",
    version: "2.0.0",
    timestamp: iso(world.now),
    docs: "https://www.bitmex.com/app/wsAPI",
    heartbeatEnabled: false,
    limit: {}
  })

const unauthorized: Private.Refusal = [
  401,
  "User requested an account-locked subscription but no authorization was provided."
]

type Method = Methods.Method<State, Private.Refusal, { readonly [name: string]: string }>

const methods: Readonly<Record<string, Method>> = {
  authKeyExpires: ({ args }, state, world) =>
    state.key === undefined
      ? Either.map(Private.login(Arr.ensure(args), world), (key) => [{}, { ...state, key }])
      : Either.left([400, "You are already authenticated."]),
  subscribe: ({ args }, state, world) => {
    const subscribe = String(args)
    const isPrivate = Object.hasOwn(Private.channels, subscribe)
    if (isPrivate && (state.key && Keys.secretOf(state.key)) === undefined) return Either.left(unauthorized)
    if (state.topics.has(subscribe)) return Either.left([400, `You are already subscribed to this topic: ${subscribe}`])
    return Either.mapBoth(channels(subscribe, world), {
      onLeft: () => [400, refusalOf(subscribe)] as const,
      onRight: (channel) => [{ subscribe }, { ...state, topics: Topics.add(state.topics, subscribe, channel) }] as const
    })
  },
  unsubscribe: ({ args }, state) => {
    const unsubscribe = String(args)
    return Either.right([{ unsubscribe }, { ...state, topics: Topics.remove(state.topics, [unsubscribe]) }])
  }
}

const receive = (state: State, text: string, world: World): Streaming.Turn<State> => {
  if (text === "ping") return { frames: [{ kind: "control", text: "pong" }], next: state }
  const asked = parse(text)
  const { args, op } = isInput(asked) ? asked : {}
  const given: ReadonlyArray<unknown> = typeof args === "string" ? [args] : Array.isArray(args) ? args : []
  const request: Json = { op: String(op), args: given.map((arg) => typeof arg === "number" ? arg : String(arg)) }
  const method = Methods.find(methods, String(op), [400, `Unrecognized request: ${text.slice(0, 100)}`])
  // Each topic gets its own response.
  const calls = op === "subscribe" || op === "unsubscribe" ? given : [given]
  const [next, answers] = Arr.mapAccum(
    calls,
    state,
    (before, args): readonly [State, Json] =>
      Either.match(method({ args }, before, world), {
        onLeft: ([status, error]) => [{ ...before, errors: before.errors + 1 }, { status, error, meta: {}, request }],
        onRight: ([result, next]) => [next, { success: true, ...result, request }]
      })
  )
  const turn = pass(next, world)
  return {
    ...turn,
    frames: [...answers.map(Streaming.control), ...turn.frames],
    close: next.errors < mostErrors ? undefined : { code: 1008, reason: "Too many errors" }
  }
}

const pass = (state: State, world: World): Streaming.Turn<State> =>
  Topics.turn(state, world, (topic, { action, data }) => {
    const [table = "", symbol] = topic.split(":")
    const filter = symbol === undefined ? { account } : { symbol }
    return action === "partial"
      ? { table, action, keys: keysOf[table] ?? [], types: {}, filter, data }
      : { table, action, data }
  })

/** @internal */
export const streaming: Streaming.Streaming = {
  open: (target) =>
    /^\/realtime(?:\?|$)/.test(target)
      ? Streaming.make<State>({
        initial: { key: undefined, topics: Topics.none, errors: 0 },
        begin: (state, world) => ({ frames: [welcome(world)], next: state }),
        receive,
        poll: pass,
        expire: (next) => ({ frames: [], next, close: next.key && { code: 1008, reason: "API key was withdrawn" } })
      })
      : undefined
}
