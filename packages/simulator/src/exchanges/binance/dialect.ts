/**
 * Binance Spot over REST, as its documentation of 2026-07 describes it: market data, account, key permissions and
 * trading (limit, post-only and market orders; nothing that waits for a trigger, no amending, no batches).
 *
 * Signatures are checked over the raw query and body, HMAC-SHA256 and Ed25519. Request weight is metered per IP in
 * windows aligned to the clock minute (6000; `/sapi` has its own counter of 12000), unfilled orders per account (100
 * in ten seconds, 200000 a day). What the documentation leaves open is chosen here: the eleventh request refused with
 * 429 in one minute brings the ban, which lasts 2 minutes and four times longer on each repetition, up to 3 days; an
 * order counts as unfilled until it is filled whole; a market's public trades go back a thousand.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { createPublicKey, verify } from "node:crypto"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import type * as Engine from "../../engine/Engine.js"
import { hmac } from "../../internal/keys.js"
import { endpoints as accountEndpoints } from "./account.js"
import type { Answer, Endpoint, Endpoints } from "./endpoint.js"
import * as Limits from "./limits.js"
import { endpoints as marketDataEndpoints } from "./marketData.js"
import { listings } from "./markets.js"
import { illegal, missing, type Params, parseParams, type Refusal, refuse } from "./params.js"
import { endpoints as tradingEndpoints } from "./trading.js"

// --- signatures

const authenticate = (
  request: Dialect.SimulatedRequest,
  params: Params,
  world: Dialect.World
): Either.Either<Account.ApiKey, Refusal> => {
  const id = request.headers["x-mbx-apikey"]
  if (id === undefined || !/^[A-Za-z0-9]{64}$/.test(id)) return refuse(-2014, "API-key format invalid.", 401)
  const timestamp = params.get("timestamp") ?? ""
  if (timestamp === "") return missing("timestamp")
  if (!/^\d{1,20}$/.test(timestamp)) return illegal("timestamp", "^[0-9]{1,20}$")
  const signature = params.get("signature") ?? ""
  if (signature === "") return missing("signature")
  const recvWindow = params.get("recvWindow") ?? "5000"
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(recvWindow)) return illegal("recvWindow", "^\\d{1,5}(\\.\\d{1,3})?$")
  if (Number(recvWindow) > 60_000) return refuse(-1131, "'recvWindow' must be less than 60000.")
  // Sixteen digits or more are microseconds.
  const sent = timestamp.length > 15 ? Number(timestamp) / 1000 : Number(timestamp)
  if (sent >= world.now + 1000) {
    return refuse(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
  }
  if (world.now - sent > Number(recvWindow)) {
    return refuse(-1021, "Timestamp for this request is outside of the recvWindow.")
  }
  const key = world.keys.find((key) => Redacted.value(key.id) === id)
  if (key === undefined || key.enabled === false) {
    return refuse(-2015, "Invalid API-key, IP, or permissions for action.", 401)
  }
  if (key.verifier._tag === "Hmac" && !/^[A-Fa-f0-9]{64}$/.test(signature)) {
    return illegal("signature", "^[A-Fa-f0-9]{64}$")
  }
  return verifySignature(key, signedPayload(request), signature)
    ? Either.right(key)
    : refuse(-1022, "Signature for this request is not valid.")
}

/**
 * What a request's signature covers: the raw query and body, joined without a separator, without the `signature`
 * parameter that must come last.
 *
 * @since 0.1.0
 * @category signatures
 */
export const signedPayload = (request: Pick<Dialect.SimulatedRequest, "target" | "body">): string =>
  unsigned(Dialect.queryOf(request.target)) + unsigned(decoder.decode(request.body))

const unsigned = (part: string): string => part.replace(/(^|&)signature=[^&]*$/, "")

/**
 * Whether a signature over a payload is the key's: hex for HMAC-SHA256, base64 for Ed25519.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (key: Account.ApiKey, payload: string, signature: string): boolean => {
  if (key.verifier._tag === "Hmac") return hmac(key.verifier.secret, payload) === signature.toLowerCase()
  const publicKey = createPublicKey({
    key: Buffer.from(key.verifier.publicKey, "base64"),
    format: "der",
    type: "spki"
  })
  return verify(null, Buffer.from(payload), publicKey, Buffer.from(signature, "base64"))
}

// --- the dialect

const endpoints: Endpoints = { ...marketDataEndpoints, ...accountEndpoints, ...tradingEndpoints }

const signedParams = ["timestamp", "recvWindow", "signature"]

const answer = (
  endpoint: Endpoint,
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const params = yield* parseParams(request)
    const { places = false, signed } = endpoint
    const key = signed === undefined ? undefined : yield* authenticate(request, params, world)
    const known = signed === undefined ? endpoint.params : [...endpoint.params, ...signedParams]
    const read = [...params.keys()].filter((name) => known.includes(name)).length
    if (read < params.size) {
      return yield* known.length === 0
        ? refuse(-1101, `Too many parameters; expected '0' and received '${params.size}'.`)
        : refuse(
          -1104,
          `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${params.size}'.`
        )
    }
    if (signed !== undefined && key?.permissions.includes(signed) === false) {
      return yield* refuse(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    }
    const full = places ? Limits.orderLimits.find((limit) => isFull(limit, world)) : undefined
    if (full !== undefined) return yield* Either.left(tooManyOrders(full, world.now))
    return yield* endpoint.answer(params, world, key)
  })

const isFull = (limit: Limits.OrderLimit, world: Dialect.World): boolean =>
  Limits.unfilled(world.engine, limit, world.now) >= limit.limit

const error = (refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Dialect.SimulatedResponse =>
  Dialect.json(refusal.status, { code: refusal.code, msg: refusal.msg }, headers)

type Response = ReturnType<Dialect.Definition<Limits.Meters>["respond"]>

const respond = (state: Limits.Meters, request: Dialect.SimulatedRequest, world: Dialect.World): Response => {
  const path = Dialect.pathOf(request.target)
  const sapi = path.startsWith("/sapi/")
  const endpoint = endpoints[`${request.method} ${path}`]
  const cost = endpoint?.weight(Either.getOrElse(parseParams(request), (): Params => new Map())) ?? 1
  const before = state.get(request.remoteAddress) ?? Limits.idle
  const [verdict, meter] = Limits.charge(before, world.now, sapi, cost)
  const save = (meter: Limits.Meter): Limits.Meters => new Map(state).set(request.remoteAddress, meter)
  if (verdict === "banned") {
    const msg = `Way too much request weight used; IP banned until ${meter.bannedUntil}. ` +
      "Please use WebSocket Streams for live updates to avoid bans."
    return [error({ status: 418, code: -1003, msg }, retryAfter(meter.bannedUntil - world.now)), save(meter)]
  }
  if (verdict === "limited") {
    const wait = Limits.minute - world.now % Limits.minute
    const headers = { ...used(meter, sapi), ...retryAfter(wait) }
    return [error(tooMuch(sapi ? Limits.sapiLimit : Limits.weightLimit), headers), save(meter)]
  }
  if (endpoint === undefined) return [Dialect.html(404, "404 Not Found", used(meter, sapi)), save(meter)]
  const answered = answer(endpoint, request, world)
  if (Either.isLeft(answered)) {
    return [error(answered.left, { ...used(meter, sapi), ...answered.left.headers }), save(meter)]
  }
  const { body, engine } = answered.right
  const charged = endpoint.freeWhenAccepted === true ? Limits.refund(meter, cost) : meter
  const counts = endpoint.places === true ? orderCounts(engine ?? world.engine, world.now) : {}
  const response = Dialect.json(200, body, { ...used(charged, sapi), ...counts })
  return engine === undefined ? [response, save(charged)] : [response, save(charged), engine]
}

const used = (meter: Limits.Meter, sapi: boolean): Readonly<Record<string, string>> =>
  sapi
    ? { "x-sapi-used-ip-weight-1m": String(meter.sapiWeight) }
    : { "x-mbx-used-weight": String(meter.weight), "x-mbx-used-weight-1m": String(meter.weight) }

const orderCounts = (engine: Engine.Engine, now: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Limits.orderLimits.map((limit) => [
      `x-mbx-order-count-${limit.header}`,
      String(Limits.unfilled(engine, limit, now))
    ])
  )

const tooManyOrders = ({ limit, milliseconds, words }: Limits.OrderLimit, now: number): Refusal => ({
  status: 429,
  code: -1015,
  msg: `Too many new orders; current limit is ${limit} orders per ${words}.`,
  headers: retryAfter(milliseconds - now % milliseconds)
})

const retryAfter = (milliseconds: number): Readonly<Record<string, string>> => ({
  "retry-after": String(Math.ceil(milliseconds / 1000))
})

const tooMuch = (limit: number): Refusal => ({
  status: 429,
  code: -1003,
  msg: `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. ` +
    "Please use WebSocket Streams for live updates to avoid polling the API."
})

const decoder = new TextDecoder()

/**
 * The Binance dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<Limits.Meters>({
  id: "binance",
  listings,
  demoKey: Account.hmacKey("binance", { key: 64, secret: 64 }),
  orderId: ({ id }) => String(id),
  initial: new Map(),
  respond,
  usage: Limits.usage,
  failures: {
    http500: error({ status: 500, code: -1000, msg: "An unknown error occurred while processing the request." }),
    http503: error({
      status: 503,
      code: -1008,
      msg: "Server is currently overloaded with other requests. Please try again in a few minutes."
    }),
    http429: error(tooMuch(Limits.weightLimit), { "retry-after": "1" })
  }
})
