/**
 * OKX's WebSocket v5, following its documentation of 2026:
 *
 * - Each argument of a request gets its own response. An error names only the request.
 * - Order books are chained by `prevSeqId`, and their checksum is always 0.
 * - `ping` and `pong` are plain text.
 * - A connection may send 480 requests per hour, and is closed after 30 seconds without a message.
 *
 * Where the documentation is silent, this simulator decides: a repeated subscription is confirmed and continues
 * unchanged, unsubscribing from an unknown channel is confirmed as well, and a suspended instrument has no channels. No
 * order book is quiet for a minute, after which OKX would repeat its state.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { ApiKey } from "../../engine/Account.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { parse } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Topics from "../../internal/watches.js"
import * as Watch from "../../internal/watches.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { balanceRow } from "./account.js"
import { barRow, bars, firstSequence, tickerRow, tradeRow } from "./marketData.js"
import { events, find, type OkxListing, size } from "./markets.js"
import { orderRow } from "./orders.js"

interface State {
  readonly key: ApiKey | undefined
  readonly topics: Topics.Topics
  readonly meters: Meters.Meters
  /** When the server last sent a message. */
  readonly saidAt: number
  /** When the connection closes for a service upgrade. */
  readonly closesAt: number | undefined
}

type Path = "public" | "business" | "private"

const connId = "a4d3ae55"
const requests = Meters.rolling(480, 3_600_000)

const failed = (code: string, msg: string, id: string | undefined): Streaming.Frame =>
  Streaming.control({ event: "error", code, msg, connId, id })

const receive = (path: Path) => (state: State, text: string, world: World): Streaming.Turn<State> => {
  const turn = (frames: ReadonlyArray<Streaming.Frame>, next: State = state): Streaming.Turn<State> => ({
    frames,
    next: { ...next, saidAt: world.now }
  })
  if (text === "ping") return turn([{ kind: "control", text: "pong" }])
  if (text.length > 65_536) {
    return {
      frames: [],
      next: state,
      close: { code: 1009, reason: "Request message exceeds the maximum frame length" }
    }
  }
  const request = parse(text)
  const { args, id, op } = Predicate.isReadonlyRecord(request) ? request : {}
  const name = typeof id === "string" ? id : undefined
  if ((op !== "subscribe" && op !== "unsubscribe" && op !== "login") || !Array.isArray(args)) {
    return turn([failed("60012", `Invalid request: ${text.slice(0, 200)}`, name)])
  }
  if (name !== undefined && !/^[A-Za-z0-9]{1,32}$/.test(name)) {
    return turn([failed("60012", "Invalid request: id", undefined)])
  }
  const { admitted, meters } = Meters.take(state.meters, "requests", requests, world.now)
  if (!admitted) return turn([failed("60014", "Requests too frequent", name)])
  if (op === "login") {
    const key = keyOf(args[0], world)
    return typeof key === "string"
      ? { ...turn([failed(key, "Login failed.", name)]), close: { code: 4001, reason: "Login failed." } }
      : turn([Streaming.control({ event: "login", code: "0", msg: "", connId })], { ...state, meters, key })
  }
  if (path === "private" && (state.key === undefined || Keys.secretOf(state.key) === undefined)) {
    return turn([failed("60011", "Please log in", name)])
  }
  let { topics } = state
  const answers = args.map((arg: unknown) => {
    const found = subjectOf(path, arg)
    if (typeof found === "string") return failed("60018", found, name)
    const { arg: wanted, key, subject } = found
    if (op === "unsubscribe") topics = Topics.remove(topics, [key])
    else if (!topics.has(key)) topics = Topics.add(topics, key, subject)
    return Streaming.control({ id: name, event: op, arg: wanted, connId })
  })
  const [data, next] = Topics.poll(topics, world, framesOf(world))
  return turn([...answers, ...data], { ...state, meters, topics: next })
}

/** Returns the key of a login, or the code of the error if the login is refused. */
const keyOf = (login: unknown, world: World): ApiKey | string => {
  const { apiKey, passphrase, sign, timestamp } = Predicate.isReadonlyRecord(login) ? login : {}
  const key = Keys.named(world, typeof apiKey === "string" ? apiKey : undefined)
  const secret = key && Keys.secretOf(key)
  if (key === undefined || secret === undefined) return "60005"
  if (key.passphrase === undefined || Redacted.value(key.passphrase) !== passphrase) return "60024"
  if (typeof timestamp !== "string" || !(Math.abs(world.now - Number(timestamp) * 1000) <= 30_000)) return "60006"
  return Keys.hmac(secret, `${timestamp}GET/users/self/verify`, "base64") === sign ? key : "60007"
}

const subjectOf = (path: Path, arg: unknown) => {
  const { channel, instId, instType } = Predicate.isReadonlyRecord(arg) ? arg : {}
  if (path === "private") {
    if (channel === "account") return { arg: { channel }, key: channel, subject: { _tag: "Balances" } as const }
    const listing = instId === undefined ? undefined : find(String(instId))
    const isKnown = instId === undefined ||
      (listing !== undefined && (instType === "ANY" || instType === listing.instType))
    if (channel === "orders" && typeof instType === "string" && orderTypes.includes(instType) && isKnown) {
      const key = [channel, instType, ...listing === undefined ? [] : [listing.id]].join("/")
      return { arg: ordersArg(key), key, subject: { _tag: "Executions" } as const }
    }
    return `Wrong URL or channel:${channel},instType:${instType} doesn't exist. Please use the correct URL, channel and ` +
      "parameters."
  }
  const listing = find(String(instId))
  const subject = listing?.state === "live" ? subjects[path](String(channel), listing) : undefined
  return subject === undefined || typeof channel !== "string" || typeof instId !== "string"
    ? `Wrong URL or channel:${channel},instId:${instId} doesn't exist. Please use the correct URL, channel and parameters.`
    : { arg: { channel, instId }, key: `${channel}/${instId}`, subject }
}

const orderTypes = ["SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "ANY"]

/** Returns the argument of an orders subscription from its key. */
const ordersArg = (key: string) => {
  const [channel = "", instType = "", instId] = key.split("/")
  return { channel, instType, instId }
}

const subjects: Record<Exclude<Path, "private">, (channel: string, listing: OkxListing) => Watch.Subject | undefined> =
  {
    public: (channel, listing) => {
      switch (channel) {
        case "tickers":
          return { _tag: "Ticker", listing }
        case "trades":
          return { _tag: "Trades", listing, recent: 0 }
        case "books":
          return { _tag: "Book", listing, depth: 400 }
        case "books5":
          return { _tag: "Book", listing, depth: 5 }
        case "bbo-tbt":
          return { _tag: "Book", listing, depth: 1 }
        default:
          return undefined
      }
    },
    business: (channel, listing) => {
      const shape = bars[channel.replace(/^candle/, "")]
      if (channel === "trades-all") return { _tag: "Trades", listing, recent: 0 }
      return channel.startsWith("candle") && shape !== undefined ? { _tag: "Candles", listing, bars: shape } : undefined
    }
  }

const pass = (state: State, world: World): Streaming.Turn<State> => {
  if (state.closesAt !== undefined && world.now >= state.closesAt) {
    return { frames: [], next: state, close: { code: 1012, reason: "Service upgrade" } }
  }
  const [frames, topics] = Topics.poll(state.topics, world, framesOf(world))
  if (frames.length > 0) return { frames, next: { ...state, topics, saidAt: world.now } }
  return world.now - state.saidAt < 30_000
    ? { frames, next: { ...state, topics } }
    : { frames, next: state, close: { code: 4004, reason: "No data received in 30s." } }
}

const framesOf = (world: World) => (watch: Watch.Watch, change: Watch.Change): ReadonlyArray<Streaming.Frame> => {
  const { key } = watch
  if (change._tag === "Executions") return events(change.events).flatMap(executed(ordersArg(key)))
  if (change._tag === "Balances") {
    return [Topics.data({ arg: { channel: key }, data: [balanceRow(undefined, world)] })]
  }
  const [channel = "", instId = ""] = key.split("/")
  const listing = find(instId)
  if (listing === undefined) return []
  const pushed = (...data: ReadonlyArray<Json>): Json => ({ arg: { channel, instId }, data })
  switch (change._tag) {
    case "Ticker":
      return [Topics.data(pushed(tickerRow(listing, world)))]
    case "Trades":
      return change.trades.map((trade) =>
        Topics.data(pushed({ ...tradeRow(listing, trade), ...channel === "trades" ? { count: "1" } : {} }))
      )
    case "Candles":
      return change.candles.map((candle) =>
        Topics.data(pushed(barRow(listing, candle, Watch.endOf(watch, candle) <= world.now)))
      )
    case "Book":
      return channel === "books"
        ? [changed(listing, change, world)]
        : [Topics.data(pushed({
          asks: levelsOf(listing, change.whole.asks),
          bids: levelsOf(listing, change.whole.bids),
          instId,
          ts: String(world.now),
          seqId: firstSequence + change.sequence
        }))]
    default:
      return []
  }
}

type Events = ReturnType<typeof events>

/** Encodes an order with the event that changed it: a fill, or none. */
const executed = (arg: ReturnType<typeof ordersArg>) => ({ fill, fills, listing, order }: Events[number]) => {
  if (arg.instType !== "ANY" && arg.instType !== listing.instType) return []
  if ((arg.instId ?? listing.id) !== listing.id) return []
  const row: Json = {
    ...orderRow({ listing, order }, fills),
    ...fill === undefined
      ? { tradeId: "", fillPx: "", fillSz: "0", fillTime: "", fillFee: "0", fillFeeCcy: "", execType: "" }
      : {
        fillFee: Decimal.plain(BigDecimal.negate(fill.fee)),
        fillFeeCcy: fill.feeAsset,
        execType: fill.liquidity === "maker" ? "M" : "T"
      },
    amendResult: "",
    code: "0",
    msg: "",
    reqId: ""
  }
  return [Topics.data({ arg: { ...arg, uid: "44705892343619584" }, data: [row] })]
}

const levelsOf = (listing: OkxListing, levels: ReadonlyArray<Watch.Level & { readonly orders?: number }>): Json =>
  levels.map(({ amount, orders = 1, price }) => [Decimal.plain(price), size(listing, amount), "0", String(orders)])

const changed = (
  listing: OkxListing,
  { asks, bids, crossed, isFirst, previous, sequence }: Watch.Change & { readonly _tag: "Book" },
  world: World
): Streaming.Frame => {
  const frame = (asks: ReadonlyArray<Watch.Level>, checksum: number): Json => ({
    arg: { channel: "books", instId: listing.id },
    action: isFirst ? "snapshot" : "update",
    data: [{
      asks: levelsOf(listing, asks),
      bids: levelsOf(listing, bids),
      ts: String(world.now),
      checksum,
      seqId: firstSequence + sequence,
      prevSeqId: isFirst ? -1 : firstSequence + previous
    }]
  })
  return Topics.data(frame(asks, 0), { checksum: frame(asks, 1), crossed: crossed && frame(crossed, 0) })
}

const notice = (state: State, world: World): Streaming.Turn<State> => ({
  frames: [Streaming.control({
    event: "notice",
    code: "64008",
    msg: "The connection will soon be closed for a service upgrade. Please reconnect.",
    connId
  })],
  next: { ...state, saidAt: world.now, closesAt: world.now + 60_000 }
})

/** Closes a logged-in connection, as its key was changed. */
const expire = (state: State): Streaming.Turn<State> => ({
  frames: [],
  next: state,
  ...state.key === undefined ? {} : { close: { code: 4007, reason: "API key has been changed" } }
})

/** @internal */
export const streaming: Streaming.Streaming = {
  open: (target) => {
    const path = /^\/ws\/v5\/(public|business|private)(?:\?|$)/.exec(target)?.[1]
    return path === "public" || path === "business" || path === "private"
      ? Streaming.make<State>({
        initial: { key: undefined, topics: Topics.none, meters: Meters.empty, saidAt: 0, closesAt: undefined },
        begin: (state, world) => ({ frames: [], next: { ...state, saidAt: world.now } }),
        receive: receive(path),
        pass,
        notice,
        expire
      })
      : undefined
  }
}
