/**
 * The protocol of Deribit's API v2 for the request engine.
 *
 * @since 0.1.0
 */
import type { Credentials } from "@effect-exchange/core"
import { Protocol, Signature, Wire } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { getTime, limits } from "./Endpoints.js"
import { errors } from "./Errors.js"

/**
 * Signs a request: adds the signature in the `authorization` header. The signature is the hex HMAC-SHA256 of time,
 * nonce, method, path with query, and body, one per line (docs.deribit.com, "Deribit signature credentials").
 *
 * @since 0.1.0
 * @category signing
 */
export const signHeader: Protocol.Sign = (request, { key, secret }, { crypto, nonce, now }) => {
  const { body, method } = request
  const text = `${now}\n${nonce}\n${method}\n${Protocol.target(request)}\n${body}\n`
  const signature = Signature.hmacSha256Hex(secret, text, crypto)
  const authorization = `deri-hmac-sha256 id=${Redacted.value(key)},ts=${now},nonce=${nonce},sig=${signature}`
  return Protocol.signed(request, signature, { authorization })
}

/**
 * Returns the signed parameters of `public/auth`, which identify the client. The signature is the hex HMAC-SHA256 of
 * time, nonce and empty data, one per line.
 *
 * @since 0.1.0
 * @category signing
 */
export const signedParameters = (
  { key, secret }: Credentials.Credentials,
  { crypto, nonce, now }: Pick<Protocol.Moment, "crypto" | "nonce" | "now">
) => ({
  client_id: Redacted.value(key),
  timestamp: now,
  nonce: String(nonce),
  data: "",
  signature: Signature.hmacSha256Hex(secret, `${now}\n${nonce}\n`, crypto)
})

/**
 * Signs a request to `public/auth`: adds the signed parameters to the query.
 *
 * @since 0.1.0
 * @category signing
 */
export const signParameters: Protocol.Sign = (request, credentials, moment) => {
  const parameters = signedParameters(credentials, moment)
  const query = Object.entries(parameters).map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join("")
  return Either.right({ ...request, query: request.query + query, signature: parameters.signature })
}

const time = Wire.ifAny(Wire.within("usOut", Wire.micros))

/**
 * The protocol of Deribit: its hosts, rate limits, signing and errors. No response header reports the usage of a limit.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "deribit",
  hosts: { live: Protocol.open("https://www.deribit.com"), testnet: Protocol.open("https://test.deribit.com") },
  testHosts: ["test.deribit.com"],
  limits,
  sign: { header: signHeader, parameters: signParameters },
  errors,
  // Every response has the exchange's time, in microseconds.
  learn: ({ json }) => ({ serverTime: time(json) }),
  serverTime: getTime,
  tolerance: "60 seconds"
})
