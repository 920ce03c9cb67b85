/**
 * Keys with a shared secret, and what is signed with it.
 *
 * @internal
 */
import * as Redacted from "effect/Redacted"
import { type BinaryToTextEncoding, createHmac } from "node:crypto"
import type { World } from "../Dialect.js"
import type { ApiKey, Permission } from "../engine/Account.js"

/** @internal HMAC-SHA256 of a text, or of one and the bytes behind it. */
export const hmac = (
  secret: Redacted.Redacted,
  signed: string,
  encoding: BinaryToTextEncoding = "hex",
  body: Uint8Array = new Uint8Array()
): string => createHmac("sha256", Redacted.value(secret)).update(signed).update(body).digest(encoding)

/** @internal The key of that id, whether it works or not. */
export const named = ({ keys }: World, id: string | undefined): ApiKey | undefined =>
  keys.find((key) => Redacted.value(key.id) === id)

/** @internal The secret of a key that works. */
export const secretOf = ({ enabled, verifier }: ApiKey): Redacted.Redacted | undefined =>
  enabled !== false && verifier._tag === "Hmac" ? verifier.secret : undefined

/** @internal The key of that id, if it works and its secret is the right one. */
export const find = (
  { keys }: World,
  id: string | undefined,
  isRight: (secret: Redacted.Redacted) => boolean
): ApiKey | undefined =>
  keys.find((key) => {
    const secret = secretOf(key)
    return Redacted.value(key.id) === id && secret !== undefined && isRight(secret)
  })

/** @internal A token that says of itself what it is for and until when, signed so that nothing has to be remembered. */
export const tokenOf = (key: ApiKey, purpose: string, until: number): string | undefined => {
  const secret = secretOf(key)
  const claims = `${until}.${Buffer.from(purpose).toString("base64url")}`
  return secret && `${claims}.${hmac(secret, claims)}`
}

/** @internal Whose token it is, what for and until when; `undefined` when it is nobody's. */
export const readToken = ({ keys }: World, token: string) => {
  const [until = "", claims = ""] = token.split(".")
  const purpose = Buffer.from(claims, "base64url").toString()
  const key = keys.find((one) => tokenOf(one, purpose, Number(until)) === token)
  return key && { key, purpose, until: Number(until) }
}

/** @internal Whether there is a key and it has a permission. */
export const may = (key: ApiKey | undefined, permission: Permission): boolean =>
  key?.permissions.includes(permission) === true
