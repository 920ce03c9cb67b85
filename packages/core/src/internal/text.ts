import type * as Redacted from "effect/Redacted"
import { value } from "effect/Redacted"
import { percentEncode } from "../Endpoint.js"

/**
 * A function that makes foreign text fit for an error: secrets out, control characters out (they could forge log
 * lines), at most 200 characters. A secret is found in either case and with any of its characters percent-encoded or
 * escaped as JSON allows: the raw text of an answer may hold it so.
 *
 * @internal
 */
export const cleaner = (
  secrets: ReadonlyArray<string | Redacted.Redacted<string>>
): (text: string) => string => {
  const forbidden = secrets
    .map((secret) => typeof secret === "string" ? secret : value(secret))
    .filter((secret) => secret !== "")
  return (text) => {
    // Cut generously before the search, so that a 10 MB body costs nothing, and finally after it.
    const head = text.slice(0, 4096)
    let cleaned = forbidden.reduce((text, secret) => text.replace(inAnyForm(secret), "<redacted>"), head)
    if (head.length < text.length) {
      // The first cut may have gone through a secret, which is then no longer found.
      const longest = forbidden.reduce((most, secret) => Math.max(most, secret.length * 6), 0)
      cleaned = cleaned.slice(0, Math.max(0, cleaned.length - longest))
    }
    cleaned = cleaned.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim()
    return cleaned.length > 200 ? `${cleaned.slice(0, 199)}…` : cleaned
  }
}

const inAnyForm = (secret: string): RegExp =>
  new RegExp(
    Array.from(secret, (character) => {
      if (/[A-Za-z0-9]/.test(character)) return character
      const escaped = character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&")
      const encoded = percentEncode(character).replaceAll(".", "\\.").replaceAll("%", "%(?:25)*")
      const hex = character.charCodeAt(0).toString(16).padStart(4, "0")
      return `(?:\\\\?${escaped}|${encoded}|\\\\u${hex})`
    }).join(""),
    "gi"
  )
