/**
 * The protocol of Bybit v5 for the request engine.
 *
 * @since 0.1.0
 */
import { Protocol, Signature, Wire } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Struct from "effect/Struct"
import { limits, serverTime } from "./Endpoints.js"
import { errors } from "./Errors.js"

/**
 * How long after its timestamp a signed request is accepted, in milliseconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const recvWindow = 5000

/**
 * How far behind the exchange's clock requests are dated, in milliseconds. Bybit refuses a request dated one second
 * ahead, but accepts one dated five seconds back.
 *
 * @since 0.1.0
 * @category constants
 */
export const timestampMargin = 500

/** @internal */
export const noRsa = "RSA keys are not supported; create a system-generated key"

/**
 * Signs a request: adds the key, a timestamp, the receive window and the signature as headers. The signature is the
 * HMAC-SHA256 of timestamp, key, window and the query or the body, as they are sent ("Integration Guidance",
 * "Authentication"). RSA keys are refused.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign: Protocol.Sign = (request, { key, secret }, { crypto, now }) => {
  if (Signature.isPem(secret)) return Either.left(noRsa)
  const timestamp = String(Math.max(0, now - timestampMargin))
  const payload = request.method === "GET" ? request.query : request.body
  const signature = Signature.hmacSha256Hex(secret, timestamp + Redacted.value(key) + recvWindow + payload, crypto)
  return Protocol.signed(request, signature, {
    "x-bapi-api-key": Redacted.value(key),
    "x-bapi-timestamp": timestamp,
    "x-bapi-recv-window": String(recvWindow),
    "x-bapi-sign": signature
  })
}

/**
 * Reads from the response headers how much of the called endpoint's limit per second is used.
 *
 * The headers do not name the endpoint, so it is found by `cost`. The usage is the limit in `limits` minus the
 * remaining requests, because the limits of accounts differ. The headers report when the limit resets only if nothing
 * is left.
 *
 * @since 0.1.0
 * @category limits
 */
export const usage = ({ auth, cost, headers }: Omit<Protocol.ResponseFacts, "json">): ReadonlyArray<Protocol.Usage> => {
  const remaining = Protocol.count(headers["x-bapi-limit-status"], 6)
  const [scope, ...others] = Struct.keys(limits).filter((scope) => scope !== "ip" && scope in cost)
  if (auth === "none" || scope === undefined || others.length > 0) return []
  const reset = remaining === 0 ? Protocol.count(headers["x-bapi-limit-reset-timestamp"], 13) : undefined
  return Protocol.used(scope, limits[scope].limit, remaining, reset)
}

const time = Wire.ifAny(Wire.within("time", Wire.millis))

/**
 * The protocol of Bybit: its hosts and regions, rate limits, signing and errors.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "bybit",
  hosts: { live: Protocol.open("https://api.bybit.com"), testnet: Protocol.open("https://api-testnet.bybit.com") },
  // A key works only on the site that created it. Regions are named after the country of their host.
  regions: {
    ae: { baseUrl: "https://api.bybit.ae" },
    eu: { baseUrl: "https://api.bybit.eu" },
    ge: { baseUrl: "https://api.bybitgeorgia.ge" },
    id: { baseUrl: "https://api.bybit.id" },
    kz: { baseUrl: "https://api.bybit.kz" },
    nl: { baseUrl: "https://api.bybit.nl" },
    tr: { baseUrl: "https://api.bybit.tr" },
    demo: { baseUrl: "https://api-demo.bybit.com", isTest: true }
  },
  testHosts: ["api-testnet.bybit.com", "api-demo.bybit.com", "api-testnet.manepa.jp"],
  limits,
  sign,
  errors,
  // Every response has the exchange's time.
  learn: (facts) => ({ usage: usage(facts), serverTime: time(facts.json) }),
  serverTime,
  tolerance: recvWindow
})
