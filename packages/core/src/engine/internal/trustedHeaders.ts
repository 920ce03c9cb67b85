import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as ClockSkew from "../ClockSkew.js"
import type { Headers } from "../Protocol.js"
import * as HttpDate from "./httpDate.js"

/**
 * The instant that the `Date` header names, and the headers without it where it cannot be believed: it is none, it is more
 * than a day from `now`, or the answer was stored and is older than it looks (`Age`, RFC 9111 §5.1).
 *
 * @internal
 */
export const date = (
  headers: Headers,
  now: number
): { readonly date: number | undefined; readonly headers: Headers } => {
  const instant = HttpDate.parse(headers["date"])
  return instant === undefined || isStored(headers) || Math.abs(instant - now) > ClockSkew.limit
    ? { date: undefined, headers: { ...headers, date: undefined } }
    : { date: instant, headers }
}

/**
 * Whether an answer was kept on its way, and tells of an earlier time.
 *
 * @internal
 */
export const isStored = (headers: Headers): boolean => headers["age"] !== undefined && headers["age"].trim() !== "0"

/**
 * The headers with a `Retry-After` in seconds, where it was a date; `now` is epoch milliseconds by the exchange's clock.
 *
 * @internal
 */
export const retryAfter = (headers: Headers, now: number): Headers => {
  if (headers["retry-after"] === undefined) return headers
  const delay = RetryAfter.parse(headers["retry-after"], now)
  return { ...headers, "retry-after": delay === undefined ? undefined : (Duration.toMillis(delay) / 1000).toFixed(3) }
}
