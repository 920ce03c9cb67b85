/**
 * The protocol of OKX v5 for the request engine.
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
 * How long after signing a new order or an amendment may still reach the matching engine, in milliseconds. OKX refuses
 * it after that, so an order that does not exist by then never will.
 *
 * @since 0.1.0
 * @category constants
 */
export const orderLifetime = 5000

/** @internal */
export const noPassphrase = "OKX keys require a passphrase, but the credentials have none"

/**
 * Signs a request: adds the key, the passphrase, a timestamp and the signature as headers. The signature is the base64
 * HMAC-SHA256 of timestamp, method, path with query, and body, as they are sent. Requests with the scheme `expiring`
 * (new orders and amendments) also have the time from which on OKX refuses them. Returns a `Left` if there is no
 * passphrase.
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
 * The protocol of OKX: its global host and regions, rate limits, signing and errors. Demo trading differs from live
 * trading only by a header, on every host. OKX does not report the usage of a limit.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "okx",
  hosts: { live: Protocol.open(host), testnet: Protocol.open(host, demo) },
  // A key belongs to the site that created it. Other sites report that it does not exist.
  regions: {
    eea: { baseUrl: eea },
    "eea-demo": { baseUrl: eea, headers: demo, isTest: true },
    us: { baseUrl: us },
    "us-demo": { baseUrl: us, headers: demo, isTest: true }
  },
  limits,
  passphrase: true,
  sign,
  errors,
  serverTime,
  tolerance: "30 seconds"
})
