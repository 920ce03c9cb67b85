/**
 * The `Retry-After` header.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { Headers } from "./Protocol.js"

/**
 * How long the header asks to wait: seconds, or until an HTTP date (RFC 9110 §10.2.3); `undefined` without a header that
 * says so. `now` is epoch milliseconds.
 *
 * @since 0.1.0
 * @category parsing
 */
export const retryAfter = (headers: Headers, now: number): Duration.Duration | undefined => {
  const header = headers["retry-after"]
  if (header === undefined) return undefined
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(header)) return Duration.seconds(Number(header))
  // `Date.parse` makes dates of much that is none: "-5" is a day in May 2001.
  const instant = /^[A-Z][a-z]{2,8}, .+ GMT$/.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(instant) ? undefined : Duration.millis(Math.max(0, instant - now))
}
