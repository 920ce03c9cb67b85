/**
 * Binance's WebSocket API, following its documentation of 2026-07, limited to the events of accounts:
 *
 * - A subscription to an account is signed.
 * - Its events are sent as they happen. Past events are not sent.
 * - The methods are `ping`, `time`, `session.subscriptions` and the subscriptions of accounts. Other requests,
 *   including trading, are not supported.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type { ApiKey } from "../../engine/Account.js"
import type * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import * as Channels from "../../internal/channels.js"
import type * as Executions from "../../internal/executions.js"
import { isInput } from "../../internal/inputs.js"
import { type Json, parse, quoted } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Methods from "../../internal/methods.js"
import * as Topics from "../../internal/topics.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { authenticate } from "./authentication.js"
import { coin } from "./markets.js"
import { generatedId, statusOf, typeOf } from "./orders.js"
import { type Read, type Refusal, refuse } from "./params.js"

interface State {
  /** Two topics per subscription: orders and balances. */
  readonly topics: Topics.Topics
  readonly subscriptions: ReadonlyArray<number>
  readonly next: number
}

const initial: State = { topics: Topics.none, subscriptions: [], next: 0 }

type Method = Methods.Method<State, Refusal>

const receive = (state: State, text: string, world: World): Streaming.Turn<State> => {
  const request = parse(text)
  const { id = null, method, params } = isInput(request) ? request : {}
  const outcome = isInput(request)
    ? Methods.find(methods, String(method), unknownMethod(method))(isInput(params) ? params : {}, state, world)
    : refuse(-1135, "This request is not valid JSON.")
  const name = typeof id === "string" || typeof id === "number" ? id : null
  const rateLimits: Json = [
    { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6000, count: 2 }
  ]
  const encode = Either.match({
    onLeft: ({ code, msg, status }: Refusal): Json => ({ id: name, status, error: { code, msg }, rateLimits }),
    onRight: (result: Json): Json => ({ id: name, status: 200, result, rateLimits })
  })
  return Methods.answer(outcome, state, encode, (next) => pending(next, world))
}

const unknownMethod = (name: unknown): Refusal => ({ status: 400, code: -1101, msg: `Unknown method: ${String(name)}` })

const methods: Readonly<Record<string, Method>> = {
  ping: (_, state) => Either.right([{}, state]),
  time: (_, state, { now }) => Either.right([{ serverTime: now }, state]),
  "session.subscriptions": (_, state) =>
    Either.right([state.subscriptions.map((subscriptionId) => ({ subscriptionId })), state]),
  "userDataStream.subscribe.signature": (params, state, world) =>
    Either.map(signedBy(params, world), () => {
      const { next, subscriptions } = state
      const [, topics] = Topics.subscribe(state.topics, channels, [`${next} orders`, `${next} balances`], world)
      return [
        { subscriptionId: next },
        { ...state, topics, subscriptions: [...subscriptions, next], next: next + 1 }
      ] as const
    }),
  "userDataStream.unsubscribe": ({ subscriptionId }, state) => {
    const left = state.subscriptions.filter((id) => subscriptionId !== undefined && id !== subscriptionId)
    return subscriptionId !== undefined && left.length === state.subscriptions.length
      ? refuse(-1130, "Data sent for parameter 'subscriptionId' is not valid.")
      : Either.right([{}, without(state, left)])
  }
}

const without = (state: State, left: ReadonlyArray<number>): State => ({
  ...state,
  subscriptions: left,
  topics: Topics.remove(
    state.topics,
    state.subscriptions.filter((id) => !left.includes(id)).flatMap((id) => [`${id} orders`, `${id} balances`])
  )
})

/** The signature covers the parameters, sorted by name and without encoding. */
const signedBy = (given: { readonly [name: string]: unknown }, world: World): Read<ApiKey> => {
  const params = Record.map(given, String)
  const signed = Object.entries(params).filter(([name]) => name !== "signature")
    .toSorted(([one], [other]) => one < other ? -1 : 1)
    .map(([name, value]) => `${name}=${value}`)
    .join("&")
  return Either.filterOrLeft(
    authenticate(params["apiKey"], params, signed, world),
    (key) => Keys.may(key, "read"),
    (): Refusal => ({ status: 401, code: -2015, msg: "Invalid API-key, IP, or permissions for action." })
  )
}

/** Returns the pending events of all subscriptions. */
const pending = (state: State, world: World): Streaming.Turn<State> => {
  const framed = (key: string, event: Json): Json => ({
    subscriptionId: Number.parseInt(key, 10),
    event: quoted(event, coin)
  })
  return Topics.turn(state, world, framed)
}

const channels = Channels.table<Json, unknown>({
  "{id} orders": Channels.executions({}, (_, { events }, world) => events.map((each) => report(each, world))),
  "{id} balances": Channels.balances({}, (_, { changed, isFirst }, world) => isFirst ? [] : [position(changed, world)])
})

/** Encodes the full balances of the assets that may have changed. */
const position = (changed: ReadonlyArray<Engine.Balance>, { now }: World): Json => ({
  e: "outboundAccountPosition",
  E: now,
  u: now,
  B: changed.map(({ asset, free, locked }) => ({ a: asset, f: free, l: locked }))
})

const kinds = { placed: "NEW", filled: "TRADE", changed: "REPLACED", ended: "CANCELED" } as const

const report = ({ fill, order, what }: Executions.Event, world: World): Json => {
  const status = statusOf(order)
  // A cancellation has its own client order id.
  const isCanceled = status === "CANCELED"
  const at = what === "placed" ? order.createdAt : fill?.at ?? order.updatedAt
  return {
    e: "executionReport",
    E: world.now,
    s: order.instrument,
    c: isCanceled ? generatedId(world, "cancel") : order.clientOrderId,
    S: order.side.toUpperCase(),
    o: typeOf(order),
    f: typeOf(order) === "LIMIT" ? order.timeInForce : "GTC",
    q: order.amount,
    p: order.price ?? Decimal.zero,
    P: Decimal.zero,
    F: Decimal.zero,
    g: -1,
    C: isCanceled ? order.clientOrderId : "",
    x: what === "ended" && !isCanceled ? "EXPIRED" : kinds[what],
    X: status,
    r: "NONE",
    i: order.id,
    l: fill?.amount ?? Decimal.zero,
    z: order.filled,
    L: fill?.price ?? Decimal.zero,
    n: fill?.fee ?? "0",
    N: fill === undefined ? null : fill.feeAsset,
    T: at,
    t: fill?.id ?? -1,
    v: 0,
    I: 0,
    w: status === "NEW" || status === "PARTIALLY_FILLED",
    m: fill?.liquidity === "maker",
    M: false,
    O: order.createdAt,
    Z: order.notional,
    Y: fill === undefined ? Decimal.zero : BigDecimal.multiply(fill.price, fill.amount),
    Q: order.quoteAmount ?? Decimal.zero,
    W: order.createdAt,
    V: "NONE"
  }
}

/** Ends the streams of the account but keeps the connection open, as when the key is no longer valid. */
const expire = (state: State, world: World): Streaming.Turn<State> => ({
  frames: state.subscriptions.map((subscriptionId) =>
    Streaming.control({ subscriptionId, event: { e: "eventStreamTerminated", E: world.now } })
  ),
  next: without(state, [])
})

/** @internal */
export const conversation: Streaming.Conversation = Streaming.make<State>({
  initial,
  receive,
  poll: pending,
  notice: (state, world) => ({
    frames: [Streaming.control({ event: { e: "serverShutdown", E: world.now } })],
    next: state
  }),
  expire
})
