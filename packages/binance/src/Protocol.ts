/**
 * Binance Spot, as the request engine needs to know it.
 *
 * @since 0.1.0
 */
import type { Credentials } from "@effect-exchange/core/Credentials"
import type { Prepared } from "@effect-exchange/core/Endpoint"
import type { Headers, Protocol, Signed, Usage } from "@effect-exchange/core/Protocol"
import { hmacSha256Hex } from "@effect-exchange/core/Signature"
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
 * The request with a timestamp, the receive window and their signature in the query, and the key in a header: the
 * HMAC-SHA256 of query and body as they are sent (rest-api.md, "SIGNED endpoint security").
 *
 * @since 0.1.0
 * @category signing
 */
export const sign = (request: Prepared, { key, secret }: Credentials, now: number): Signed => {
  const query = [request.query, `recvWindow=${recvWindow}`, `timestamp=${now}`].filter((part) => part !== "").join("&")
  const signature = hmacSha256Hex(secret, query + request.body)
  return {
    ...request,
    query: `${query}&signature=${signature}`,
    headers: { ...request.headers, "x-mbx-apikey": Redacted.value(key) },
    signature
  }
}

/**
 * What the exchange says of the weights used in the minute under way.
 *
 * @since 0.1.0
 * @category limits
 */
export const usage = (headers: Headers): ReadonlyArray<Usage> => {
  const date = Date.parse(headers["date"] ?? "")
  // Its windows are the minutes of its clock.
  const window = Number.isNaN(date) ? {} : { windowEnd: (Math.floor(date / 60_000) + 1) * 60_000 }
  const used = (scope: string, header: string | undefined): ReadonlyArray<Usage> =>
    header !== undefined && /^\d{1,9}$/.test(header) ? [{ scope, used: Number(header), ...window }] : []
  return [
    ...used("ip", headers["x-mbx-used-weight-1m"]),
    ...used("sapi", headers["x-sapi-used-ip-weight-1m"])
  ]
}

/**
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol = {
  exchange: "binance",
  live: { _tag: "Open", baseUrl: "https://api.binance.com" },
  testnet: { _tag: "Open", baseUrl: "https://testnet.binance.vision" },
  // The exchange counts in minutes of the clock; what fits a sliding minute fits each of those. Its other limit, 300,000
  // requests in 5 minutes, cannot be reached below this one.
  limits: [
    { scope: "ip", limit: 6000, window: "1 minute" },
    { scope: "sapi", limit: 6000, window: "1 minute" }
  ],
  sign,
  classify,
  usage,
  serverTime
}
