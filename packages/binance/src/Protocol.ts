/**
 * Binance Spot, as the request engine needs to know it.
 *
 * @since 0.1.0
 */
import type { Credentials } from "@effect-exchange/core"
import { type Endpoint, type Protocol, Signature } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { serverTime } from "./Endpoints.js"
import { classify } from "./Errors.js"

/**
 * How long after its timestamp a signed request is still accepted, in milliseconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const recvWindow = 5000

/**
 * The request with a timestamp, the receive window and their signature in the query, and the key in a header
 * (rest-api.md, "SIGNED endpoint security"). A secret in PEM signs with Ed25519, any other with HMAC-SHA256; RSA keys are
 * not taken.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign = (
  request: Endpoint.Prepared,
  { key, secret }: Credentials.Credentials,
  { now }: Pick<Protocol.Moment, "now">
): Either.Either<Protocol.Signed, string> => {
  const query = [request.query, `recvWindow=${recvWindow}`, `timestamp=${now}`].filter((part) => part !== "").join("&")
  return Either.map(signatureOf(secret, query + request.body), (signature) => ({
    ...request,
    query: `${query}&signature=${encodeURIComponent(signature)}`,
    headers: { ...request.headers, "x-mbx-apikey": Redacted.value(key) },
    signature
  }))
}

const signatureOf = (secret: Redacted.Redacted<string>, payload: string): Either.Either<string, string> => {
  if (!Signature.isPem(secret)) return Either.right(Signature.hmacSha256Hex(secret, payload))
  return Either.flatMap(Signature.privateKey(secret), (key) =>
    key.curve === "Ed25519"
      ? Either.right(Encoding.encodeBase64(Signature.sign(key, payload)))
      : Either.left(`the secret is a key of ${key.curve}, and Binance takes Ed25519`))
}

/**
 * What the exchange says of the weights and orders counted in its windows under way.
 *
 * @since 0.1.0
 * @category limits
 */
export const usage = (headers: Protocol.Headers): ReadonlyArray<Protocol.Usage> => {
  const date = Date.parse(headers["date"] ?? "")
  return counters.flatMap(({ header, length, scope }) => {
    const used = headers[header]
    if (used === undefined || !/^\d{1,9}$/.test(used)) return []
    // Its windows are the minutes, tens of seconds and days of its clock.
    const window = Number.isNaN(date) ? {} : { windowEnd: (Math.floor(date / length) + 1) * length }
    return [{ scope, used: Number(used), ...window }]
  })
}

const counters = [
  { scope: "ip", header: "x-mbx-used-weight-1m", length: 60_000 },
  { scope: "sapi", header: "x-sapi-used-ip-weight-1m", length: 60_000 },
  { scope: "orders10s", header: "x-mbx-order-count-10s", length: 10_000 },
  { scope: "orders1d", header: "x-mbx-order-count-1d", length: 86_400_000 }
] as const

/**
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol.Protocol = {
  exchange: "binance",
  live: { _tag: "Open", baseUrl: "https://api.binance.com" },
  testnet: { _tag: "Open", baseUrl: "https://testnet.binance.vision" },
  testHosts: ["testnet.binance.vision", "api1.testnet.binance.vision", "demo-api.binance.com"],
  // The exchange counts in minutes of the clock; what fits a sliding minute fits each of those. Its other limit, 300,000
  // requests in 5 minutes, cannot be reached below this one.
  limits: [
    { scope: "ip", limit: 6000, window: "1 minute", reserved: 300 },
    { scope: "sapi", limit: 6000, window: "1 minute" },
    // Orders that were placed and are not filled, counted by account. Those that fill leave the exchange's count and stay
    // in ours.
    { scope: "orders10s", limit: 100, window: "10 seconds", per: "key" },
    { scope: "orders1d", limit: 200_000, window: "1 day", per: "key" }
  ],
  sign,
  classify,
  usage,
  serverTime,
  tolerance: recvWindow
}
