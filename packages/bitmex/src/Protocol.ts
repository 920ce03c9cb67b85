/**
 * BitMEX, as the request engine needs to know it.
 *
 * @since 0.1.0
 */
import type { Credentials } from "@effect-exchange/core"
import { type Endpoint, type Protocol, Signature } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { serverTime } from "./Endpoints.js"
import { classify } from "./Errors.js"

/**
 * How long after signing a request is still accepted, in seconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const expiresAfter = 10

/**
 * The request with the three headers of API key authentication: key, expiry in seconds since the epoch, and the
 * HMAC-SHA256 of verb, path with query, expiry and body as they are sent.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign = (
  request: Endpoint.Prepared,
  { key, secret }: Credentials.Credentials,
  { now }: Pick<Protocol.Moment, "now">
): Either.Either<Protocol.Signed, string> => {
  const expires = String(Math.floor(now / 1000) + expiresAfter)
  const target = request.query === "" ? request.path : `${request.path}?${request.query}`
  const signature = Signature.hmacSha256Hex(secret, request.method + target + expires + request.body)
  return Either.right({
    ...request,
    headers: {
      ...request.headers,
      "api-key": Redacted.value(key),
      "api-expires": expires,
      "api-signature": signature
    },
    signature
  })
}

// Buckets that fill all the time, not windows: after a burst there is room again at once, for two a second.
const capacity = { ip: 30, key: 120, order: 10 }

const limits: ReadonlyArray<Protocol.Limit> = [
  { scope: "ip", burst: capacity.ip, perSecond: 0.5 },
  { scope: "key", burst: capacity.key, perSecond: 2, per: "key", reserved: 10 },
  { scope: "order", limit: capacity.order, window: "1 second", per: "key" }
]

/**
 * What the exchange says is left, seen from our limit, as accounts differ in theirs, and when all of it is back.
 *
 * @since 0.1.0
 * @category limits
 */
export const usage = (headers: Protocol.Headers, auth: "none" | "signed"): ReadonlyArray<Protocol.Usage> => {
  // A signed request whose key is refused is metered by address.
  const scope = auth === "signed" && headers["x-ratelimit-limit"] !== "30" ? "key" : "ip"
  return [
    ...used(scope, headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]),
    ...used("order", headers["x-ratelimit-remaining-1s"])
  ]
}

const used = (
  scope: keyof typeof capacity,
  remaining: string | undefined,
  reset?: string
): ReadonlyArray<Protocol.Usage> => {
  if (remaining === undefined || !/^\d{1,9}$/.test(remaining)) return []
  // In seconds.
  const windowEnd = reset !== undefined && /^\d{1,10}$/.test(reset) ? { windowEnd: Number(reset) * 1000 } : {}
  return [{ scope, used: Math.max(0, capacity[scope] - Number(remaining)), ...windowEnd }]
}

// Nobody has said what became of the testnet; its exchange is gone.
const closed: Protocol.Host = {
  _tag: "Closed",
  since: "2026-09-23",
  detail:
    "BitMEX closed for good on 2026-09-23; give a base URL of a simulator or an archive, or move to another exchange"
}

/**
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol.Protocol = {
  exchange: "bitmex",
  live: closed,
  testnet: closed,
  testHosts: ["testnet.bitmex.com"],
  limits,
  sign,
  classify,
  usage,
  serverTime,
  tolerance: `${expiresAfter} seconds`
}
