/**
 * OKX v5 over REST, following its documentation of 2026: spot, and linear and inverse perpetuals, for an account in
 * futures mode with net positions.
 *
 * Signatures are checked over the timestamp, the method, the raw target and the raw body, and the passphrase is checked
 * as well. Each endpoint has a rolling window of 2 seconds, per IP, per user, or per user and instrument. There are no
 * rate limit headers.
 *
 * Where the documentation is silent, this simulator decides:
 *
 * - The demo keys work with and without `x-simulated-trading: 1`. Keys of the caller are live keys and only work
 *   without it (50101).
 * - A client order id is taken as long as its order can be looked up.
 * - A spot market sell cannot be given in the quote currency.
 * - Quarterly bars (`3M`) are not supported.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import { uuid } from "../../internal/ids.js"
import { fromBody, fromQuery, instantOf, isInput, text } from "../../internal/inputs.js"
import * as Json from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Table from "../../internal/table.js"
import * as Holdings from "./account.js"
import * as MarketData from "./marketData.js"
import { listings } from "./markets.js"
import * as Orders from "./orders.js"
import {
  type Answering,
  type Body,
  orderIds,
  type Read,
  type Refusal,
  refuse,
  required as needed,
  shows
} from "./params.js"
import { streaming } from "./stream.js"
import * as Trading from "./trading.js"

// Keys are UUIDs, secrets are 32 hex digits.
const demoKey = (permission: Account.Permission): Account.DemoKey => {
  const id = Redacted.make(uuid(`okx/${permission}/key`))
  const bytes = Buffer.from(Account.deriveBytes(`okx/${permission}/secret`, 16))
  const secret = Redacted.make(bytes.toString("hex").toUpperCase())
  const passphrase = Redacted.make(Account.derive(`okx/${permission}/passphrase`, 16))
  return {
    credentials: { key: id, secret, passphrase },
    key: { id, verifier: { _tag: "Hmac", secret }, passphrase, permissions: Account.granted(permission) }
  }
}

const demoIds = new Set((["read", "trade", "withdraw"] as const).map((one) => Redacted.value(demoKey(one).key.id)))

/**
 * Returns `true` if the `OK-ACCESS-SIGN` of a request matches the secret: base64 HMAC-SHA256 over timestamp, method,
 * target and body, byte for byte.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  secret: Redacted.Redacted,
  { body, headers, method, target }: Pick<Dialect.SimulatedRequest, "method" | "target" | "headers" | "body">
): boolean => {
  const signed = (headers["ok-access-timestamp"] ?? "") + method.toUpperCase() + target
  return Keys.hmac(secret, signed, "base64", body) === headers["ok-access-sign"]
}

const required = [
  ["ok-access-key", "50103"],
  ["ok-access-passphrase", "50104"],
  ["ok-access-sign", "50106"],
  ["ok-access-timestamp", "50107"]
] as const

const timestampTolerance = 30_000

const authenticate = (request: Dialect.SimulatedRequest, world: Dialect.World): Read<Account.ApiKey> => {
  const { headers } = request
  const absent = required.find(([name]) => (headers[name] ?? "") === "")
  if (absent !== undefined) {
    return refuse(absent[1], `Request header ${absent[0].toUpperCase()} can not be empty.`, 401)
  }
  const timestamp = headers["ok-access-timestamp"] ?? ""
  const sent = /T\d\d:\d\d:\d\d\.\d{3}Z$/.test(timestamp) ? instantOf(timestamp) : undefined
  if (sent === undefined) return refuse("50112", "Invalid OK-ACCESS-TIMESTAMP", 401)
  if (Math.abs(world.now - sent) > timestampTolerance) return refuse("50102", "Timestamp request expired", 401)
  const id = headers["ok-access-key"] ?? ""
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return refuse("50111", "Invalid OK-ACCESS-KEY", 401)
  const key = Keys.named(world, id)
  const secret = key && Keys.secretOf(key)
  if (key === undefined || secret === undefined) return refuse("50119", "API key doesn't exist", 401)
  if (headers["x-simulated-trading"] === "1" && !demoIds.has(id)) {
    return refuse("50101", "APIKey does not match current environment.", 401)
  }
  if (key.passphrase === undefined || Redacted.value(key.passphrase) !== headers["ok-access-passphrase"]) {
    return refuse("50105", "Request header OK-ACCESS-PASSPHRASE incorrect.", 401)
  }
  return verifySignature(secret, request) ? Either.right(key) : refuse("50113", "Invalid Sign", 401)
}

type Metered = "ip" | "ip+instType" | "user" | "user+instId"

interface Route extends Table.Permitted<Answering> {
  readonly metered: Metered
  readonly limit: Meters.Rule
}

const open = (limit: number, answer: Answering, metered: Metered = "ip", window = 2000): Route => ({
  metered,
  limit: Meters.rolling(limit, window),
  answer
})

const read = (limit: number, answer: Answering, metered: Metered = "user", window = 2000): Route => ({
  ...open(limit, answer, metered, window),
  needs: "read"
})

const trade = (limit: number, answer: Answering): Route => ({ ...open(limit, answer, "user+instId"), needs: "trade" })

const routes: Readonly<Record<string, Route>> = {
  "GET /api/v5/public/time": open(10, shows({}, (_, world) => ({ data: [{ ts: String(world.now) }] }))),
  "GET /api/v5/system/status": open(1, shows({}, () => ({ data: [] })), "ip", 5000),
  "GET /api/v5/public/instruments": open(20, MarketData.instruments, "ip+instType"),
  "GET /api/v5/public/mark-price": open(10, MarketData.markPrices),
  "GET /api/v5/market/ticker": open(20, MarketData.ticker),
  "GET /api/v5/market/tickers": open(20, MarketData.tickers),
  "GET /api/v5/market/books": open(40, MarketData.books),
  "GET /api/v5/market/books-full": open(10, MarketData.booksFull),
  "GET /api/v5/market/trades": open(100, MarketData.trades),
  "GET /api/v5/market/candles": open(40, MarketData.candles("recent")),
  "GET /api/v5/market/history-candles": open(20, MarketData.candles("history")),
  "GET /api/v5/account/config": read(5, Holdings.config),
  "GET /api/v5/account/trade-fee": read(5, Holdings.tradeFee),
  "GET /api/v5/asset/currencies": read(6, Holdings.currencies, "user", 1000),
  "GET /api/v5/account/balance": read(10, Holdings.balance),
  "GET /api/v5/account/positions": read(10, Holdings.positions),
  "GET /api/v5/trade/order": read(60, Orders.order, "user+instId"),
  "GET /api/v5/trade/orders-pending": read(60, Orders.pending),
  "GET /api/v5/trade/orders-history": read(40, Orders.history),
  "GET /api/v5/trade/orders-history-archive": read(20, Orders.archive),
  "GET /api/v5/trade/fills": read(60, Orders.fills(3)),
  "GET /api/v5/trade/fills-history": read(10, Orders.fills(90, needed("instType"))),
  "POST /api/v5/trade/order": trade(60, Trading.single("place")),
  "POST /api/v5/trade/batch-orders": trade(300, Trading.batch("place")),
  "POST /api/v5/trade/cancel-order": trade(60, Trading.single("cancel")),
  "POST /api/v5/trade/cancel-batch-orders": trade(300, Trading.batch("cancel")),
  "POST /api/v5/trade/amend-order": trade(60, Trading.single("amend")),
  "POST /api/v5/trade/amend-batch-orders": trade(300, Trading.batch("amend"))
}

const paths = new Set(Object.keys(routes).map((route) => route.slice(route.indexOf(" ") + 1)))

interface Call {
  readonly method: string
  readonly path: string
  /** The parameters of the query, or the JSON of the body. */
  readonly body: unknown
}

// Errors of the gateway have no `data`. Errors of account and trading endpoints have an empty `data`.
const failure = ({ code, msg, status }: Refusal): Dialect.SimulatedResponse =>
  Dialect.json(status, status === 200 ? { code, data: [], msg } : { msg, code })

const broken = (status: number, message: string): Dialect.SimulatedResponse =>
  Dialect.json(status, {
    code: status,
    data: {},
    detailMsg: "",
    error_code: String(status),
    error_message: message,
    msg: message
  })

const tooMany: Refusal = { status: 429, code: "50011", msg: "Too Many Requests" }
const nowhere: Refusal = { status: 404, code: "404", msg: "Not Found" }

const scopeOf = (metered: Metered, address: string, body: unknown): string => {
  const first: unknown = Array.isArray(body) ? body[0] : body
  const named = (name: string): string => isInput(first) ? text(first, name) ?? "" : ""
  switch (metered) {
    case "ip":
      return `ip:${address}`
    case "ip+instType":
      return `ip:${address}/${named("instType")}`
    case "user":
      return "account"
    case "user+instId":
      return `account/${named("instId")}`
  }
}

/**
 * The OKX dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Table.dialect<Route, Call, Account.ApiKey | undefined, Refusal, Body>({
  id: "okx",
  listings,
  demoKey,
  orderId: ({ id }) => orderIds.write(id),
  streaming,
  routes,
  read: (request) => {
    const path = Dialect.pathOf(request.target)
    const body = request.method === "GET" ? fromQuery(request.target) : fromBody(request.body)
    return { method: `${request.method} ${path}`, path, body }
  },
  unknown: ({ call }) =>
    paths.has(call.path) ? { status: 405, code: "50115", msg: "Invalid request method." } : nowhere,
  identify: ({ request, route, world }) => {
    if (route === undefined) return Either.right(undefined)
    if (request.method === "POST" && !(request.headers["content-type"] ?? "").startsWith("application/json")) {
      return refuse("50006", "Invalid Content-Type, please use \"application/json\" format", 400)
    }
    return route.needs === undefined ? Either.right(undefined) : authenticate(request, world)
  },
  charge: ({ call: { body, method }, meters, request, route, world }, caller) => {
    if (route === undefined || Either.isLeft(caller)) return { meters }
    const scope = `${scopeOf(route.metered, request.remoteAddress, body)} ${method}`
    const cost = Array.isArray(body) ? Math.max(1, body.length) : 1
    return Table.draw(meters, world, { scope, rule: route.limit, cost }, tooMany)
  },
  forbids: ({ needs }, key, { request, world }) => {
    if (needs !== "trade") return undefined
    if (!Keys.may(key, needs)) {
      return { status: 401, code: "50120", msg: "This API key doesn't have permission to use this function" }
    }
    const expires = request.headers["exptime"]
    if (expires === undefined) return undefined
    if (!/^\d{1,15}$/.test(expires)) return { status: 400, code: "50036", msg: "Invalid expTime." }
    return Number(expires) < world.now ? { status: 200, code: "50037", msg: "Order expired." } : undefined
  },
  answer: ({ answer }, { call: { body }, world }, key) => answer(isInput(body) ? body : {}, world, key, body),
  success: ({ code = "0", data, msg = "" }, { route, world: { now } }) => {
    const times = route?.needs === "trade" ? { inTime: `${now}000`, outTime: `${now}900` } : {}
    return Dialect.json(200, { code, data: Json.quoted(data), ...times, msg })
  },
  failure: (refusal) => refusal === nowhere ? broken(nowhere.status, nowhere.msg) : failure(refusal),
  failures: {
    http500: broken(500, "Internal Server Error"),
    http503: failure({ status: 503, code: "50001", msg: "Service temporarily unavailable. Please try again later" }),
    http429: Dialect.json(429, { msg: tooMany.msg, code: tooMany.code }, { "retry-after": "1" })
  }
})
