/**
 * The protocol of Coinbase Advanced Trade for the request engine.
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
 * How long a token is valid, in seconds. This is the longest time that Coinbase accepts.
 *
 * @since 0.1.0
 * @category constants
 */
export const lifetime = 120

/**
 * Creates the token of one request or one message: a JWT signed with `EdDSA` (Ed25519) or `ES256` (P-256), according to
 * the key. `uri` is the method, the host and the path, without scheme and query, and is left out for a socket. `now` is
 * in seconds.
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
 * Signs a request: adds a new token as its bearer token. The token covers neither the query nor the body. Returns a
 * `Left` if the secret holds no private key.
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
 * Creates the token of a request or, by default, of a channel of the account. Returns a `Left` if the secret holds no
 * private key.
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
    // Other processes may use the key at the same instant, so the nonce also depends on the request.
    const nonce = Signature.hex(Signature.sha256(`${number} ${asked}`)).slice(0, 32)
    return token(key, { kid: Redacted.value(credentials.key), nonce, now: Math.floor(millis / 1000), uri }, crypto)
  })

/**
 * Reads from the response headers how much of the limit per second is used. The headers are not always present.
 *
 * **Gotchas**
 *
 * The headers report the reset time in whole seconds. This is too coarse for a window of one second and is not used:
 * recent requests of this client would count a second time, as if others had sent them.
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
 * The protocol of Coinbase: its host, rate limits, signing and errors.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "coinbase",
  // The sandbox sends canned responses to a few requests, whatever their parameters are.
  hosts: { live: Protocol.open("https://api.coinbase.com") },
  testHosts: ["api-sandbox.coinbase.com"],
  limits,
  sign,
  errors,
  learn: ({ auth, headers }) => ({ usage: usage(headers, auth) }),
  serverTime,
  // A token is also refused if the clock that dated it is off.
  tolerance: "30 seconds"
})
