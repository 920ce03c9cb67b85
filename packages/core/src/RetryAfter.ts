/**
 * The `Retry-After` header.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as HttpDate from "./internal/httpDate.js"
import type { Headers } from "./Protocol.js"

/**
 * How long the header asks to wait: seconds, or until an HTTP date (RFC 9110 §10.2.3); `undefined` without a header that
 * says so. `now` is epoch milliseconds by the clock that the date was made with: the exchange's.
 *
 * @since 0.1.0
 * @category parsing
 */
export const retryAfter = (headers: Headers, now: number): Duration.Duration | undefined => {
  const header = headers["retry-after"]
  if (header === undefined) return undefined
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(header)) return Duration.seconds(Number(header))
  const instant = HttpDate.parse(header)
  return instant === undefined ? undefined : Duration.millis(Math.max(0, instant - now))
}
