/**
 * The protocol of Binance Spot for the request engine.
 *
 * @since 0.1.0
 */
import type { Credentials } from "@effect-exchange/core"
import { type Crypto, Protocol, Signature } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
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
 * Signs a request: adds a timestamp, the receive window and the signature to the query, and the key to a header
 * (rest-api.md, "SIGNED endpoint security"). The signature covers the query and the body. A secret in PEM signs with
 * Ed25519, any other secret with HMAC-SHA256. RSA keys are not supported.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign: Protocol.Sign = ({ body, headers, method, path, query }, { key, secret }, { crypto, now }) => {
  const parameters = `${query === "" ? "" : `${query}&`}recvWindow=${recvWindow}&timestamp=${now}`
  return Either.flatMap(signatureOf(secret, parameters + body, crypto), (signature) => {
    const signed = `${parameters}&signature=${encodeURIComponent(signature)}`
    return Protocol.signed({ method, path, query: signed, body, headers }, signature, {
      "x-mbx-apikey": Redacted.value(key)
    })
  })
}

/**
 * Signs a subscription to the account's stream. Returns its parameters in alphabetical order, as the socket requires,
 * followed by their signature (web-socket-api.md, "SIGNED request security").
 *
 * @since 0.1.0
 * @category signing
 */
export const signSubscription = (
  { key, secret }: Credentials.Credentials,
  { crypto, now }: Pick<Protocol.Moment, "crypto" | "now">
): Either.Either<string, string> => {
  const payload = `apiKey=${Redacted.value(key)}&timestamp=${now}`
  return Either.map(
    signatureOf(secret, payload, crypto),
    (signature) => `${payload}&signature=${encodeURIComponent(signature)}`
  )
}

const signatureOf = (
  secret: Redacted.Redacted<string>,
  payload: string,
  crypto: Crypto.Primitives | undefined
): Either.Either<string, string> => {
  if (!Signature.isPem(secret)) return Either.right(Signature.hmacSha256Hex(secret, payload, crypto))
  return Either.flatMap(Signature.privateKey(secret), (key) =>
    key.curve === "Ed25519"
      ? Either.right(Signature.base64(Signature.sign(key, payload, crypto)))
      : Either.left(`the secret is a ${key.curve} key; Binance requires Ed25519`))
}

/**
 * Reads the weight and the number of orders used in the exchange's current windows from the response headers.
 *
 * @since 0.1.0
 * @category limits
 */
export const usage = (headers: Protocol.Headers): ReadonlyArray<Protocol.Usage> => {
  const date = Date.parse(headers["date"] ?? "")
  return counters.flatMap(({ header, length, scope }) => {
    const used = Protocol.count(headers[header], 9)
    if (used === undefined) return []
    // The windows are whole minutes, tens of seconds and days of the exchange's clock.
    return Number.isNaN(date) ? { scope, used } : { scope, used, windowEnd: (Math.floor(date / length) + 1) * length }
  })
}

const counters = [
  { scope: "ip", header: "x-mbx-used-weight-1m", length: 60_000 },
  { scope: "sapi", header: "x-sapi-used-ip-weight-1m", length: 60_000 },
  { scope: "orders10s", header: "x-mbx-order-count-10s", length: 10_000 },
  { scope: "orders1d", header: "x-mbx-order-count-1d", length: 86_400_000 }
] satisfies ReadonlyArray<{ readonly scope: keyof typeof limits; readonly header: string; readonly length: number }>

/**
 * The protocol of Binance: its hosts, rate limits, signing and errors.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "binance",
  hosts: { live: Protocol.open("https://api.binance.com"), testnet: Protocol.open("https://testnet.binance.vision") },
  regions: {
    // Demo trading. Its order books are as real as the live ones, and it has API keys of its own.
    demo: { baseUrl: "https://demo-api.binance.com", isTest: true },
    // Binance.US. Its weights and limits are the same since its upgrade of 2026-08-31 (docs.binance.us, "Changelog").
    us: { baseUrl: "https://api.binance.us" }
  },
  testHosts: ["testnet.binance.vision", "api1.testnet.binance.vision", "demo-api.binance.com"],
  limits,
  sign,
  errors,
  learn: ({ headers }) => ({ usage: usage(headers) }),
  serverTime,
  tolerance: recvWindow
})
