/**
 * Bybit v5 over REST, as its documentation of 2026-07 describes it: spot, linear and inverse perpetuals of a unified
 * account in one-way mode.
 *
 * Signatures are checked over timestamp, key, window and the raw query or body. An IP that sends more than 600 requests
 * in 5 seconds gets nothing but 403 for ten minutes; each endpoint has a quota per second and account. What the
 * documentation leaves open is chosen here: a batch costs as much as its orders, up to one second's quota; a post-only
 * order that would cross is refused at once on spot (170218) and acknowledged, then canceled, on contracts; order
 * history holds closed orders only; a spot market sell cannot be given in the quote coin; RPI orders, hedge mode and
 * keys of RSA are not simulated.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import type * as Engine from "../../engine/Engine.js"
import { fromBody, fromQuery, type Input, isInput } from "../../internal/inputs.js"
import { hmac } from "../../internal/keys.js"
import * as Wallet from "./account.js"
import * as Limits from "./limits.js"
import * as MarketData from "./marketData.js"
import { listings, ofInstrument } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answer, type Answered, orderId, type Refusal, refuse } from "./params.js"
import * as Trading from "./trading.js"

// --- signatures

/**
 * Whether a request's `X-BAPI-SIGN` is the key's: hex HMAC-SHA256 over timestamp, key, window and either the query as
 * it was sent, without the question mark, or the body.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  secret: Redacted.Redacted,
  request: Pick<Dialect.SimulatedRequest, "method" | "target" | "headers" | "body">
): boolean =>
  hmac(secret, signedPayload(request)) ===
    (request.headers["x-bapi-sign"] ?? "").toLowerCase()

const signedPayload = (
  { body, headers, method, target }: Pick<Dialect.SimulatedRequest, "method" | "target" | "headers" | "body">
): string =>
  (headers["x-bapi-timestamp"] ?? "") + (headers["x-bapi-api-key"] ?? "") + (headers["x-bapi-recv-window"] ?? "") +
  (method === "GET" ? Dialect.queryOf(target) : decoder.decode(body))

const authenticate = (
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Either.Either<Account.ApiKey, Refusal> => {
  const { "x-bapi-api-key": id = "", "x-bapi-sign": sign = "", "x-bapi-timestamp": timestamp = "" } = request.headers
  const window = request.headers["x-bapi-recv-window"] ?? "5000"
  if (id === "" || sign === "" || !/^\d{1,15}$/.test(timestamp) || !/^\d{1,9}$/.test(window)) {
    return refuse(
      10001,
      `empty value: apiTimestamp[${timestamp}] apiKey[${id}] apiSignature[${sign}]: openapi sign params error!`
    )
  }
  const sent = Number(timestamp)
  if (sent < world.now - Number(window) || sent >= world.now + 1000) {
    return refuse(
      10002,
      "invalid request, please check your server timestamp or recv_window param. " +
        `req_timestamp[${timestamp}],server_timestamp[${world.now}],recv_window[${window}]`
    )
  }
  const key = world.keys.find((key) => Redacted.value(key.id) === id)
  if (key === undefined || key.verifier._tag !== "Hmac") return refuse(10003, "API key is invalid.")
  if (key.enabled === false) return refuse(33004, "Your api key has expired.")
  return verifySignature(key.verifier.secret, request)
    ? Either.right(key)
    : refuse(10004, `error sign! origin_string[${signedPayload(request)}]`)
}

// --- endpoints

interface Endpoint {
  readonly access: "public" | "read" | "trade"
  /** What the account may ask per second, and what a request costs. */
  readonly bucket: string
  readonly perSecond: (input: Input) => number
  readonly cost: (input: Input) => number
  readonly answer: (input: Input, world: Dialect.World, key: Account.ApiKey | undefined) => Answered
}

const open = (answer: Endpoint["answer"]): Endpoint => ({
  access: "public",
  bucket: "",
  perSecond: () => 0,
  cost: () => 0,
  answer
})

const read = (bucket: string, answer: Endpoint["answer"]): Endpoint => ({
  access: "read",
  bucket,
  perSecond: () => 50,
  cost: () => 1,
  answer
})

const trade = (
  bucket: string,
  spotPerSecond: number,
  answer: Endpoint["answer"],
  cost: Endpoint["cost"] = () => 1
): Endpoint => ({
  access: "trade",
  bucket,
  perSecond: (input) => input["category"] === "spot" ? spotPerSecond : 10,
  cost,
  answer
})

const batched = (input: Input): number => Math.max(1, Trading.batchOf(input).length)

const endpoints: Readonly<Record<string, Endpoint>> = {
  "GET /v5/market/time": open((_, world) => MarketData.time(world)),
  "GET /v5/system/status": open(() => Either.right({ result: { list: [] } })),
  "GET /v5/market/instruments-info": open(MarketData.instruments),
  "GET /v5/market/tickers": open(MarketData.tickers),
  "GET /v5/market/orderbook": open(MarketData.orderBook),
  "GET /v5/market/recent-trade": open(MarketData.recentTrades),
  "GET /v5/market/kline": open(MarketData.klines),
  "GET /v5/user/query-api": {
    ...read(
      "user/query-api",
      (_, __, key) => key === undefined ? refuse(10003, "API key is invalid.") : Wallet.apiKey(key)
    ),
    perSecond: () => 10
  },
  "GET /v5/account/info": read("account/info", (_, world) => Wallet.info(world)),
  "GET /v5/account/fee-rate": { ...read("account/fee-rate", Wallet.feeRates), perSecond: () => 5 },
  "GET /v5/asset/coin/query-info": { ...read("asset/coin", Wallet.coins), perSecond: () => 5 },
  "GET /v5/account/wallet-balance": read("account/wallet-balance", Wallet.walletBalance),
  "GET /v5/position/list": read("position/list", Wallet.positions),
  "GET /v5/order/realtime": read("order/realtime", Orders.realtime),
  "GET /v5/order/history": read("order/history", Orders.history),
  "GET /v5/execution/list": read("execution/list", Orders.executions),
  "POST /v5/order/create": trade("order/create", 20, Trading.single("create")),
  "POST /v5/order/amend": trade("order/amend", 10, Trading.single("amend")),
  "POST /v5/order/cancel": trade("order/cancel", 20, Trading.single("cancel")),
  "POST /v5/order/create-batch": trade("order/create", 20, Trading.batch("create"), batched),
  "POST /v5/order/amend-batch": trade("order/amend", 10, Trading.batch("amend"), batched),
  "POST /v5/order/cancel-batch": trade("order/cancel", 20, Trading.batch("cancel"), batched),
  "POST /v5/order/cancel-all": trade("order/cancel-all", 20, Trading.cancelAll)
}

// --- the dialect

const success = ({ extra = {}, result }: Answer, now: number): Dialect.SimulatedResponse =>
  Dialect.json(200, { retCode: 0, retMsg: "OK", result, retExtInfo: extra, time: now })

// The gateway that checks signatures says `null` where the services behind it say `{}`.
const failure = ({ code, msg }: Refusal, now: number): Dialect.SimulatedResponse => {
  const nothing = msg.endsWith("openapi sign params error!") ? null : {}
  return Dialect.json(200, { retCode: code, retMsg: msg, result: nothing, retExtInfo: nothing, time: now })
}

const plain = (status: number, text: string): Dialect.SimulatedResponse => ({
  status,
  headers: { "content-type": "text/plain" },
  body: encoder.encode(text)
})

type Response = readonly [
  response: Dialect.SimulatedResponse,
  next: Limits.Limits,
  engine?: Engine.Engine | undefined
]

const respond = (before: Limits.Limits, request: Dialect.SimulatedRequest, world: Dialect.World): Response => {
  const [admitted, state] = Limits.admit(before, request.remoteAddress, world.now)
  if (!admitted) return [plain(403, "403 Forbidden: access too frequent"), state]
  if (request.method === "GET" && request.body.length > 0) return [Dialect.html(403, "403 Forbidden"), state]
  const endpoint = endpoints[`${request.method} ${Dialect.pathOf(request.target)}`]
  if (endpoint === undefined) return [Dialect.html(404, "404 Not Found"), state]
  const input = request.method === "GET" ? fromQuery(request.target) : fromBody(request.body)
  if (endpoint.access === "public") {
    return [settle(endpoint.answer(isInput(input) ? input : {}, world, undefined), world.now), state]
  }
  const identity = authenticate(request, world)
  if (Either.isLeft(identity)) return [failure(identity.left, world.now), state]
  return metered(endpoint, input, identity.right, world, state)
}

const metered = (
  endpoint: Endpoint,
  input: unknown,
  key: Account.ApiKey,
  world: Dialect.World,
  before: Limits.Limits
): Response => {
  const known = isInput(input) ? input : {}
  const perSecond = endpoint.perSecond(known)
  const bucket = endpoint.access === "trade" ? `${endpoint.bucket}/${quotaOf(known)}` : endpoint.bucket
  const [admitted, headers, state] = Limits.take(before, bucket, perSecond, endpoint.cost(known), world.now)
  const answered: Answered = !admitted
    ? refuse(10006, "Too many visits")
    : !isInput(input)
    ? refuse(10001, "params error: the body is not JSON")
    : endpoint.access === "trade" && !key.permissions.includes("trade")
    ? refuse(10005, "Permission denied, please check your API key permissions.")
    : endpoint.answer(input, world, key)
  const response = settle(answered, world.now)
  return [
    { ...response, headers: { ...response.headers, ...headers } },
    state,
    Either.isRight(answered) ? answered.right.engine : undefined
  ]
}

const quotaOf = (input: Input): string => input["category"] === "spot" ? "spot" : "contracts"

const settle = (answered: Answered, now: number): Dialect.SimulatedResponse =>
  Either.match(answered, {
    onLeft: (refusal) => failure(refusal, now),
    onRight: (answer) => success(answer, now)
  })

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/**
 * The Bybit dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<Limits.Limits>({
  id: "bybit",
  listings,
  demoKey: Account.hmacKey("bybit", { key: 18, secret: 36 }),
  orderId: ({ id, instrument }) => {
    const listing = ofInstrument(instrument)
    return listing === undefined ? "" : orderId(listing, id)
  },
  initial: Limits.initial,
  respond,
  usage: Limits.usage,
  failures: {
    http500: Dialect.html(500, "500 Internal Server Error"),
    http503: Dialect.html(503, "503 Service Temporarily Unavailable"),
    http429: Dialect.json(
      429,
      { retCode: 429, retMsg: "Too many requests", result: {}, retExtInfo: {}, time: 0 },
      { "retry-after": "1" }
    )
  }
})
