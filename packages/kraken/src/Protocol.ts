/**
 * Kraken Spot, as the request engine needs to know it.
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
 * Signs a request: a nonce as the first field of its body, and the key and signature in headers. The signature is the
 * HMAC-SHA512, under the bytes that the secret is the base64 of, of the path followed by the SHA-256 of nonce and body as
 * they are sent (docs.kraken.com, "Spot REST authentication").
 *
 * @since 0.1.0
 * @category signing
 */
export const sign: Protocol.Sign = (request, { key, secret }, { crypto, nonce }) => {
  if (Either.isLeft(Encoding.decodeBase64(Redacted.value(secret)))) {
    return Either.left("the secret is not base64; copy all of it from where the key was made")
  }
  const body = withNonce(request, nonce)
  const signature = Signature.hmacSha512Base64(secret, request.path, Signature.sha256(`${nonce}${body}`), crypto)
  return Protocol.signed({ ...request, body }, signature, { "api-key": Redacted.value(key), "api-sign": signature })
}

const withNonce = ({ body, headers }: Endpoint.Prepared, nonce: bigint): string => {
  if (headers["content-type"] === "application/json") {
    return body === "{}" ? `{"nonce":${nonce}}` : `{"nonce":${nonce},${body.slice(1)}`
  }
  return body === "" ? `nonce=${nonce}` : `nonce=${nonce}&${body}`
}

/**
 * Kraken's one host, its limits, signature and errors. No header says what has been used of a limit.
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
