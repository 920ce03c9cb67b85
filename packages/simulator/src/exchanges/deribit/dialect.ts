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
import * as Account from "../../Account.js"
import * as Dialect from "../../Dialect.js"
import type { Engine } from "../../Engine.js"
import { fromBody, fromQuery, isInput } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import * as Access from "./access.js"
import * as Holdings from "./account.js"
import * as Limits from "./limits.js"
import * as MarketData from "./marketData.js"
import { find, listings } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answer, errorOf, type Params, type Refusal, refuse } from "./params.js"
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
  "public/ticker": open(MarketData.ticker),
  "public/get_order_book": open(MarketData.book),
  "public/get_last_trades_by_instrument": open(MarketData.trades),
  "public/get_tradingview_chart_data": open(MarketData.candles),
  "public/subscribe": open(() => refuse("must_be_websocket_request")),
  "private/subscribe": read(() => refuse("must_be_websocket_request")),
  "private/get_account_summaries": account(Holdings.summaries),
  "private/get_account_summary": account(Holdings.summaryOf),
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
  readonly id?: string | number
}

const texts = (values: Readonly<Record<string, unknown>>): Params =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      ["string", "number", "boolean"].includes(typeof value) ? [[name, String(value)]] : []
    )
  )

const callOf = (request: Dialect.SimulatedRequest, path: string): Either.Either<Call, Refusal> => {
  if (request.method === "GET") return Either.right({ method: path, params: texts(fromQuery(request.target)) })
  const body = fromBody(request.body)
  if (body === undefined) return refuse("Parse error")
  if (request.method !== "POST" || !isInput(body)) return refuse("Invalid Request")
  const { id, params } = body
  const method = path === "" && typeof body["method"] === "string" ? body["method"] : path
  const named = { method, params: texts(isInput(params) ? params : {}) }
  return Either.right(typeof id === "string" || typeof id === "number" ? { ...named, id } : named)
}

// How long the exchange says that it took, in microseconds.
const taken = 185

const envelope = (status: number, content: Readonly<Record<string, Json>>, now: number, call?: Call) =>
  Dialect.json(status, {
    jsonrpc: "2.0",
    id: call?.id,
    ...content,
    usIn: now * 1000,
    usOut: now * 1000 + taken,
    usDiff: taken,
    testnet: false
  })

type Outcome = readonly [response: Dialect.SimulatedResponse, next: Limits.Pools, engine?: Engine | undefined]

const respond = (pools: Limits.Pools, request: Dialect.SimulatedRequest, world: Dialect.World): Outcome => {
  const path = /^\/api\/v2(?:\/((?:public|private)\/\w+))?\/?$/.exec(Dialect.pathOf(request.target))
  if (path === null) return [Dialect.html(404, "404 Not Found"), pools]
  const failed = (refusal: Refusal, next = pools, call?: Call): Outcome => {
    const [status, error] = errorOf(refusal)
    return [envelope(status, { error }, world.now, call), next]
  }
  const called = callOf(request, path[1] ?? "")
  if (Either.isLeft(called)) return failed(called.left)
  const call = called.right
  const method = methods.get(call.method)
  if (method === undefined) return failed({ reason: "Method not found" }, pools, call)
  const identity = Access.identify(request, call.params, world)
  const known = Either.getOrUndefined(identity)
  const owner = known === undefined ? `ip:${request.remoteAddress}` : "account"
  const next = Limits.take(pools, owner, meterOf(method, call.params, world), world.now)
  if (next === undefined) return failed({ reason: "too_many_requests" }, pools, call)
  if (Either.isLeft(identity)) return failed(identity.left, next, call)
  if (method.needs !== undefined) {
    if (known === undefined) return failed({ reason: "authorization_required" }, next, call)
    if (!Access.allows(known.scope, method.needs)) return failed({ reason: "forbidden" }, next, call)
  }
  const answered = method.answer(call.params, world)
  if (Either.isLeft(answered)) return failed(answered.left, next, call)
  const [result, engine] = answered.right
  return [envelope(200, { result }, world.now, call), next, engine]
}

const broken = {
  http500: "internal_server_error",
  http503: "system_maintenance",
  http429: "too_many_requests"
} as const

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
  initial: new Map(),
  respond,
  usage: Limits.usage,
  failure: (kind) => {
    const [status, error] = errorOf({ reason: broken[kind] })
    return Dialect.json(status, { jsonrpc: "2.0", error, testnet: false })
  }
})
