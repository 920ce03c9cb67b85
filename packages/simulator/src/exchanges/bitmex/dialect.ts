/**
 * BitMEX over REST, as its documentation described it until the exchange closed: market data, account and trading
 * (limit, post-only, reduce-only and market orders; nothing that waits for a trigger, no renaming of an order).
 *
 * Signatures are checked over verb, raw target, expiry and raw body. Requests are metered by token buckets: 120 a
 * minute with a key, 30 without, and 10 a second of those that place, amend and cancel. What the documentation leaves
 * open is chosen here: fifty errors within a minute ban the IP for an hour, and for a week the next time; a client
 * order id is never free again; a market's public trades go back a thousand.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { createHmac } from "node:crypto"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import { endpoints as accountEndpoints } from "./account.js"
import * as Limits from "./limits.js"
import { endpoints as marketDataEndpoints } from "./marketData.js"
import { instruments } from "./markets.js"
import { endpoints as orderEndpoints, orderIdOf } from "./orders.js"
import { type Answer, type Endpoints, inputOf, type Refusal, refuse } from "./params.js"
import { endpoints as tradingEndpoints } from "./trading.js"

// --- signatures

/**
 * Whether a request's `api-signature` is the key's: hex HMAC-SHA256 over verb, target, expiry and body, byte for byte.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  secret: Redacted.Redacted,
  request: Pick<Dialect.SimulatedRequest, "method" | "target" | "body">,
  expires: string,
  signature: string
): boolean =>
  createHmac("sha256", Redacted.value(secret))
    .update(request.method.toUpperCase() + request.target + expires)
    .update(request.body)
    .digest("hex") === signature.toLowerCase()

// Nothing sent means an anonymous request; anything sent must be right, also where no key is needed.
const authenticate = (
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Either.Either<Account.ApiKey | undefined, Refusal> => {
  const { "api-expires": expires, "api-key": id, "api-signature": signature } = request.headers
  if (id === undefined && expires === undefined && signature === undefined) return Either.right(undefined)
  if (id === undefined || expires === undefined || signature === undefined) {
    return refuse(401, "Authorization Required")
  }
  if (!/^\d{1,15}$/.test(expires) || Number(expires) * 1000 <= world.now) {
    const current = Math.floor(world.now / 1000)
    return refuse(400, `This request has expired - \`expires\` is in the past. Current time: ${current}`)
  }
  const key = world.keys.find((key) => Redacted.value(key.id) === id)
  if (key === undefined || key.verifier._tag !== "Hmac") return refuse(401, "Invalid API Key.")
  if (!verifySignature(key.verifier.secret, request, expires, signature)) return refuse(401, "Signature not valid.")
  return key.enabled === false ? refuse(403, "This key is disabled.") : Either.right(key)
}

// --- the dialect

const endpoints: Endpoints = { ...marketDataEndpoints, ...accountEndpoints, ...orderEndpoints, ...tradingEndpoints }

const endpointOf = (request: Dialect.SimulatedRequest) =>
  endpoints[`${request.method} ${Dialect.pathOf(request.target)}`]

const error = (
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {}
): Dialect.SimulatedResponse =>
  Dialect.json(refusal.status, { error: { message: refusal.message, name: refusal.name } }, headers)

const limited = (seconds: number): Refusal => ({
  status: 429,
  message: `Rate limit exceeded, retry in ${seconds} seconds.`,
  name: "RateLimitError"
})

const answer = (
  request: Dialect.SimulatedRequest,
  world: Dialect.World,
  key: Account.ApiKey | undefined
): Either.Either<Answer, Refusal> => {
  const endpoint = endpointOf(request)
  if (endpoint === undefined) return refuse(404, "Not Found")
  if (endpoint.signed !== undefined && key === undefined) return refuse(401, "Authorization Required")
  if (endpoint.signed === "order" && key?.permissions.includes("trade") === false) {
    return refuse(403, "Access Denied")
  }
  return Either.flatMap(inputOf(request), (input) => endpoint.answer(input, world, key))
}

type Response = ReturnType<Dialect.Definition<Limits.Limits>["respond"]>

const meter = (
  state: Limits.Limits,
  request: Dialect.SimulatedRequest,
  now: number,
  known: boolean
): readonly [Limits.Verdict, Limits.Limits] => {
  if (!known) return Limits.take(state, `ip:${request.remoteAddress}`, Limits.anonymous, now)
  const [verdict, metered] = Limits.take(state, "account", Limits.authenticated, now)
  return verdict.admitted && endpointOf(request)?.ordering === true
    ? Limits.takeOrder(metered, verdict, now)
    : [verdict, metered]
}

const respond = (state: Limits.Limits, request: Dialect.SimulatedRequest, world: Dialect.World): Response => {
  const address = request.remoteAddress
  if (Limits.bannedUntil(state, address, world.now) !== undefined) {
    return [Dialect.html(403, "403 Forbidden", { server: "awselb/2.0" }), state]
  }
  const identity = authenticate(request, world)
  const known = Either.isRight(identity) && identity.right !== undefined
  const [verdict, metered] = meter(state, request, world.now, known)
  const answered = verdict.admitted
    ? Either.flatMap(identity, (key) => answer(request, world, key))
    : Either.left(limited(verdict.retryAfter))
  if (Either.isRight(answered)) {
    return [Dialect.json(200, answered.right.body, verdict.headers), metered, answered.right.engine]
  }
  const retryAfter = verdict.admitted ? {} : { "retry-after": String(verdict.retryAfter) }
  const response = error(answered.left, { ...verdict.headers, ...retryAfter })
  return [response, Limits.offend(metered, address, world.now)]
}

/**
 * The BitMEX dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<Limits.Limits>({
  id: "bitmex",
  listings: instruments,
  demoKey: Account.hmacKey("bitmex", { key: 24, secret: 48 }),
  orderId: ({ id }) => orderIdOf(id),
  initial: Limits.initial,
  respond,
  usage: Limits.usage,
  failures: {
    http500: error({ status: 500, message: "Internal Server Error", name: "HTTPError" }),
    http503: error({
      status: 503,
      message: "The system is currently overloaded. Please try again later.",
      name: "HTTPError"
    }),
    http429: error(limited(1), { "retry-after": "1" })
  }
})
