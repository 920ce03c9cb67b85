/**
 * Deribit v2 over a WebSocket, following its documentation of 2026:
 *
 * - The response to a subscription lists the subscribed channels.
 * - Order books are chained by `prev_change_id`.
 * - Heartbeats require a response.
 *
 * Where the documentation is silent, this simulator decides:
 *
 * - A heartbeat is sent once per interval. A `test_request` is added if the client has sent nothing since the previous
 *   one. If the client is still silent when the next one is due, the connection is closed.
 * - A repeated subscription is listed and continues unchanged.
 * - A public subscription ignores channels of the account.
 * - The portfolio of a currency is sent immediately, and whenever it changes.
 * - The connection is closed when its login expires.
 *
 * The only private methods are those that subscribe and unsubscribe. There are no channels of grouped order books and
 * of quotes.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import * as Struct from "effect/Struct"
import * as Channels from "../../internal/channels.js"
import { isFilled } from "../../internal/executions.js"
import { texts } from "../../internal/fields.js"
import type { Input } from "../../internal/inputs.js"
import { type Json, parse } from "../../internal/json.js"
import * as JsonRpc from "../../internal/jsonRpc.js"
import * as Meters from "../../internal/meters.js"
import * as Methods from "../../internal/methods.js"
import * as Topics from "../../internal/topics.js"
import type * as Watch from "../../internal/watch.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import * as Access from "./access.js"
import { fillRow, orderRow, summary } from "./account.js"
import * as MarketData from "./marketData.js"
import { type DeribitListing, events, find, isAsked } from "./markets.js"
import * as Params from "./params.js"

const { invalid, limits, listing, refuse, tooMany } = Params
const { oneOf } = Params.readers

const traded = Channels.named("instrument_name", find)

const paced = { listing: traded, pace: oneOf("pace", ["100ms", "agg2"]) }
const charted = { listing: traded, bars: MarketData.resolution }

const changed = (side: ReadonlyArray<Watch.ChangedLevel>): Json =>
  side.map(({ amount, price, what }) => [what, price, amount])

const about = ({ id }: DeribitListing, { sequence }: Watch.ChangeOf<"Book">, { now }: World) => {
  return { timestamp: now, instrument_name: id, change_id: MarketData.firstChange + sequence }
}

const publicChannels = Channels.table<Json, unknown>({
  "book.{instrument_name}.{pace}": Channels.book(paced, () => 10_000, ({ listing }, change, world) => {
    const sides = { bids: changed(change.bids), asks: changed(change.asks), ...about(listing, change, world) }
    const prev_change_id = MarketData.firstChange + change.previous
    return [change.isFirst ? { type: "snapshot", ...sides } : { type: "change", prev_change_id, ...sides }]
  }),
  "ticker.{instrument_name}.{pace}": Channels.ticker(
    paced,
    ({ listing }, _, world) => [MarketData.tickerRow(listing, world)]
  ),
  "trades.{instrument_name}.{pace}": Channels.trades(paced, ({ listing }, { trades }) => [
    trades.map(MarketData.tradeRow(listing))
  ]),
  "chart.trades.{instrument_name}.{resolution}": Channels.candles(
    charted,
    (_, { candles }) =>
      candles.map(({ openTime: tick, quoteVolume: cost, ...bar }) => {
        return { tick, cost, ...Struct.pick(bar, "open", "high", "low", "close", "volume") }
      })
  )
})

const owned = { pace: oneOf("pace", ["raw", "100ms"]), isMeant: (input: Input) => Either.right(isAsked(input)) }

const ofOne = { ...owned, listing }

// Each order is sent in its own message where the channel is raw.
const orders = (asked: typeof owned) =>
  Channels.executions(asked, ({ isMeant, pace }, change) => {
    const rows = events(change.events).filter(isMeant).map(orderRow)
    return pace === "raw" || rows.length === 0 ? rows : [rows]
  })

const trades = (asked: typeof owned) =>
  Channels.executions(asked, ({ isMeant }, change) => {
    const filled = events(change.events).filter(isMeant).filter(isFilled)
    return filled.length === 0 ? [] : [filled.map(fillRow)]
  })

const privateChannels = Channels.table<Json, unknown>({
  "user.orders.{instrument_name}.{pace}": orders(ofOne),
  "user.orders.{kind}.{currency}.{pace}": orders(owned),
  "user.trades.{instrument_name}.{pace}": trades(ofOne),
  "user.trades.{kind}.{currency}.{pace}": trades(owned),
  "user.portfolio.{currency}": Channels.holdings(
    { currency: Params.currency },
    ({ currency }, { changed }) =>
      changed.filter(({ asset }) => [asset, "ANY"].includes(currency.toUpperCase())).map(summary)
  )
})

interface State {
  readonly topics: Topics.Topics
  readonly meters: Meters.Meters
  readonly heartbeat?: { readonly interval: number; readonly at: number }
  readonly login?: { readonly scope: string; readonly until: number }
}

type Method = Methods.Method<State, Params.Refusal>

const names = ({ channels }: Input): Params.Read<ReadonlyArray<string>> =>
  Array.isArray(channels) ? Either.right(channels.map(String)) : invalid("channels", "wrong")

type Allows = (state: State, names: ReadonlyArray<string>, known: ReadonlyArray<string>) => Params.Read<void>

// Lists the channels that exist. A request is refused as a whole if one of its channels is not allowed.
const subscribe = (channels: Channels.Channels<Json, unknown>, allows: Allows): Method => (params, state, world) =>
  Either.flatMap(names(params), (names) => {
    const [known, topics] = Topics.subscribe(state.topics, channels, names, world)
    return Either.map(allows(state, names, known), () => [known, { ...state, topics }])
  })

const unsubscribe: Method = (params, state) =>
  Either.map(names(params), (names) => [
    names.filter((name) => state.topics.has(name)),
    { ...state, topics: Topics.remove(state.topics, names) }
  ])

const methods: Readonly<Record<string, Method>> = {
  "public/set_heartbeat": ({ interval }, state, { now }) =>
    typeof interval === "number" && interval >= 10
      ? Either.right(["ok", { ...state, heartbeat: { interval: interval * 1000, at: now } }])
      : invalid("interval", "wrong"),
  "public/auth": (params, state, world) =>
    Either.map(Access.grant(texts(params), world), (granted) => {
      const { expires_in, scope } = granted
      return [granted, { ...state, login: { scope, until: world.now + expires_in * 1000 } }]
    }),
  "public/subscribe": subscribe(publicChannels, (_, names) =>
    names.some((name) => name.endsWith(".raw"))
      ? refuse(13_778, "raw_subscriptions_not_available_for_unauthorized")
      : Either.void),
  "private/subscribe": subscribe(privateChannels, ({ login }, _, known) => {
    if (login === undefined) return refuse(10_000, "authorization_required")
    const needed = known.map((name) => name.startsWith("user.portfolio.") ? "account:read" : "trade:read")
    return needed.every((one) => Access.allows(login.scope, one)) ? Either.void : refuse(13_021, "forbidden")
  }),
  "public/unsubscribe": unsubscribe,
  "private/unsubscribe": unsubscribe,
  ...Record.map(
    MarketData.routes,
    ({ answer }): Method => (params, state, world) =>
      Either.map(answer(texts(params), world), ([result]) => [result, state])
  )
}

const notification = (method: string, params: Json): Json => ({ jsonrpc: "2.0", method, params })

const receive = (state: State, text: string, world: World, times: Streaming.Times): Streaming.Turn<State> => {
  const call = JsonRpc.callOf(parse(text))
  const meter = call.method.endsWith("/subscribe") ? "subscribe" : "ordinary"
  const { admitted, meters } = Meters.take(state.meters, meter, limits[meter].rule, world.now, limits[meter].cost)
  const metered = { ...state, meters }
  const refusal = admitted ? call.fault : tooMany
  const method = Methods.find(methods, call.method, JsonRpc.unknownMethod)
  const outcome = refusal === undefined ? method(call.input, metered, world) : Either.left(refusal)
  const encode = (result: Params.Read<Json>) => Params.response(call.id, result, world.now)
  const turn = Methods.answer(outcome, metered, encode, (next) => pass(next, world, times))
  return admitted ? turn : { ...turn, close: { code: 1008, reason: tooMany.message } }
}

const loginOver = { code: 1008, reason: "the login has expired" }

const pass = (before: State, world: World, { receivedAt }: Streaming.Times): Streaming.Turn<State> => {
  const framed = (channel: string, data: Json) => notification("subscription", { channel, data })
  const { frames, next } = Topics.turn(before, world, framed)
  const { heartbeat, login } = next
  if (login !== undefined && world.now >= login.until) return { frames, next, close: loginOver }
  if (heartbeat === undefined || world.now < heartbeat.at + heartbeat.interval) return { frames, next }
  const silences = (world.now - receivedAt) / heartbeat.interval
  if (silences >= 2) return { frames, next, close: { code: 1000, reason: "test_request was not answered" } }
  const beats = silences >= 1 ? ["heartbeat", "test_request"] : ["heartbeat"]
  return {
    frames: [...frames, ...beats.map((type) => Streaming.control(notification("heartbeat", { type })))],
    next: { ...next, heartbeat: { ...heartbeat, at: world.now } }
  }
}

/** @internal */
export const streaming: Streaming.Streaming = {
  open: (target) =>
    /^\/ws\/api\/v2\/?(?:\?|$)/.test(target)
      ? Streaming.make<State>({
        initial: { topics: Topics.none, meters: Meters.empty },
        receive,
        poll: pass,
        expire: (next) => ({ frames: [], next, close: next.login && loginOver })
      })
      : undefined
}
