/**
 * Deribit v2 over HTTP, as its documentation of 2026 describes it: spot, perpetuals and futures, linear and inverse.
 *
 * Methods are called by GET with a query or by POST with a JSON-RPC body; errors have their status and no `id` unless
 * the request had one. Signatures, tokens, Basic credentials and scopes are checked. What the documentation leaves open
 * is chosen here: an IP without a key has as many credits as an account; prices may be 1.5 % beyond the last one;
 * spot has fees like all else, charged in what is received; a spot order's id begins with its quote currency; what a
 * scope does not name is as the key has it. There are no options, no trigger orders and no `good_til_day`.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import type { Engine } from "../../engine/Engine.js"
import { fromBody, fromQuery, type Input, isInput } from "../../internal/inputs.js"
import * as Access from "./access.js"
import * as Holdings from "./account.js"
import * as Limits from "./limits.js"
import * as MarketData from "./marketData.js"
import { find, listings } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answer, type Params, type Read, type Refusal, refuse } from "./params.js"
import * as Trading from "./trading.js"

export {
  /**
   * The hex HMAC-SHA256 that signs a text, which is `<timestamp>\n<nonce>\n<data>` for `client_signature` and
   * `<timestamp>\n<nonce>\n<METHOD>\n<target>\n<body>\n` for a request.
   *
   * @since 0.1.0
   * @category signatures
   */
  signatureOf
} from "./access.js"

// --- methods

interface Method {
  /** The scope a private method needs. */
  readonly needs?: string
  /** Those of trading are metered for spot and for contracts apart. */
  readonly meter: Limits.Meter
  readonly answer: Answer
}

const open = (answer: Answer, meter: Limits.Meter = "ordinary"): Method => ({ meter, answer })
const account = (answer: Answer): Method => ({ needs: "account:read", meter: "ordinary", answer })
const read = (answer: Answer): Method => ({ needs: "trade:read", meter: "ordinary", answer })
const trade = (answer: Answer, meter: Limits.Meter = "trading"): Method => ({
  needs: "trade:read_write",
  meter,
  answer
})

const methods: ReadonlyMap<string, Method> = new Map(Object.entries({
  "public/auth": open(Access.auth),
  "public/test": open(() => Either.right([{ version: "1.2.26" }])),
  "public/get_time": open((_, world) => Either.right([world.now])),
  "public/status": open(() => Either.right([{ locked: "false", locked_indices: [] }])),
  "public/get_instruments": open(MarketData.instruments, "instruments"),
  "public/get_instrument": open(MarketData.instrument),
  "public/get_currencies": open(MarketData.currencies),
  "public/get_book_summary_by_currency": open(MarketData.summaries),
  "public/ticker": open(MarketData.ticker),
  "public/get_order_book": open(MarketData.book),
  "public/get_last_trades_by_instrument": open(MarketData.trades),
  "public/get_tradingview_chart_data": open(MarketData.candles),
  "public/subscribe": open(() => refuse(10030, "must_be_websocket_request")),
  "private/subscribe": read(() => refuse(10030, "must_be_websocket_request")),
  "private/get_account_summary": account(Holdings.summaryOf),
  "private/get_account_summaries": account(Holdings.summaries),
  "private/get_positions": read(Holdings.positions),
  "private/get_open_orders": read(Orders.open()),
  "private/get_open_orders_by_currency": read(Orders.open("currency")),
  "private/get_open_orders_by_instrument": read(Orders.open("instrument_name")),
  "private/get_open_orders_by_label": read(Orders.open("currency", "label")),
  "private/get_order_state": read(Orders.state),
  "private/get_order_state_by_label": read(Orders.stateByLabel),
  "private/get_order_history_by_currency": read(Orders.history("currency")),
  "private/get_order_history_by_instrument": read(Orders.history("instrument_name")),
  "private/get_user_trades_by_instrument": read(Orders.trades),
  "private/get_user_trades_by_order": read(Orders.tradesByOrder),
  "private/buy": trade(Trading.place("buy")),
  "private/sell": trade(Trading.place("sell")),
  "private/edit": trade(Trading.edit),
  "private/cancel": trade(Trading.cancel),
  "private/cancel_all": trade(Trading.cancelAll(), "cancel_all"),
  "private/cancel_all_by_currency": trade(Trading.cancelAll("currency"), "cancel_all"),
  "private/cancel_all_by_instrument": trade(Trading.cancelAll("instrument_name"), "cancel_all"),
  "private/cancel_by_label": trade(Trading.cancelAll("label"), "cancel_all")
}))

const meterOf = ({ meter }: Method, params: Params, world: Dialect.World): Limits.Meter => {
  const order = Either.getOrUndefined(Orders.named(params, world))
  const listing = order?.listing ?? find(params["instrument_name"] ?? "")
  return meter === "trading" && listing?.terms.kind === "spot" ? "spot" : meter
}

// --- requests

interface Call {
  readonly method: string
  readonly params: Params
  readonly id?: string | number | undefined
}

const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value)

const texts = (values: Input): Params =>
  Object.fromEntries(Object.entries(values).flatMap(([name, one]) => isPlain(one) ? [[name, String(one)]] : []))

const callOf = (request: Dialect.SimulatedRequest, path: string): Read<Call> => {
  if (request.method === "GET") return Either.right({ method: path, params: texts(fromQuery(request.target)) })
  const body = fromBody(request.body)
  if (body === undefined) return refuse(-32700, "Parse error")
  if (request.method !== "POST" || !isInput(body)) return refuse(-32600, "Invalid Request")
  const { id, method, params } = body
  return Either.right({
    method: path === "" ? String(method) : path,
    params: texts(isInput(params) ? params : {}),
    id: typeof id === "string" || typeof id === "number" ? id : undefined
  })
}

// All others are 400.
const statuses = new Map([[10000, 401], [13009, 401], [13021, 403], [10028, 429], [11094, 500], [11051, 503]])

const taken = 185

// When a request came and went, in microseconds.
const timed = (now: number) => ({ usIn: now * 1000, usOut: now * 1000 + taken, usDiff: taken, testnet: false })

const failure = ({ code, data, message }: Refusal, call?: Call, now?: number): Dialect.SimulatedResponse =>
  Dialect.json(statuses.get(code) ?? 400, {
    jsonrpc: "2.0",
    id: call?.id,
    error: { message, data, code },
    ...(now === undefined ? { testnet: false } : timed(now))
  })

type Outcome = readonly [response: Dialect.SimulatedResponse, next: Limits.Pools, engine?: Engine | undefined]

const tooMany: Refusal = { code: 10028, message: "too_many_requests" }

const respond = (pools: Limits.Pools, request: Dialect.SimulatedRequest, world: Dialect.World): Outcome => {
  const path = /^\/api\/v2(?:\/((?:public|private)\/\w+))?$/.exec(Dialect.pathOf(request.target))
  if (path === null) return [Dialect.html(404, "404 Not Found"), pools]
  const called = callOf(request, path[1] ?? "")
  if (Either.isLeft(called)) return [failure(called.left, undefined, world.now), pools]
  const call = called.right
  const method = methods.get(call.method)
  if (method === undefined) return [failure({ code: -32601, message: "Method not found" }, call, world.now), pools]
  const identity = Access.identify(request, call.params, world)
  const isKnown = Either.isRight(identity) && identity.right !== undefined
  const owner = isKnown ? "account" : `ip:${request.remoteAddress}`
  const next = Limits.take(pools, owner, meterOf(method, call.params, world), world.now)
  if (next === undefined) return [failure(tooMany, call, world.now), pools]
  const answered = Either.flatMap(
    identity,
    (one) => Either.flatMap(permitted(method, one), () => method.answer(call.params, world))
  )
  if (Either.isLeft(answered)) return [failure(answered.left, call, world.now), next]
  const [result, engine] = answered.right
  return [Dialect.json(200, { jsonrpc: "2.0", id: call.id, result, ...timed(world.now) }), next, engine]
}

const permitted = ({ needs }: Method, identity: Access.Identity | undefined): Read<void> => {
  if (needs === undefined) return Either.void
  if (identity === undefined) return refuse(10000, "authorization_required")
  return Access.allows(identity.scope, needs) ? Either.void : refuse(13021, "forbidden")
}

const broken = {
  http500: { code: 11094, message: "internal_server_error" },
  http503: { code: 11051, message: "system_maintenance" },
  http429: tooMany
}

/**
 * The Deribit dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<Limits.Pools>({
  id: "deribit",
  listings,
  demoKey: Account.hmacKey("deribit", { key: 8, secret: 43 }),
  orderId: (order) => Orders.listed([order]).map(Orders.idOf).join(""),
  initial: new Map(),
  respond,
  usage: Limits.usage,
  failure: (kind) => failure(broken[kind])
})
