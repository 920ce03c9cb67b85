import type * as Redacted from "effect/Redacted"
import { value } from "effect/Redacted"

/**
 * A function that makes foreign text fit for an error: secrets out, control characters out (they could forge log
 * lines), at most 200 characters.
 *
 * @internal
 */
export const cleaner = (
  secrets: ReadonlyArray<string | Redacted.Redacted<string>>
): (text: string) => string => {
  const forbidden = secrets
    .map((secret) => typeof secret === "string" ? secret : value(secret))
    .filter((secret) => secret !== "")
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
  return (text) => {
    // Cut generously before the search, so that a 10 MB body costs nothing, and finally after it.
    let cleaned = text.slice(0, 4096)
    for (const secret of forbidden) cleaned = cleaned.replaceAll(secret, "<redacted>")
    cleaned = cleaned.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim()
    return cleaned.length > 200 ? `${cleaned.slice(0, 199)}…` : cleaned
  }
}
