import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { KeyObject } from "node:crypto"
import { createPrivateKey, createPublicKey, verify } from "node:crypto"
import type { SimulatedRequest } from "../../Dialect.js"
import { pathOf } from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import { uuid } from "../../internal/ids.js"
import { isInput } from "../../internal/inputs.js"
import * as Json from "../../internal/json.js"

/** @internal Why a token is refused: it is invalid, or its validity period is over or has not begun. */
export type TokenRefusal = "Unauthorized" | "Expired"

const longestLife = 120
// Seconds. Tokens of clocks that differ by more than about a minute are refused.
const tolerance = 60

/**
 * Returns `true` if the signature of a token matches the key: Ed25519 for `EdDSA`, ECDSA P-256 with SHA-256 as raw
 * `r‖s` for `ES256`.
 *
 * @internal
 */
export const verifyToken = (publicKey: KeyObject, algorithm: unknown, input: string, signature: string): boolean => {
  const bytes = Buffer.from(signature, "base64url")
  switch (publicKey.asymmetricKeyType) {
    case "ed25519":
      return algorithm === "EdDSA" && verify(null, Buffer.from(input), publicKey, bytes)
    case "ec":
      return algorithm === "ES256" &&
        verify("sha256", Buffer.from(input), { key: publicKey, dsaEncoding: "ieee-p1363" }, bytes)
    default:
      return false
  }
}

/** @internal Reads a public key from base64 SPKI. */
export const publicKeyOf = (spki: string): KeyObject =>
  createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" })

// Parsing a key takes longer than verifying a signature with it.
const publicKeys = new WeakMap<Account.Verifier, KeyObject>()

const isSignedBy = (
  verifier: Account.Verifier,
  ...signed: readonly [algorithm: unknown, input: string, signature: string]
): boolean => {
  if (verifier._tag !== "PublicKey") return false
  const publicKey = publicKeys.get(verifier) ?? publicKeyOf(verifier.publicKey)
  publicKeys.set(verifier, publicKey)
  return verifyToken(publicKey, ...signed)
}

const claimsOf = (part: string): Readonly<Record<string, unknown>> | undefined => {
  const claims = Json.parse(Buffer.from(part, "base64url").toString("utf8"))
  return isInput(claims) ? claims : undefined
}

const refuse = (refusal: TokenRefusal): Either.Either<never, TokenRefusal> => Either.left(refusal)

/** Returns the key that signed a token and the claims of the token, which must be valid now. */
const opened = (
  token: string,
  keys: ReadonlyArray<Account.ApiKey>,
  now: number
): Either.Either<readonly [key: Account.ApiKey, claims: Readonly<Record<string, unknown>>], TokenRefusal> => {
  const [, first = "", second = "", signature = ""] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token) ?? []
  const header = claimsOf(first)
  const claims = claimsOf(second)
  const key = keys.find(({ id }) => Redacted.value(id) === header?.["kid"])
  if (header === undefined || claims === undefined || key === undefined || key.enabled === false) {
    return refuse("Unauthorized")
  }
  if (!isSignedBy(key.verifier, header["alg"], `${first}.${second}`, signature)) return refuse("Unauthorized")
  const { exp, iss, nbf, sub } = claims
  const { nonce, typ } = header
  if (typ !== "JWT" || typeof nonce !== "string" || nonce === "") return refuse("Unauthorized")
  if (iss !== "cdp" || sub !== header["kid"]) return refuse("Unauthorized")
  if (typeof nbf !== "number" || typeof exp !== "number" || exp - nbf > longestLife) return refuse("Unauthorized")
  const seconds = now / 1000
  return nbf > seconds + tolerance || exp <= seconds ? refuse("Expired") : Either.right([key, claims])
}

/**
 * @internal Returns the key that signed the token of a request. The token must name the method, the host and the path
 * of the request.
 */
export const authenticate = (
  request: SimulatedRequest,
  keys: ReadonlyArray<Account.ApiKey>,
  now: number
): Either.Either<Account.ApiKey, TokenRefusal> => {
  const [, token = ""] = /^Bearer (.+)$/.exec(request.headers["authorization"] ?? "") ?? []
  const target = `${request.method} ${request.headers["host"] ?? ""}${pathOf(request.target)}`
  return Either.flatMap(opened(token, keys, now), ([key, { uri, uris }]) => {
    // Some clients name a single target in a list, and keep the scheme of a host without TLS.
    const named = uri ?? (Array.isArray(uris) && uris.length === 1 ? uris[0] : undefined)
    return typeof named === "string" && named.replace(" http://", " ") === target
      ? Either.right(key)
      : refuse("Unauthorized")
  })
}

/** @internal Returns the key that signed the token of a message. The token must not name a target. */
export const authenticateMessage = (
  token: unknown,
  keys: ReadonlyArray<Account.ApiKey>,
  now: number
): Either.Either<Account.ApiKey, TokenRefusal> =>
  Either.flatMap(
    opened(typeof token === "string" ? token : "", keys, now),
    ([key, { uri }]) => uri === undefined ? Either.right(key) : refuse("Unauthorized")
  )

// The PKCS #8 prefix of the seed of an Ed25519 key.
const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex")

/**
 * @internal Creates a demo key. Its secret is base64 of the Ed25519 seed and the public key, as the portal shows it.
 */
export const demoKey = (permission: Account.Permission): Account.DemoKey => {
  const id = Redacted.make(
    `organizations/${uuid("coinbase/organization")}/apiKeys/${uuid(`coinbase/${permission}/key`)}`
  )
  const seed = Buffer.from(Account.deriveBytes(`coinbase/${permission}/secret`, 32))
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: "der", type: "pkcs8" })
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" })
  return {
    credentials: { key: id, secret: Redacted.make(Buffer.concat([seed, spki.subarray(-32)]).toString("base64")) },
    key: {
      id,
      verifier: { _tag: "PublicKey", publicKey: spki.toString("base64") },
      permissions: Account.granted(permission)
    }
  }
}
