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
 * The only private methods are those that subscribe and unsubscribe, and the only public methods are those of the
 * connection. Grouped order books are only supported without grouping (`none`).
 *
 * @internal
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import type * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { texts } from "../../internal/fields.js"
import type { Json } from "../../internal/json.js"
import { encode, parse } from "../../internal/json.js"
import * as Meters from "../../internal/meters.js"
import * as Topics from "../../internal/topics.js"
import type * as Watch from "../../internal/watch.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import * as Access from "./access.js"
import { limits } from "./limits.js"
import { firstChange, lengthOf, resolutions, tickerRow, tradeRow } from "./marketData.js"
import { type DeribitListing, find } from "./markets.js"
import { type Refusal, timed, tooMany } from "./params.js"
import * as PrivateChannels from "./privateChannels.js"

interface State {
  readonly topics: Topics.Topics
  readonly meters: Meters.Meters
  /** When the client last sent a message. */
  readonly heardAt: number
  readonly heartbeat: { readonly interval: number; readonly at: number } | undefined
  readonly login: { readonly scope: string; readonly until: number } | undefined
  /** The last portfolio of each currency that was sent, by channel. */
  readonly portfolios: ReadonlyMap<string, ReadonlyMap<string, string>>
}

type Id = string | number | undefined

const result = (id: Id, result: Json, world: World): Streaming.Frame =>
  Streaming.control({ jsonrpc: "2.0", id, result, ...timed(world.now) })

const failed = (id: Id, { code, data, message }: Refusal, world: World): Streaming.Frame =>
  Streaming.control({ jsonrpc: "2.0", id, error: { code, message, data }, ...timed(world.now) })

const notification = (method: string, params: Json): Json => ({ jsonrpc: "2.0", method, params })

const receive = (state: State, text: string, world: World): Streaming.Turn<State> => {
  const heard = { ...state, heardAt: world.now }
  const request = parse(text)
  if (!Predicate.isReadonlyRecord(request)) {
    return { frames: [failed(undefined, { code: -32700, message: "Parse error" }, world)], next: heard }
  }
  const id = typeof request["id"] === "number" || typeof request["id"] === "string" ? request["id"] : undefined
  const method = String(request["method"])
  const meter = method.endsWith("/subscribe") ? "subscribe" : "ordinary"
  const { cost, rule } = limits[meter]
  const { admitted, meters } = Meters.take(state.meters, meter, rule, world.now, cost)
  const next = { ...heard, meters }
  if (!admitted) {
    return { frames: [failed(id, tooMany, world)], next, close: { code: 1008, reason: tooMany.message } }
  }
  const params = Predicate.isReadonlyRecord(request["params"]) ? request["params"] : {}
  return carryOut(method, params, id, next, world)
}

const carryOut = (
  method: string,
  params: { readonly [name: string]: unknown },
  id: Id,
  state: State,
  world: World
): Streaming.Turn<State> => {
  const answer = (value: Json, next: State = state): Streaming.Turn<State> => ({
    frames: [result(id, value, world)],
    next
  })
  const refuse = (refusal: Refusal): Streaming.Turn<State> => ({ frames: [failed(id, refusal, world)], next: state })
  const invalid = (param: string) =>
    refuse({ code: -32602, message: "Invalid params", data: { reason: "wrong", param } })
  switch (method) {
    case "public/test":
      return answer({ version: "1.2.26" })
    case "public/get_time":
      return answer(world.now)
    case "public/disable_heartbeat":
      return answer("ok", { ...state, heartbeat: undefined })
    case "public/set_heartbeat": {
      const { interval } = params
      if (typeof interval !== "number" || interval < 10) return invalid("interval")
      return answer("ok", { ...state, heartbeat: { interval: interval * 1000, at: world.now } })
    }
    case "public/auth": {
      const granted = Access.auth(texts(params), world)
      if (Either.isLeft(granted)) return refuse(granted.left)
      const [value] = granted.right
      const { expires_in, scope } = Predicate.isReadonlyRecord(value) ? value : {}
      return answer(value, {
        ...state,
        login: { scope: String(scope), until: world.now + Number(expires_in) * 1000 }
      })
    }
    case "public/unsubscribe_all":
      return answer("ok", { ...state, topics: Topics.none, portfolios: new Map() })
    case "public/unsubscribe":
    case "private/unsubscribe": {
      const named = Array.isArray(params["channels"]) ? params["channels"].map(String) : undefined
      if (named === undefined) return invalid("channels")
      const isThere = (one: string) => state.topics.has(one) || state.portfolios.has(one)
      return answer(named.filter(isThere), {
        ...state,
        topics: Topics.remove(state.topics, named),
        portfolios: new Map([...state.portfolios].filter(([name]) => !named.includes(name)))
      })
    }
    case "private/subscribe":
      return state.login === undefined
        ? refuse({ code: 10_000, message: "authorization_required" })
        : subscribePrivately(params["channels"], state.login.scope, id, state, world)
    case "public/subscribe": {
      const { channels } = params
      if (!Array.isArray(channels)) return invalid("channels")
      const named = channels.map(String)
      if (named.some((one) => one.endsWith(".raw"))) {
        return refuse({ code: 13_778, message: "raw_subscriptions_not_available_for_unauthorized" })
      }
      const found = named.flatMap((channel) => {
        const subject = subjectOf(channel)
        return subject === undefined ? [] : [{ channel, subject }]
      })
      const wanted = found.reduce(
        (topics, { channel, subject }) => topics.has(channel) ? topics : Topics.add(topics, channel, subject),
        state.topics
      )
      const [data, topics] = Topics.poll(wanted, world, say(world, wanted))
      const frames = [result(id, found.map(({ channel }) => channel), world), ...data]
      return { frames, next: { ...state, topics } }
    }
    default:
      return refuse({ code: -32601, message: "Method not found" })
  }
}

/**
 * Subscribes to the known channels of the account. Refuses all of them if the scope of the login does not allow one.
 */
const subscribePrivately = (
  channels: unknown,
  scope: string,
  id: Id,
  state: State,
  world: World
): Streaming.Turn<State> => {
  const found = (Array.isArray(channels) ? channels.map(String) : []).flatMap((name) => {
    const channel = PrivateChannels.channelOf(name)
    return channel === undefined ? [] : [{ name, channel }]
  })
  const may = found.every(({ channel }) => Access.allows(scope, channel.needs))
  if (!may) return { frames: [failed(id, { code: 13_021, message: "forbidden" }, world)], next: state }
  let { portfolios, topics } = state
  for (const { channel, name } of found) {
    if (channel.what === "portfolio") portfolios = new Map([[name, new Map()], ...portfolios])
    else if (!topics.has(name)) topics = Topics.add(topics, name, { _tag: "Executions" })
  }
  const turn = pass({ ...state, portfolios, topics }, world)
  return { ...turn, frames: [result(id, found.map(({ name }) => name), world), ...turn.frames] }
}

const subjectOf = (channel: string): Watch.Subject | undefined => {
  const [, kind = "", name = "", rest = ""] =
    /^(book|ticker|trades|quote|chart\.trades)\.([^.]+)(?:\.(.+))?$/.exec(channel)
      ?? []
  const listing = find(name)
  if (listing?.instrument === undefined) return undefined
  const isPaced = rest === "100ms" || rest === "agg2"
  switch (kind) {
    case "book": {
      const [, depth] = /^none\.(1|10|20)\.(?:100ms|agg2)$/.exec(rest) ?? []
      return isPaced || depth !== undefined ? { _tag: "Book", listing, depth: Number(depth ?? 10_000) } : undefined
    }
    case "ticker":
      return isPaced ? { _tag: "Ticker", listing } : undefined
    case "trades":
      return isPaced ? { _tag: "Trades", listing, recent: 0 } : undefined
    case "quote":
      return rest === "" ? { _tag: "Ticker", listing } : undefined
    default:
      return resolutions.some((one) => one === rest)
        ? { _tag: "Candles", listing, bars: Bars.fixed(lengthOf(rest)) }
        : undefined
  }
}

const pass = (before: State, world: World): Streaming.Turn<State> => {
  const [told, topics] = Topics.poll(before.topics, world, say(world, before.topics))
  const [changed, portfolios] = changedPortfolios(before.portfolios, world)
  const frames = [...told, ...changed]
  const state = { ...before, topics, portfolios }
  const { heardAt, heartbeat, login } = state
  if (login !== undefined && world.now >= login.until) return { frames, next: state, close: loginOver }
  if (heartbeat === undefined || world.now < heartbeat.at + heartbeat.interval) return { frames, next: state }
  const silence = world.now - heardAt
  if (silence >= 2 * heartbeat.interval) {
    return { frames, next: state, close: { code: 1000, reason: "test_request was not answered" } }
  }
  const beats = ["heartbeat", ...silence >= heartbeat.interval ? ["test_request"] : []]
  return {
    frames: [...frames, ...beats.map((type) => Streaming.control(notification("heartbeat", { type })))],
    next: { ...state, heartbeat: { ...heartbeat, at: world.now } }
  }
}

const loginOver = { code: 1008, reason: "the login has expired" }

/** Creates a notification for each currency whose portfolio changed. */
const changedPortfolios = (before: State["portfolios"], world: World) => {
  const frames: Array<Streaming.Frame> = []
  const after = new Map<string, ReadonlyMap<string, string>>()
  for (const [name, known] of before) {
    const channel = PrivateChannels.channelOf(name)
    const rows = channel === undefined ? [] : PrivateChannels.portfolio(channel, world)
    for (const row of rows) {
      if (known.get(row.currency) === encode(row)) continue
      frames.push(Streaming.data(notification("subscription", { channel: name, data: row })))
    }
    after.set(name, new Map(rows.map((row) => [row.currency, encode(row)])))
  }
  return [frames, after] as const
}

/** Encodes a change of a subscription. `before` holds the subscriptions before the change. */
const say =
  (world: World, before: Topics.Topics) =>
  ({ key, subject }: Watch.Watch, change: Watch.Change): ReadonlyArray<Streaming.Frame> => {
    const told = (data: Json): Json => notification("subscription", { channel: key, data })
    if (change._tag === "Executions") {
      const channel = PrivateChannels.channelOf(key)
      return (channel === undefined ? [] : PrivateChannels.executed(channel, change)).map((data) =>
        Streaming.data(told(data))
      )
    }
    const listing = "listing" in subject ? find(subject.listing.id) : undefined
    if (listing === undefined) return []
    switch (change._tag) {
      case "Ticker":
        return [Streaming.data(told(key.startsWith("quote") ? quoteRow(listing, world) : tickerRow(listing, world)))]
      case "Trades":
        return change.trades.length === 0 ? [] : [Streaming.data(told(change.trades.map(tradeRow(listing))))]
      case "Candles":
        return change.candles.map(({ close, high, low, open, openTime, quoteVolume, volume }) =>
          Streaming.data(told({ tick: openTime, open, high, low, close, volume, cost: quoteVolume }))
        )
      case "Book":
        return [
          key.includes(".none.")
            ? Streaming.data(told(wholeOf(listing, change, world)))
            : changed(listing, change, before.get(key)?.sent?.book, world, told)
        ]
      default:
        return []
    }
  }

const quoteRow = (listing: DeribitListing, world: World): Json => {
  const { best_ask_amount, best_ask_price, best_bid_amount, best_bid_price, instrument_name, timestamp } = tickerRow(
    listing,
    world
  )
  return { best_ask_amount, best_ask_price, best_bid_amount, best_bid_price, instrument_name, timestamp }
}

type Changed = Watch.Change & { readonly _tag: "Book" }

const wholeOf = (listing: DeribitListing, { sequence, whole }: Changed, { now }: World): Json => {
  const levels = (side: ReadonlyArray<Watch.Level>): Json => side.map(({ amount, price }) => [price, amount])
  return {
    timestamp: now,
    instrument_name: listing.id,
    change_id: firstChange + sequence,
    bids: levels(whole.bids),
    asks: levels(whole.asks)
  }
}

const changed = (
  listing: DeribitListing,
  { asks, bids, isFirst, previous, sequence, whole }: Changed,
  before: Engine.Book | undefined,
  { now }: World,
  told: (data: Json) => Json
): Streaming.Frame => {
  const levels = (side: ReadonlyArray<Watch.Level>, was: ReadonlyArray<Watch.Level> = []): ReadonlyArray<Json> => {
    const known = new Set(was.map(({ price }) => Decimal.plain(price)))
    const word = (
      { amount, price }: { readonly amount: BigDecimal.BigDecimal; readonly price: BigDecimal.BigDecimal }
    ) => amount.value === 0n ? "delete" : known.has(Decimal.plain(price)) ? "change" : "new"
    return side.map((level) => [word(level), level.price, level.amount])
  }
  const frame = (asks: ReadonlyArray<Json>): Json =>
    told({
      type: isFirst ? "snapshot" : "change",
      timestamp: now,
      instrument_name: listing.id,
      change_id: firstChange + sequence,
      prev_change_id: isFirst ? undefined : firstChange + previous,
      bids: levels(bids, before?.bids),
      asks
    })
  const sold = levels(asks, before?.asks)
  const [best] = whole.bids
  return Streaming.data(frame(sold), {
    crossed: best && frame([...sold, ["new", best.price, best.amount]])
  })
}

/** @internal */
export const streaming: Streaming.Streaming = {
  open: (target) =>
    /^\/ws\/api\/v2\/?(?:\?|$)/.test(target)
      ? Streaming.make<State>({
        initial: {
          topics: Topics.none,
          meters: Meters.empty,
          heardAt: 0,
          heartbeat: undefined,
          login: undefined,
          portfolios: new Map()
        },
        begin: (state, world) => ({ frames: [], next: { ...state, heardAt: world.now } }),
        receive,
        pass,
        expire: (state) => ({ frames: [], next: state, ...state.login === undefined ? {} : { close: loginOver } })
      })
      : undefined
}
