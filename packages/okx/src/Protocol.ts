/**
 * OKX v5, as the request engine needs to know it.
 *
 * @since 0.1.0
 */
import { Protocol, Signature } from "@effect-exchange/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { limits, serverTime } from "./Endpoints.js"
import { errors } from "./Errors.js"

/**
 * How long after it was signed a new order or a change of one may still reach the matching engine, in milliseconds: what
 * comes later is refused, so that an order which is not there by then never will be.
 *
 * @since 0.1.0
 * @category constants
 */
export const orderLifetime = 5000

/** @internal */
export const noPassphrase = "OKX's keys come with a passphrase, and there is none beside the key and the secret"

/**
 * Signs a request: key, passphrase, timestamp and signature in headers, the last of them the base64 HMAC-SHA256 of
 * timestamp, method, path with query, and body, as they are sent. What is `expiring`, new orders and changes, carries the
 * instant from which on it is refused.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign: Protocol.Sign = (request, { key, passphrase, secret }, { crypto, now, scheme }) => {
  if (passphrase === undefined) {
    return Either.left(noPassphrase)
  }
  const timestamp = DateTime.formatIso(DateTime.unsafeMake(now))
  const target = Protocol.target(request)
  const signature = Signature.hmacSha256Base64(secret, `${timestamp}${request.method}${target}${request.body}`, crypto)
  return Protocol.signed(request, signature, {
    "ok-access-key": Redacted.value(key),
    "ok-access-sign": signature,
    "ok-access-timestamp": timestamp,
    "ok-access-passphrase": Redacted.value(passphrase),
    ...scheme === "expiring" ? { exptime: String(now + orderLifetime) } : {}
  })
}

const demo = { "x-simulated-trading": "1" }
const host = "https://www.okx.com"
const eea = "https://eea.okx.com"
const us = "https://us.okx.com"

/**
 * OKX's global host and those of its regions, its limits, signature and errors. Demo trading differs from the real thing by a
 * header alone, on every one of its hosts. OKX says nothing of what has been used of a limit.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "okx",
  hosts: { live: Protocol.open(host), testnet: Protocol.open(host, demo) },
  // A key belongs to the site it was made on: on another it is said not to exist.
  regions: {
    eea: { baseUrl: eea },
    "eea-demo": { baseUrl: eea, headers: demo, isTest: true },
    us: { baseUrl: us },
    "us-demo": { baseUrl: us, headers: demo, isTest: true }
  },
  testHosts: [],
  limits,
  passphrase: true,
  sign,
  errors,
  serverTime,
  tolerance: "30 seconds"
})
