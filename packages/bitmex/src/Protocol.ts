/**
 * The protocol of BitMEX for the request engine.
 *
 * @since 0.1.0
 */
import { Protocol, Signature } from "@effect-exchange/core/adapter"
import * as Redacted from "effect/Redacted"
import { capacity, limits, serverTime } from "./Endpoints.js"
import { errors } from "./Errors.js"

/**
 * How long after signing a request is accepted, in seconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const expiresAfter = 10

/**
 * Signs a request with the three headers of BitMEX's API key authentication: the key, the expiry in seconds since the
 * epoch, and the signature. The signature is the HMAC-SHA256 of verb, path with query, expiry and body, as they are
 * sent.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign: Protocol.Sign = (request, { key, secret }, { crypto, now }) => {
  const expires = String(Math.floor(now / 1000) + expiresAfter)
  const text = request.method + Protocol.target(request) + expires + request.body
  const signature = Signature.hmacSha256Hex(secret, text, crypto)
  const headers = { "api-key": Redacted.value(key), "api-expires": expires, "api-signature": signature }
  return Protocol.signed(request, signature, headers)
}

/**
 * Reads from the response headers how much of each rate limit is used, and when all of it is available again. The usage
 * is the limit in `capacity` minus the remaining requests, because the limits of accounts differ.
 *
 * @since 0.1.0
 * @category limits
 */
export const usage = (headers: Protocol.Headers, auth: "none" | "signed"): ReadonlyArray<Protocol.Usage> => {
  // A signed request whose key is refused counts against the address.
  const scope = auth === "signed" && headers["x-ratelimit-limit"] !== "30" ? "key" : "ip"
  return [
    ...used(scope, headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]),
    ...used("order", headers["x-ratelimit-remaining-1s"])
  ]
}

const used = (scope: keyof typeof capacity, remaining?: string, reset?: string): ReadonlyArray<Protocol.Usage> => {
  const seconds = Protocol.count(reset, 10)
  return Protocol.used(scope, capacity[scope], Protocol.count(remaining, 9), seconds && seconds * 1000)
}

// BitMEX did not announce what became of the testnet, but its exchange is gone.
const closed: Protocol.Host = {
  _tag: "Closed",
  since: "2026-09-23",
  detail: "BitMEX closed permanently on 2026-09-23; use the base URL of a simulator or an archive, or another exchange"
}

/**
 * The protocol of BitMEX: its closed hosts, rate limits, signing and errors.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "bitmex",
  hosts: { live: closed, testnet: closed },
  testHosts: ["testnet.bitmex.com"],
  limits,
  sign,
  errors,
  learn: ({ auth, headers }) => ({ usage: usage(headers, auth) }),
  serverTime,
  tolerance: `${expiresAfter} seconds`
})
