/**
 * Deribit v2 over a WebSocket, as its documentation of 2026 describes it: subscriptions whose answer lists what was subscribed to,
 * books chained by `prev_change_id`, and heartbeats that want a proof.
 *
 * What the documentation leaves open is chosen here: a heartbeat comes once an interval, and with it the demand for a proof where
 * nothing was heard since the one before; who has not been heard when the next is due is cut off; a channel that is subscribed
 * to already is listed and goes on as it was. There are no private methods, and of the public ones only those of the connection;
 * books of groups are there ungrouped (`none`).
 *
 * @internal
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as Predicate from "effect/Predicate"
import type * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { parse } from "../../internal/json.js"
import * as Meters from "../../internal/meters.js"
import * as Topics from "../../internal/topics.js"
import type * as Watch from "../../internal/watch.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { limits } from "./limits.js"
import { firstChange, lengthOf, resolutions, tickerRow, tradeRow } from "./marketData.js"
import { type DeribitListing, find } from "./markets.js"
import { type Refusal, timed, tooMany } from "./params.js"

interface State {
  readonly topics: Topics.Topics
  readonly meters: Meters.Meters
  /** When the client was heard last. */
  readonly heardAt: number
  readonly heartbeat: { readonly interval: number; readonly at: number } | undefined
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
  const meter = method === "public/subscribe" ? "subscribe" : "ordinary"
  const { cost, pool } = limits[meter]
  const { admitted, meters } = Meters.take(state.meters, meter, pool, world.now, cost)
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
    case "public/unsubscribe_all":
      return answer("ok", { ...state, topics: Topics.none })
    case "public/subscribe":
    case "public/unsubscribe": {
      const { channels } = params
      if (!Array.isArray(channels)) return invalid("channels")
      const named = channels.map(String)
      if (method === "public/unsubscribe") {
        return answer(named.filter((one) => state.topics.has(one)), {
          ...state,
          topics: Topics.remove(state.topics, named)
        })
      }
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
      const [data, topics] = Topics.pass(wanted, world, say(world, wanted))
      const frames = [result(id, found.map(({ channel }) => channel), world), ...data]
      return { frames, next: { ...state, topics } }
    }
    default:
      return refuse({ code: -32601, message: "Method not found" })
  }
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
        ? { _tag: "Candles", listing, interval: lengthOf(rest) }
        : undefined
  }
}

const pass = (state: State, world: World): Streaming.Turn<State> => {
  const [frames, topics] = Topics.pass(state.topics, world, say(world, state.topics))
  const { heardAt, heartbeat } = state
  if (heartbeat === undefined || world.now < heartbeat.at + heartbeat.interval) {
    return { frames, next: { ...state, topics } }
  }
  const silence = world.now - heardAt
  if (silence >= 2 * heartbeat.interval) {
    return { frames, next: { ...state, topics }, close: { code: 1000, reason: "test_request was not answered" } }
  }
  const beats = ["heartbeat", ...silence >= heartbeat.interval ? ["test_request"] : []]
  return {
    frames: [...frames, ...beats.map((type) => Streaming.control(notification("heartbeat", { type })))],
    next: { ...state, topics, heartbeat: { ...heartbeat, at: world.now } }
  }
}

/** What a watch has to say, after it was as it is in `before`. */
const say =
  (world: World, before: Topics.Topics) =>
  ({ key, subject }: Watch.Watch, change: Watch.Change): ReadonlyArray<Streaming.Frame> => {
    const listing = "listing" in subject ? find(subject.listing.id) : undefined
    if (listing === undefined) return []
    const told = (data: Json): Json => notification("subscription", { channel: key, data })
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
            : changed(listing, change, before.get(key)?.told?.book, world, told)
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
        initial: { topics: Topics.none, meters: Meters.empty, heardAt: 0, heartbeat: undefined },
        begin: (state, world) => ({ frames: [], next: { ...state, heardAt: world.now } }),
        receive,
        pass
      })
      : undefined
}
