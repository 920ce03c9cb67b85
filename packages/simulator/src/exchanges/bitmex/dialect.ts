/**
 * BitMEX over REST, following its documentation up to the closing of the exchange: market data, account and trading. It
 * supports limit, post-only, reduce-only and market orders, but no trigger orders, and orders cannot be renamed.
 *
 * Signatures are checked over the verb, the raw target, the expiry and the raw body. Requests are limited by token
 * buckets: 120 a minute with a key, 30 without a key, and 10 a second for requests that place, amend and cancel.
 *
 * Where the documentation is silent, this simulator decides:
 *
 * - Fifty errors within a minute ban the IP address for an hour, and each further time for a week.
 * - A client order id can never be used again.
 * - The public trades of a market go back a thousand.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Table from "../../internal/table.js"
import * as Holdings from "./account.js"
import * as MarketData from "./marketData.js"
import { instruments } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answering, type Asked, asked, type Read, type Refusal, refuse } from "./params.js"
import { streaming } from "./stream.js"
import * as Trading from "./trading.js"

/**
 * Returns `true` if the `api-signature` of a request matches the secret: hex HMAC-SHA256 over verb, target, expiry and
 * body, byte for byte.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  secret: Redacted.Redacted,
  { body, method, target }: Pick<Dialect.SimulatedRequest, "method" | "target" | "body">,
  expires: string,
  signature: string
): boolean => Keys.hmac(secret, method.toUpperCase() + target + expires, "hex", body) === signature.toLowerCase()

// A request without credentials is anonymous. Credentials must be valid even if the endpoint needs none.
const authenticate = (
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Read<Account.ApiKey | undefined> => {
  const { "api-expires": expires, "api-key": id, "api-signature": signature } = request.headers
  if (id === undefined && expires === undefined && signature === undefined) return Either.right(undefined)
  if (id === undefined || expires === undefined || signature === undefined) {
    return refuse(401, "Authorization Required")
  }
  if (!/^\d{1,15}$/.test(expires) || Number(expires) * 1000 <= world.now) {
    const current = Math.floor(world.now / 1000)
    return refuse(400, `This request has expired - \`expires\` is in the past. Current time: ${current}`)
  }
  const key = Keys.named(world, id)
  if (key === undefined || key.verifier._tag !== "Hmac") return refuse(401, "Invalid API Key.")
  if (!verifySignature(key.verifier.secret, request, expires, signature)) return refuse(401, "Signature not valid.")
  return key.enabled === false ? refuse(403, "This key is disabled.") : Either.right(key)
}

/** Trading routes have an additional rate limit per second. */
type Route = Table.Permitted<Answering>

const { open, read, trade } = Table.permitting<Answering>()

const routes: Readonly<Record<string, Route>> = {
  "GET /api/v1": open(MarketData.root),
  "GET /api/v1/": open(MarketData.root),
  "GET /api/v1/instrument": open(MarketData.listing(true)),
  "GET /api/v1/instrument/active": open(MarketData.listing(false)),
  // There are no indices.
  "GET /api/v1/instrument/activeAndIndices": open(MarketData.listing(false)),
  "GET /api/v1/announcement/urgent": open(() => Either.right([[]])),
  "GET /api/v1/orderBook/L2": open(MarketData.book),
  "GET /api/v1/trade": open(MarketData.trades),
  "GET /api/v1/trade/bucketed": open(MarketData.buckets),
  "GET /api/v1/wallet/assets": open(() => Either.right([Holdings.assets])),
  "GET /api/v1/user/margin": read(Holdings.margin),
  "GET /api/v1/user/wallet": read(Holdings.wallet),
  "GET /api/v1/apiKey": read(Holdings.keys),
  "GET /api/v1/position": read(Holdings.positions),
  "GET /api/v1/order": read(Orders.orders),
  "GET /api/v1/execution/tradeHistory": read(Orders.executions),
  "POST /api/v1/order": trade(Trading.place),
  "PUT /api/v1/order": trade(Trading.amend),
  "DELETE /api/v1/order": trade(Trading.cancel),
  "DELETE /api/v1/order/all": trade(Trading.cancelAll)
}

// Requests per minute with a valid key, and per IP address without one. Orders per second.
const [authenticated, anonymous] = [Meters.bucket(120, 2), Meters.bucket(30, 0.5)]
const ordering = Meters.bucket(10)

const [hour, week] = [3_600_000, 604_800_000]

// The documentation only says "many errors in a short time". Here it means fifty within a minute.
const errorBan: Meters.Penalty = { allowance: Meters.rolling(49, 60_000), lasts: (bans) => bans === 0 ? hour : week }

interface Call {
  readonly method: string
  readonly asked: Asked | undefined
}

const banned: Refusal = { status: 403, message: "403 Forbidden", name: "" }

const limited = (seconds: number): Refusal => ({
  status: 429,
  message: `Rate limit exceeded, retry in ${seconds} seconds.`,
  name: "RateLimitError",
  headers: { "retry-after": String(seconds) }
})

const addressOf = ({ remoteAddress }: Dialect.SimulatedRequest): string => `ip:${remoteAddress}`

const charge = (
  { meters, request, route, world: { now } }: Table.Asked<Route, Call>,
  caller: Read<Account.ApiKey | undefined>
): Table.Charged<Refusal> => {
  if (Meters.bannedUntil(meters, addressOf(request), now) !== undefined) return { meters, refusal: banned }
  const isKnown = Either.isRight(caller) && caller.right !== undefined
  const [scope, rule] = isKnown ? ["account", authenticated] : [addressOf(request), anonymous]
  const taken = Meters.take(meters, scope, rule, now)
  const headers = {
    "x-ratelimit-limit": String(rule.limit),
    "x-ratelimit-remaining": String(taken.remaining),
    "x-ratelimit-reset": String(Math.ceil((now + taken.full) / 1000))
  }
  if (!taken.admitted) {
    return { meters: taken.meters, headers, refusal: limited(Math.max(1, Math.ceil(taken.wait / 1000))) }
  }
  if (!isKnown || route?.needs !== "trade") return { meters: taken.meters, headers }
  const ordered = Meters.take(taken.meters, "account-orders", ordering, now)
  const more = { "x-ratelimit-limit-1s": String(ordering.limit), "x-ratelimit-remaining-1s": String(ordered.remaining) }
  return {
    meters: ordered.meters,
    headers: { ...headers, ...more },
    refusal: ordered.admitted ? undefined : limited(1)
  }
}

const failure = (refusal: Refusal): Dialect.SimulatedResponse => {
  if (refusal === banned) return Dialect.html(403, banned.message, { server: "awselb/2.0" })
  const { headers, message, name, status } = refusal
  return Dialect.json(status, { error: { message, name } }, headers)
}

/**
 * The BitMEX dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Table.dialect<Route, Call, Account.ApiKey | undefined, Refusal>({
  id: "bitmex",
  listings: instruments,
  demoKey: Account.hmacKey("bitmex", { key: 24, secret: 48 }),
  orderId: ({ id }) => Orders.ids.write(id),
  routes,
  read: (request) => ({ method: `${request.method} ${Dialect.pathOf(request.target)}`, asked: asked(request) }),
  unknown: () => ({ status: 404, message: "Not Found", name: "HTTPError" }),
  identify: ({ request, world }) => authenticate(request, world),
  charge,
  forbids: ({ needs }, key) => {
    if (needs === undefined) return undefined
    if (key === undefined) return { status: 401, message: "Authorization Required", name: "HTTPError" }
    return needs === "read" || Keys.may(key, needs)
      ? undefined
      : { status: 403, message: "Access Denied", name: "HTTPError" }
  },
  answer: ({ answer }, { call: { asked }, world }) =>
    asked === undefined
      ? refuse(400, "The request body is not a JSON object", "SyntaxError")
      : answer(asked, world),
  settle: (charged, outcome, { request, world }) =>
    Either.isRight(outcome) || outcome.left === banned
      ? charged
      : { ...charged, meters: Meters.offend(charged.meters, addressOf(request), errorBan, world.now) },
  success: (body) => Dialect.json(200, body),
  failure,
  streaming,
  failures: {
    http500: failure({ status: 500, message: "Internal Server Error", name: "HTTPError" }),
    http503: failure({
      status: 503,
      message: "The system is currently overloaded. Please try again later.",
      name: "HTTPError"
    }),
    http429: failure(limited(1))
  }
})
