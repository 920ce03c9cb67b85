/**
 * OKX v5 over REST, as its documentation of 2026 describes it: spot, linear and inverse perpetuals of an account in
 * futures mode with net positions.
 *
 * Signatures are checked over timestamp, method, raw target and raw body, and the passphrase along with them. Each
 * endpoint is metered in a rolling window of 2 seconds, per IP, user, or user and instrument; there are no rate
 * headers. What the documentation leaves open is chosen here: the demo keys work with and without
 * `x-simulated-trading: 1`, keys of the caller are live keys and only work without it (50101); a client order id is
 * taken as long as its order can be looked up; a spot market sell cannot be given in the quote currency; quarters
 * (`3M`) are not among the bars.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { createHmac } from "node:crypto"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import type * as Engine from "../../engine/Engine.js"
import { fromBody, fromQuery, type Input, isInput, text } from "../../internal/inputs.js"
import * as Holdings from "./account.js"
import * as Limits from "./limits.js"
import * as MarketData from "./marketData.js"
import { listings } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answer, type Answered, orderId, type Refusal, refuse } from "./params.js"
import * as Trading from "./trading.js"

// --- keys and signatures

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

// Keys are UUIDs, secrets 32 hex digits.
const demoKey = (permission: Account.Permission): Account.DemoKey => {
  const digits = hex(Account.deriveBytes(`okx/${permission}/key`, 16))
  const id = Redacted.make(digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"))
  const secret = Redacted.make(hex(Account.deriveBytes(`okx/${permission}/secret`, 16)).toUpperCase())
  const passphrase = Redacted.make(Account.derive(`okx/${permission}/passphrase`, 16))
  return {
    credentials: { key: id, secret, passphrase },
    key: { id, verifier: { _tag: "Hmac", secret }, passphrase, permissions: Account.granted(permission) }
  }
}

const demoIds = new Set((["read", "trade", "withdraw"] as const).map((one) => Redacted.value(demoKey(one).key.id)))

/**
 * Whether a request's `OK-ACCESS-SIGN` is the key's: base64 HMAC-SHA256 over timestamp, method, target and body, byte
 * for byte.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  secret: Redacted.Redacted,
  request: Pick<Dialect.SimulatedRequest, "method" | "target" | "headers" | "body">
): boolean =>
  createHmac("sha256", Redacted.value(secret))
    .update((request.headers["ok-access-timestamp"] ?? "") + request.method.toUpperCase() + request.target)
    .update(request.body)
    .digest("base64") === request.headers["ok-access-sign"]

const required = [
  ["ok-access-key", "50103"],
  ["ok-access-passphrase", "50104"],
  ["ok-access-sign", "50106"],
  ["ok-access-timestamp", "50107"]
] as const

const patience = 30_000

const authenticate = (
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Either.Either<Account.ApiKey, Refusal> => {
  const { headers } = request
  for (const [name, code] of required) {
    if ((headers[name] ?? "") === "") {
      return refuse(code, `Request header ${name.toUpperCase()} can not be empty.`, 401)
    }
  }
  const timestamp = headers["ok-access-timestamp"] ?? ""
  const sent = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(timestamp) ? DateTime.make(timestamp) : Option.none()
  if (Option.isNone(sent)) return refuse("50112", "Invalid OK-ACCESS-TIMESTAMP", 401)
  if (Math.abs(world.now - DateTime.toEpochMillis(sent.value)) > patience) {
    return refuse("50102", "Timestamp request expired", 401)
  }
  const id = headers["ok-access-key"] ?? ""
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return refuse("50111", "Invalid OK-ACCESS-KEY", 401)
  const key = world.keys.find((key) => Redacted.value(key.id) === id)
  if (key === undefined || key.enabled === false || key.verifier._tag !== "Hmac") {
    return refuse("50119", "API key doesn't exist", 401)
  }
  if (headers["x-simulated-trading"] === "1" && !demoIds.has(id)) {
    return refuse("50101", "APIKey does not match current environment.", 401)
  }
  if (key.passphrase === undefined || Redacted.value(key.passphrase) !== headers["ok-access-passphrase"]) {
    return refuse("50105", "Request header OK-ACCESS-PASSPHRASE incorrect.", 401)
  }
  return verifySignature(key.verifier.secret, request)
    ? Either.right(key)
    : refuse("50113", "Invalid Sign", 401)
}

// --- endpoints

type Metered = "ip" | "ip+instType" | "user" | "user+instId"

interface Endpoint {
  readonly access: "public" | "read" | "trade"
  readonly metered: Metered
  readonly limit: number
  /** Milliseconds, 2 seconds for nearly all. */
  readonly window?: number
  readonly answer: (body: unknown, world: Dialect.World, key: Account.ApiKey | undefined) => Answered
}

const open = (
  limit: number,
  answer: (input: Input, world: Dialect.World) => Answered,
  metered: Metered = "ip"
): Endpoint => ({
  access: "public",
  metered,
  limit,
  answer: (input, world) => answer(isInput(input) ? input : {}, world)
})

const read = (
  limit: number,
  answer: (input: Input, world: Dialect.World) => Answered,
  metered: Metered = "user"
): Endpoint => ({ ...open(limit, answer, metered), access: "read" })

const trade = (limit: number, answer: Endpoint["answer"]): Endpoint => ({
  access: "trade",
  metered: "user+instId",
  limit,
  answer
})

const endpoints: Readonly<Record<string, Endpoint>> = {
  "GET /api/v5/public/time": open(10, (_, world) => Either.right({ data: [{ ts: String(world.now) }] })),
  "GET /api/v5/system/status": { ...open(1, () => Either.right({ data: [] })), window: 5000 },
  "GET /api/v5/public/instruments": open(20, MarketData.instruments, "ip+instType"),
  "GET /api/v5/public/mark-price": open(10, MarketData.markPrices),
  "GET /api/v5/market/ticker": open(20, MarketData.ticker),
  "GET /api/v5/market/tickers": open(20, MarketData.tickers),
  "GET /api/v5/market/books": open(40, MarketData.books),
  "GET /api/v5/market/books-full": open(10, MarketData.booksFull),
  "GET /api/v5/market/trades": open(100, MarketData.trades),
  "GET /api/v5/market/candles": open(40, MarketData.candles("recent")),
  "GET /api/v5/market/history-candles": open(20, MarketData.candles("history")),
  "GET /api/v5/account/config": {
    access: "read",
    metered: "user",
    limit: 5,
    answer: (_, __, key) => key === undefined ? refuse("50119", "API key doesn't exist", 401) : Holdings.config(key)
  },
  "GET /api/v5/account/trade-fee": read(5, Holdings.tradeFee),
  "GET /api/v5/asset/currencies": { ...read(6, Holdings.currencies), window: 1000 },
  "GET /api/v5/account/balance": read(10, Holdings.balance),
  "GET /api/v5/account/positions": read(10, Holdings.positions),
  "GET /api/v5/trade/order": read(60, Orders.order, "user+instId"),
  "GET /api/v5/trade/orders-pending": read(60, Orders.pending),
  "GET /api/v5/trade/orders-history": read(40, Orders.history(7)),
  "GET /api/v5/trade/orders-history-archive": read(20, Orders.history(90)),
  "GET /api/v5/trade/fills": read(60, Orders.fills(3, false)),
  "GET /api/v5/trade/fills-history": read(10, Orders.fills(90, true)),
  "POST /api/v5/trade/order": trade(60, Trading.single("place")),
  "POST /api/v5/trade/batch-orders": trade(300, Trading.batch("place")),
  "POST /api/v5/trade/cancel-order": trade(60, Trading.single("cancel")),
  "POST /api/v5/trade/cancel-batch-orders": trade(300, Trading.batch("cancel")),
  "POST /api/v5/trade/amend-order": trade(60, Trading.single("amend")),
  "POST /api/v5/trade/amend-batch-orders": trade(300, Trading.batch("amend"))
}

const paths = new Set(Object.keys(endpoints).map((route) => route.slice(route.indexOf(" ") + 1)))

// --- the dialect

// The gateway's own errors have no `data`; those of the account and of trading are objects with an empty one.
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

type Response = readonly [
  response: Dialect.SimulatedResponse,
  next: Limits.Limits,
  engine?: Engine.Engine | undefined
]

const respond = (state: Limits.Limits, request: Dialect.SimulatedRequest, world: Dialect.World): Response => {
  const path = Dialect.pathOf(request.target)
  const endpoint = endpoints[`${request.method} ${path}`]
  if (endpoint === undefined) {
    return [
      paths.has(path)
        ? failure({ status: 405, code: "50115", msg: "Invalid request method." })
        : broken(404, "Not Found"),
      state
    ]
  }
  if (request.method === "POST" && !(request.headers["content-type"] ?? "").startsWith("application/json")) {
    const msg = "Invalid Content-Type, please use \"application/json\" format"
    return [failure({ status: 400, code: "50006", msg }), state]
  }
  const identity: Either.Either<Account.ApiKey | undefined, Refusal> = endpoint.access === "public"
    ? Either.right(undefined)
    : authenticate(request, world)
  if (Either.isLeft(identity)) return [failure(identity.left), state]
  const body = request.method === "GET" ? fromQuery(request.target) : fromBody(request.body)
  const [admitted, next] = Limits.take(
    state,
    `${scopeOf(endpoint.metered, request.remoteAddress, body)} ${request.method} ${path}`,
    { limit: endpoint.limit, window: endpoint.window ?? 2000 },
    Array.isArray(body) ? Math.max(1, body.length) : 1,
    world.now
  )
  if (!admitted) return [failure(tooMany), next]
  const answered = permitted(endpoint, request, world, identity.right, body)
  return Either.isLeft(answered)
    ? [failure(answered.left), next]
    : [success(answered.right, endpoint.access === "trade", world.now), next, answered.right.engine]
}

const permitted = (
  endpoint: Endpoint,
  request: Dialect.SimulatedRequest,
  world: Dialect.World,
  key: Account.ApiKey | undefined,
  body: unknown
): Answered => {
  if (endpoint.access === "trade") {
    if (key?.permissions.includes("trade") !== true) {
      return refuse("50120", "This API key doesn't have permission to use this function", 401)
    }
    const expires = request.headers["exptime"]
    if (expires !== undefined && !/^\d{1,15}$/.test(expires)) return refuse("50036", "Invalid expTime.", 400)
    if (expires !== undefined && Number(expires) < world.now) return refuse("50037", "Order expired.")
  }
  return endpoint.answer(body, world, key)
}

const success = ({ code = "0", data, msg = "" }: Answer, timed: boolean, now: number): Dialect.SimulatedResponse =>
  Dialect.json(200, { code, data, ...(timed ? { inTime: `${now}000`, outTime: `${now}900` } : {}), msg })

/**
 * The OKX dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<Limits.Limits>({
  id: "okx",
  listings,
  demoKey,
  orderId: ({ id }) => orderId(id),
  initial: new Map(),
  respond,
  usage: Limits.usage,
  failures: {
    http500: broken(500, "Internal Server Error"),
    http503: failure({ status: 503, code: "50001", msg: "Service temporarily unavailable. Please try again later" }),
    http429: Dialect.json(429, { msg: tooMany.msg, code: tooMany.code }, { "retry-after": "1" })
  }
})
