/**
 * The protocol of Kraken Spot for the request engine.
 *
 * @since 0.1.0
 */
import { type Endpoint, Protocol, Signature } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { limits, time } from "./Endpoints.js"
import { errors } from "./Errors.js"

/**
 * Signs a request: adds a nonce as the first field of the body, and the key and the signature as headers. The signature
 * is an HMAC-SHA512 with the base64-decoded secret as its key. It covers the path followed by the SHA-256 of nonce and
 * body, as they are sent (docs.kraken.com, "Spot REST authentication"). Returns a `Left` if the secret is not base64.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign: Protocol.Sign = (request, { key, secret }, { crypto, nonce }) => {
  if (Either.isLeft(Encoding.decodeBase64(Redacted.value(secret)))) {
    return Either.left("the secret is not valid base64; copy the complete secret from the exchange")
  }
  const body = withNonce(request, nonce)
  const signature = Signature.hmacSha512Base64(secret, request.path, Signature.sha256(`${nonce}${body}`), crypto)
  const { headers, method, path, query } = request
  return Protocol.signed({ method, path, query, body, headers }, signature, {
    "api-key": Redacted.value(key),
    "api-sign": signature
  })
}

const withNonce = ({ body, headers }: Endpoint.Prepared, nonce: bigint): string => {
  if (headers["content-type"] === "application/json") {
    return body === "{}" ? `{"nonce":${nonce}}` : `{"nonce":${nonce},${body.slice(1)}`
  }
  return body === "" ? `nonce=${nonce}` : `nonce=${nonce}&${body}`
}

/**
 * The protocol of Kraken: its only host, rate limits, signing and errors. No response header reports the usage of a
 * limit.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "kraken",
  hosts: { live: Protocol.open("https://api.kraken.com") },
  limits,
  sign,
  nonces: "ordered",
  errors,
  serverTime: time,
  serverTimeStep: 1000
})
