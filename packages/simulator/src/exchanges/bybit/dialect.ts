/**
 * Bybit v5, following its documentation of 2026-07: spot, and linear and inverse perpetuals, for a unified account in
 * one-way mode.
 *
 * Signatures are checked over the timestamp, the key, the window and the raw query or body. An IP address that sends
 * more than 600 requests in 5 seconds gets only status 403 for ten minutes. Each endpoint has a quota per second and
 * account.
 *
 * Where the documentation is silent, this simulator decides:
 *
 * - A batch costs as much as its orders, up to the quota of one second.
 * - A post-only order that would cross is refused synchronously on spot (170218). On contracts it is acknowledged, then
 *   canceled.
 * - The order history contains only closed orders.
 * - A spot market sell cannot be given in the quote currency.
 * - RPI orders, hedge mode and RSA keys are not simulated.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import { fromBody, fromQuery, type Input, isInput, textOf } from "../../internal/inputs.js"
import * as Json from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Table from "../../internal/table.js"
import * as Wallet from "./account.js"
import * as MarketData from "./marketData.js"
import { listings, ofInstrument } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answering, type Body, orderId, type Read, type Refusal, refuse, shows } from "./params.js"
import { streaming } from "./stream.js"
import * as Trading from "./trading.js"

/**
 * Returns `true` if the `X-BAPI-SIGN` of a request matches the secret: hex HMAC-SHA256 over timestamp, key, window and
 * either the query as it was sent, without the question mark, or the body.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  secret: Redacted.Redacted,
  request: Pick<Dialect.SimulatedRequest, "method" | "target" | "headers" | "body">
): boolean => Keys.hmac(secret, signedPayload(request)) === (request.headers["x-bapi-sign"] ?? "").toLowerCase()

const signedPayload = (
  { body, headers, method, target }: Pick<Dialect.SimulatedRequest, "method" | "target" | "headers" | "body">
): string =>
  (headers["x-bapi-timestamp"] ?? "") + (headers["x-bapi-api-key"] ?? "") + (headers["x-bapi-recv-window"] ?? "") +
  (method === "GET" ? Dialect.queryOf(target) : textOf(body))

const authenticate = (request: Dialect.SimulatedRequest, world: Dialect.World): Read<Account.ApiKey> => {
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
  const key = Keys.named(world, id)
  if (key === undefined || key.verifier._tag !== "Hmac") return refuse(10003, "API key is invalid.")
  if (key.enabled === false) return refuse(33004, "Your api key has expired.")
  return verifySignature(key.verifier.secret, request)
    ? Either.right(key)
    : refuse(10004, `error sign! origin_string[${signedPayload(request)}]`)
}

interface Route extends Table.Permitted<Answering> {
  /** The requests per second of the account, counted under a name that routes may share. */
  readonly quota?: { readonly name: string; readonly spot: number; readonly contracts: number }
  readonly isBatch?: boolean
  readonly answer: Answering
}

const open = (answer: Answering): Route => ({ answer })

const read = (name: string, answer: Answering, perSecond = 50): Route => ({
  needs: "read",
  quota: { name, spot: perSecond, contracts: perSecond },
  answer
})

const trade = (name: string, spot: number, answer: Answering): Route => ({
  needs: "trade",
  quota: { name, spot, contracts: 10 },
  answer
})

const batch = (name: string, spot: number, answer: Answering): Route => ({
  ...trade(name, spot, answer),
  isBatch: true
})

const routes: Readonly<Record<string, Route>> = {
  "GET /v5/market/time": open(MarketData.time),
  "GET /v5/system/status": open(shows({}, () => ({ result: { list: [] } }))),
  "GET /v5/market/instruments-info": open(MarketData.instruments),
  "GET /v5/market/tickers": open(MarketData.tickers),
  "GET /v5/market/orderbook": open(MarketData.orderBook),
  "GET /v5/market/recent-trade": open(MarketData.recentTrades),
  "GET /v5/market/kline": open(MarketData.klines),
  "GET /v5/user/query-api": read("user/query-api", Wallet.apiKey, 10),
  "GET /v5/account/info": read("account/info", Wallet.info),
  "GET /v5/account/fee-rate": read("account/fee-rate", Wallet.feeRates, 5),
  "GET /v5/asset/coin/query-info": read("asset/coin", Wallet.coins, 5),
  "GET /v5/account/wallet-balance": read("account/wallet-balance", Wallet.walletBalance),
  "GET /v5/position/list": read("position/list", Wallet.positions),
  "GET /v5/order/realtime": read("order/realtime", Orders.realtime),
  "GET /v5/order/history": read("order/history", Orders.history),
  "GET /v5/execution/list": read("execution/list", Orders.executions),
  "POST /v5/order/create": trade("order/create", 20, Trading.single("create")),
  "POST /v5/order/amend": trade("order/amend", 10, Trading.single("amend")),
  "POST /v5/order/cancel": trade("order/cancel", 20, Trading.single("cancel")),
  "POST /v5/order/create-batch": batch("order/create", 20, Trading.batch("create")),
  "POST /v5/order/amend-batch": batch("order/amend", 10, Trading.batch("amend")),
  "POST /v5/order/cancel-batch": batch("order/cancel", 20, Trading.batch("cancel")),
  "POST /v5/order/cancel-all": trade("order/cancel-all", 20, Trading.cancelAll)
}

interface Call {
  readonly method: string
  /** `undefined` if the body is not a JSON object. */
  readonly input: Input | undefined
}

// An IP address that exceeds this rate is banned for ten minutes.
const perAddress = Meters.rolling(600, 5000)
const ban: Meters.Penalty = { allowance: Meters.rolling(0, 1), lasts: () => 600_000 }

const tooManyVisits: Refusal = { code: 10006, msg: "Too many visits" }
const tooFrequent: Refusal = { code: 403, msg: "403 Forbidden: access too frequent" }
const forbidden: Refusal = { code: 403, msg: "403 Forbidden" }
const nowhere: Refusal = { code: 404, msg: "404 Not Found" }

const charge = (
  { call: { input = {} }, meters, request, route, world }: Table.Asked<Route, Call>,
  caller: Read<unknown>
): Table.Charged<Refusal> => {
  const address = `ip:${request.remoteAddress}`
  if (Meters.bannedUntil(meters, address, world.now) !== undefined) return { meters, refusal: tooFrequent }
  const counted = Meters.take(meters, address, perAddress, world.now)
  if (!counted.admitted) return { meters: Meters.offend(counted.meters, address, ban, world.now), refusal: tooFrequent }
  if (request.method === "GET" && request.body.length > 0) return { meters: counted.meters, refusal: forbidden }
  if (route?.quota === undefined || Either.isLeft(caller)) return { meters: counted.meters }
  const product = input["category"] === "spot" ? "spot" : "contracts"
  const { name, [product]: perSecond } = route.quota
  // A batch that costs more than the quota would never be admitted.
  const cost = route.isBatch === true ? Math.min(Math.max(1, Trading.batchOf(input).length), perSecond) : 1
  const scope = `account:${name}${route.needs === "trade" ? `/${product}` : ""}`
  const draw = { scope, rule: Meters.rolling(perSecond, 1000), cost }
  return Table.draw(counted.meters, world, draw, tooManyVisits, ({ remaining, wait }) => ({
    "x-bapi-limit": String(perSecond),
    "x-bapi-limit-status": String(remaining),
    "x-bapi-limit-reset-timestamp": String(world.now + wait)
  }))
}

const success = ({ extra = {}, result }: Body, now: number): Dialect.SimulatedResponse =>
  Dialect.json(200, { retCode: 0, retMsg: "OK", result: Json.quoted(result), retExtInfo: extra, time: now })

const failure = (refusal: Refusal, now: number): Dialect.SimulatedResponse => {
  if (refusal === tooFrequent) return Dialect.plain(403, refusal.msg)
  if (refusal === forbidden || refusal === nowhere) return Dialect.html(refusal.code, refusal.msg)
  const { code, msg } = refusal
  // The gateway, which checks signatures, sends `null` where the services behind it send `{}`.
  const nothing = msg.endsWith("openapi sign params error!") ? null : {}
  return Dialect.json(200, { retCode: code, retMsg: msg, result: nothing, retExtInfo: nothing, time: now })
}

/**
 * The Bybit dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Table.dialect<Route, Call, Account.ApiKey | undefined, Refusal, Body>({
  id: "bybit",
  listings,
  demoKey: Account.hmacKey("bybit", { key: 18, secret: 36 }),
  orderId: ({ id, instrument }) => {
    const listing = ofInstrument(instrument)
    return listing === undefined ? "" : orderId(listing, id)
  },
  routes,
  read: (request) => {
    const input = request.method === "GET" ? fromQuery(request.target) : fromBody(request.body)
    return {
      method: `${request.method} ${Dialect.pathOf(request.target)}`,
      input: isInput(input) ? input : undefined
    }
  },
  unknown: () => nowhere,
  identify: ({ request, route, world }) =>
    route?.needs === undefined ? Either.right(undefined) : authenticate(request, world),
  charge,
  forbids: ({ needs }, key, { call }) => {
    if (call.input === undefined) return { code: 10001, msg: "params error: the body is not JSON" }
    return needs === "trade" && !Keys.may(key, needs)
      ? { code: 10005, msg: "Permission denied, please check your API key permissions." }
      : undefined
  },
  answer: ({ answer }, { call: { input = {} }, world }, key) => answer(input, world, key),
  success: (body, { world }) => success(body, world.now),
  failure: (refusal, { world }) => failure(refusal, world.now),
  streaming,
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
