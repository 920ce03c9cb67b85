/**
 * Coinbase Advanced Trade, as the request engine needs to know it.
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
 * How long a token is valid, in seconds: the longest that Coinbase takes.
 *
 * @since 0.1.0
 * @category constants
 */
export const lifetime = 120

/**
 * The token of one request or of one message: a JWT signed with `EdDSA` (Ed25519) or `ES256` (P-256), as the key is. `uri` is
 * the method, the host and the path, without scheme and query, and is left out for a socket; `now` is in seconds.
 *
 * @since 0.1.0
 * @category signing
 */
export const token = (
  key: Signature.PrivateKey,
  claims: { readonly kid: string; readonly nonce: string; readonly now: number; readonly uri?: string | undefined },
  crypto?: Crypto.Primitives
): string => {
  const { kid, nonce, now, uri } = claims
  const alg = key.curve === "Ed25519" ? "EdDSA" : "ES256"
  const header = JSON.stringify({ alg, typ: "JWT", kid, nonce })
  const payload = JSON.stringify({ sub: kid, iss: "cdp", nbf: now, exp: now + lifetime, uri })
  const input = `${Signature.base64Url(header)}.${Signature.base64Url(payload)}`
  return `${input}.${Signature.base64Url(Signature.sign(key, input, crypto))}`
}

/**
 * The request with a token of its own as its bearer: neither query nor body are signed. Left for a secret that holds no
 * private key.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign: Protocol.Sign = (request, credentials, moment) => {
  const uri = `${request.method} ${moment.host}${request.path}`
  return Either.flatMap(
    tokenOf(credentials, moment, `${uri}?${request.query} ${request.body}`, uri),
    (bearer) => Protocol.signed(request, bearer, { authorization: `Bearer ${bearer}` })
  )
}

/**
 * The token of what is asked, which is by default a channel of the account. Left for a secret that holds no private key.
 *
 * @since 0.1.0
 * @category signing
 */
export const tokenOf = (
  credentials: Credentials.Credentials,
  { crypto, nonce: number, now: millis }: Protocol.Moment,
  asked: string = "socket",
  uri?: string
): Either.Either<string, string> =>
  Either.map(Signature.privateKey(credentials.secret), (key) => {
    // Other processes may use the key at this very instant: what is asked for goes into the nonce as well.
    const nonce = Signature.hex(Signature.sha256(`${number} ${asked}`)).slice(0, 32)
    return token(key, { kid: Redacted.value(credentials.key), nonce, now: Math.floor(millis / 1000), uri }, crypto)
  })

/**
 * What the exchange says is left of the second's requests. The headers are not always there.
 *
 * **Gotchas**
 *
 * When they are back is said in whole seconds, too coarse for a window of one second, and not used: what we sent just before would
 * count a second time, as if others had sent it.
 *
 * @since 0.1.0
 * @category limits
 */
export const usage = (headers: Protocol.Headers, auth: "none" | "signed"): ReadonlyArray<Protocol.Usage> => {
  const limit = Protocol.count(headers["x-ratelimit-limit"], 6)
  const remaining = Protocol.count(headers["x-ratelimit-remaining"], 6)
  return limit === undefined || remaining === undefined || remaining > limit
    ? []
    : Protocol.used(auth === "signed" ? "user" : "ip", limit, remaining)
}

/**
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "coinbase",
  // Its sandbox gives canned answers to a few requests, whatever is asked.
  hosts: { live: Protocol.open("https://api.coinbase.com") },
  testHosts: ["api-sandbox.coinbase.com"],
  limits,
  sign,
  errors,
  learn: ({ auth, headers }) => ({ usage: usage(headers, auth) }),
  serverTime,
  // A token is refused as well when the clock it was made by is off.
  tolerance: "30 seconds"
})
