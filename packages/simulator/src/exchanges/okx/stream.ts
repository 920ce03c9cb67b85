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
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Struct from "effect/Struct"
import type { ApiKey } from "../../engine/Account.js"
import * as Channels from "../../internal/channels.js"
import { texts } from "../../internal/fields.js"
import { type Input, isInput } from "../../internal/inputs.js"
import { encode, type Json, parse, quoted } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Topics from "../../internal/topics.js"
import type * as Watch from "../../internal/watch.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { balanceRow } from "./account.js"
import { barRow, bars, firstSequence, tickerRow, tradeRow } from "./marketData.js"
import { events, find, type OkxListing, size } from "./markets.js"
import { orderRow } from "./orders.js"
import { all, live, oneOf, optional, required } from "./params.js"

type Arg = { readonly [name: string]: string | undefined }

const pushed = (arg: Arg, ...data: ReadonlyArray<Json>): Json => ({ arg, data })

const traded = { arg: all({ channel: required("channel"), instId: required("instId") }), listing: live }

const levelsOf = (listing: OkxListing, levels: ReadonlyArray<Watch.Level & { readonly orders?: number }>): Json =>
  levels.map(({ amount, orders = 1, price }) => [price, size(listing, amount), "0", String(orders)])

const top = (depth: number) =>
  Channels.book(traded, () => depth, ({ arg, listing }, { sequence, whole }, { now }) => [
    pushed(arg, {
      asks: levelsOf(listing, whole.asks),
      bids: levelsOf(listing, whole.bids),
      instId: listing.id,
      ts: String(now),
      seqId: firstSequence + sequence
    })
  ])

const books = Channels.book(
  traded,
  () => 400,
  ({ arg, listing }, { asks, bids, isFirst, previous, sequence }, { now }, fault) => [{
    arg,
    action: isFirst ? "snapshot" : "update",
    data: [{
      asks: levelsOf(listing, asks),
      bids: levelsOf(listing, bids),
      ts: String(now),
      checksum: fault === "checksum" ? 1 : 0,
      seqId: firstSequence + sequence,
      prevSeqId: isFirst ? -1 : firstSequence + previous
    }]
  }]
)

const trades = (more: { readonly [name: string]: Json }) =>
  Channels.trades(
    traded,
    ({ arg, listing }, { trades }) => trades.map((trade) => pushed(arg, { ...tradeRow(listing, trade), ...more }))
  )

const instTypes = ["SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "ANY"]

const ordered = all({
  channel: required("channel"),
  instType: oneOf("instType", instTypes),
  instId: optional("instId")
})

const isOf = ({ instId, instType = "" }: Arg, listing: OkxListing | undefined): boolean =>
  listing !== undefined && ["ANY", listing.instType].includes(instType) && (instId ?? listing.id) === listing.id

/** Encodes an order with the event that changed it: a fill, or none. */
const executed = ({ fill, fills, listing, order }: ReturnType<typeof events>[number]): Json => ({
  ...orderRow({ listing, order }, fills),
  ...fill === undefined
    ? { tradeId: "", fillPx: "", fillSz: "0", fillTime: "", fillFee: "0", fillFeeCcy: "", execType: "" }
    : {
      fillFee: BigDecimal.negate(fill.fee),
      fillFeeCcy: fill.feeAsset,
      execType: fill.liquidity === "maker" ? "M" : "T"
    },
  amendResult: "",
  code: "0",
  msg: "",
  reqId: ""
})

const channels = {
  public: Channels.table<Json, unknown>({
    tickers: Channels.ticker(traded, ({ arg, listing }, _, world) => [pushed(arg, tickerRow(listing, world))]),
    trades: trades({ count: "1" }),
    books,
    books5: top(5),
    "bbo-tbt": top(1)
  }),
  business: Channels.table<Json, unknown>({
    "trades-all": trades({}),
    "candle{bars}": Channels.candles(
      { ...traded, bars: Channels.member("bars", bars) },
      ({ arg, bars, listing }, { candles }, { now }) =>
        candles.map((candle) => pushed(arg, barRow(listing, candle, bars.after(candle.openTime) <= now)))
    )
  }),
  private: Channels.table<Json, unknown>({
    account: Channels.balances({}, (_, __, world) => [pushed({ channel: "account" }, balanceRow(undefined, world))]),
    orders: Channels.executions(
      {
        arg: (input, world) =>
          Either.filterOrLeft(
            ordered(input, world),
            (arg) => arg.instId === undefined || isOf(arg, find(arg.instId)),
            () => undefined
          )
      },
      ({ arg }, change) =>
        events(change.events).filter(({ listing }) => isOf(arg, listing))
          .map((event) => pushed({ ...arg, uid: "44705892343619584" }, executed(event)))
    )
  })
}

type Path = keyof typeof channels

/** The parts of an argument that name a subscription. */
const parts = {
  public: ["channel", "instId"],
  business: ["channel", "instId"],
  private: ["channel", "instType", "instId"]
} as const

const nowhere = (path: Path, input: Input): string => {
  const [channel, part] = parts[path]
  return `Wrong URL or channel:${input[channel]},${part}:${input[part]} doesn't exist. Please use the correct URL, ` +
    "channel and parameters."
}

interface State {
  readonly key: ApiKey | undefined
  readonly topics: Topics.Topics
  readonly meters: Meters.Meters
  /** When the connection closes for a service upgrade. */
  readonly closesAt: number | undefined
}

const connId = "a4d3ae55"
const requests = Meters.rolling(480, 3_600_000)

const failed = (code: string, msg: string, id: string | undefined): Streaming.Frame =>
  Streaming.control({ event: "error", code, msg, connId, id })

const receive = (path: Path) => (state: State, text: string, world: World): Streaming.Turn<State> => {
  const turn = (frames: ReadonlyArray<Streaming.Frame>, next = state): Streaming.Turn<State> => ({ frames, next })
  if (text === "ping") return turn([{ kind: "control", text: "pong" }])
  if (text.length > 65_536) {
    return Streaming.closing(state, 1009, "Request message exceeds the maximum frame length")
  }
  const request = parse(text)
  const { args, id, op } = isInput(request) ? request : {}
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
  const answers = args.map((asked: unknown) => {
    const input = isInput(asked) ? asked : {}
    const channel = channels[path](String(input["channel"]), world, input)
    if (Either.isLeft(channel)) return failed("60018", nowhere(path, input), name)
    const arg = Struct.pick(texts(input), ...parts[path])
    const key = encode(arg)
    topics = op === "unsubscribe" ? Topics.remove(topics, [key]) : Topics.add(topics, key, channel.right)
    return Streaming.control({ id: name, event: op, arg, connId })
  })
  const { frames, next } = poll({ ...state, meters, topics }, world)
  return turn([...answers, ...frames], next)
}

/** Returns the key of a login, or the code of the error if the login is refused. */
const keyOf = (login: unknown, world: World): ApiKey | string => {
  const { apiKey, passphrase, sign, timestamp } = isInput(login) ? login : {}
  const key = Keys.named(world, typeof apiKey === "string" ? apiKey : undefined)
  const secret = key && Keys.secretOf(key)
  if (key === undefined || secret === undefined) return "60005"
  if (key.passphrase === undefined || Redacted.value(key.passphrase) !== passphrase) return "60024"
  if (typeof timestamp !== "string" || !(Math.abs(world.now - Number(timestamp) * 1000) <= 30_000)) return "60006"
  return Keys.hmac(secret, `${timestamp}GET/users/self/verify`, "base64") === sign ? key : "60007"
}

const poll = (state: State, world: World) => Topics.turn(state, world, (_, message) => quoted(message))

const pass = (state: State, world: World, { sentAt }: Streaming.Times): Streaming.Turn<State> => {
  if (state.closesAt !== undefined && world.now >= state.closesAt) {
    return Streaming.closing(state, 1012, "Service upgrade")
  }
  const { frames, next } = poll(state, world)
  return frames.length > 0 || world.now - sentAt < 30_000
    ? { frames, next }
    : Streaming.closing(next, 4004, "No data received in 30s.")
}

const notice = (state: State, world: World): Streaming.Turn<State> => ({
  frames: [Streaming.control({
    event: "notice",
    code: "64008",
    msg: "The connection will soon be closed for a service upgrade. Please reconnect.",
    connId
  })],
  next: { ...state, closesAt: world.now + 60_000 }
})

/** Closes a logged-in connection, as its key was changed. */
const expire = (next: State): Streaming.Turn<State> => ({
  frames: [],
  next,
  close: next.key && { code: 4007, reason: "API key has been changed" }
})

/** @internal */
export const streaming: Streaming.Streaming = {
  open: (target) => {
    const path = /^\/ws\/v5\/(public|business|private)(?:\?|$)/.exec(target)?.[1]
    return path === "public" || path === "business" || path === "private"
      ? Streaming.make<State>({
        initial: { key: undefined, topics: Topics.none, meters: Meters.empty, closesAt: undefined },
        receive: receive(path),
        poll: pass,
        notice,
        expire
      })
      : undefined
  }
}
