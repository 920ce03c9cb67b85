/**
 * Kraken Spot, as the request engine needs to know it.
 *
 * @since 0.1.0
 */
import type { Credentials } from "@effect-exchange/core"
import { type Endpoint, type Protocol, Signature } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { time } from "./Endpoints.js"
import { classify } from "./Errors.js"

/**
 * The request with a nonce as the first field of its body, and the key and signature in headers: the HMAC-SHA512, under
 * the bytes that the secret is the base64 of, of the path followed by the SHA-256 of nonce and body as they are sent
 * (docs.kraken.com, "Spot REST authentication").
 *
 * @since 0.1.0
 * @category signing
 */
export const sign = (
  request: Endpoint.Prepared,
  { key, secret }: Credentials.Credentials,
  { nonce }: Pick<Protocol.Moment, "nonce">
): Either.Either<Protocol.Signed, string> => {
  if (Either.isLeft(Encoding.decodeBase64(Redacted.value(secret)))) {
    return Either.left("the secret is not base64; copy all of it from where the key was made")
  }
  const body = withNonce(request, nonce)
  const signature = Signature.hmacSha512Base64(secret, request.path, Signature.sha256(`${nonce}${body}`))
  return Either.right({
    ...request,
    body,
    headers: { ...request.headers, "api-key": Redacted.value(key), "api-sign": signature },
    signature
  })
}

const withNonce = ({ body, headers }: Endpoint.Prepared, nonce: bigint): string => {
  if (headers["content-type"] === "application/json") {
    return body === "{}" ? `{"nonce":${nonce}}` : `{"nonce":${nonce},${body.slice(1)}`
  }
  return body === "" ? `nonce=${nonce}` : `nonce=${nonce}&${body}`
}

/**
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol.Protocol = {
  exchange: "kraken",
  live: { _tag: "Open", baseUrl: "https://api.kraken.com" },
  testnet: {
    _tag: "None",
    alternative: "use the simulator, or another exchange's testnet"
  },
  // The exchange's counters fall all the time: that of a key takes 20 and falls by 0.5 a second, in the tier
  // "Intermediate", and that of a pair takes 125 and falls by 2.34; here all pairs share one. Some of each is
  // left, as requests do not arrive as evenly as they leave and other programs may use the key. A cancel counts in neither.
  limits: [
    { scope: "public", limit: 1, window: "1 second" },
    { scope: "key", burst: 18, perSecond: 0.5, per: "key" },
    { scope: "trading", burst: 120, perSecond: 2.3, per: "key" }
  ],
  sign,
  nonces: "ordered",
  classify,
  // No header says what has been used.
  usage: () => [],
  serverTime: time,
  serverTimeStep: 1000
}
