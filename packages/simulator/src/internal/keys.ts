/**
 * API keys with a shared secret, and signatures with that secret.
 *
 * @internal
 */
import * as Redacted from "effect/Redacted"
import { type BinaryToTextEncoding, createHmac } from "node:crypto"
import type { World } from "../Dialect.js"
import type { ApiKey, Permission } from "../engine/Account.js"

/** @internal Creates the function that returns the HMAC of a text, or of a text followed by bytes, with a hash. */
export const hmacWith = (hash: "sha256" | "sha384" | "sha512") =>
(
  secret: Redacted.Redacted,
  signed: string,
  encoding: BinaryToTextEncoding = "hex",
  body: Uint8Array = new Uint8Array()
): string => createHmac(hash, Redacted.value(secret)).update(signed).update(body).digest(encoding)

/** @internal Returns the HMAC-SHA256 of a text, or of a text followed by bytes. */
export const hmac = hmacWith("sha256")

/** @internal Finds the key with an id, even if the key is disabled. */
export const named = ({ keys }: World, id: string | undefined): ApiKey | undefined =>
  keys.find((key) => Redacted.value(key.id) === id)

/** @internal Returns the secret of a key, or `undefined` if the key is disabled or has no shared secret. */
export const secretOf = ({ enabled, verifier }: ApiKey): Redacted.Redacted | undefined =>
  enabled !== false && verifier._tag === "Hmac" ? verifier.secret : undefined

/** @internal Finds the key with an id, if it is enabled and `isRight` accepts its secret. */
export const find = (
  { keys }: World,
  id: string | undefined,
  isRight: (secret: Redacted.Redacted) => boolean
): ApiKey | undefined =>
  keys.find((key) => {
    const secret = secretOf(key)
    return Redacted.value(key.id) === id && secret !== undefined && isRight(secret)
  })

/**
 * Creates a token that contains its purpose and its expiry. The secret of the key signs it, so tokens need not be
 * stored. Returns `undefined` if the key is disabled or has no shared secret.
 *
 * @internal
 */
export const tokenOf = (key: ApiKey, purpose: string, until: number): string | undefined => {
  const secret = secretOf(key)
  const claims = `${until}.${Buffer.from(purpose).toString("base64url")}`
  return secret && `${claims}.${hmac(secret, claims)}`
}

/** @internal Returns the key, purpose and expiry of a token, or `undefined` if no key has signed it. */
export const readToken = ({ keys }: World, token: string) => {
  const [until = "", claims = ""] = token.split(".")
  const purpose = Buffer.from(claims, "base64url").toString()
  const key = keys.find((one) => tokenOf(one, purpose, Number(until)) === token)
  return key && { key, purpose, until: Number(until) }
}

/** @internal Returns `true` if there is a key and it has the permission. */
export const may = (key: ApiKey | undefined, permission: Permission): boolean =>
  key?.permissions.includes(permission) === true
