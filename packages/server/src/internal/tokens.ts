import * as Redacted from "effect/Redacted"

const utf8 = new TextEncoder()

/**
 * Returns `true` if the header contains one of the tokens, or if no tokens are set. Every token is compared in full, so
 * that the time of the comparison reveals nothing.
 *
 * @internal
 */
export const admits = (tokens: ReadonlyArray<Redacted.Redacted>, authorization: string | undefined): boolean => {
  if (tokens.length === 0) return true
  const [, given = ""] = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? "") ?? []
  let isFound = false
  for (const token of tokens) {
    const isSame = equal(utf8.encode(Redacted.value(token)), utf8.encode(given))
    isFound = isFound || isSame
  }
  return isFound
}

/** @internal */
export const current = (
  tokens: ReadonlyArray<Redacted.Redacted> | (() => ReadonlyArray<Redacted.Redacted>) = []
): () => ReadonlyArray<Redacted.Redacted> => typeof tokens === "function" ? tokens : () => tokens

const equal = (one: Uint8Array, other: Uint8Array): boolean => {
  let difference = one.length ^ other.length
  for (let index = 0; index < one.length; index++) difference |= (one[index] ?? 0) ^ (other[index] ?? 0)
  return difference === 0 && one.length > 0
}
