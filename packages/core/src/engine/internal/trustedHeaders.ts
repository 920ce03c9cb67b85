import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as ClockSkew from "../ClockSkew.js"
import type { Headers } from "../Protocol.js"
import * as HttpDate from "./httpDate.js"

/**
 * Reads the `Date` header, and removes it from the headers if it is not credible: it is malformed, it is more than a
 * day from `now`, or the response was stored and is older than it looks (`Age`, RFC 9111 §5.1).
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
 * Returns `true` if the response came from a cache, so that its times are too early.
 *
 * @internal
 */
export const isStored = (headers: Headers): boolean => headers["age"] !== undefined && headers["age"].trim() !== "0"

/**
 * Converts a `Retry-After` header to seconds, and removes an invalid one. `now` is epoch milliseconds by the exchange's
 * clock.
 *
 * @internal
 */
export const retryAfter = (headers: Headers, now: number): Headers => {
  if (headers["retry-after"] === undefined) return headers
  const delay = RetryAfter.parse(headers["retry-after"], now)
  return { ...headers, "retry-after": delay === undefined ? undefined : (Duration.toMillis(delay) / 1000).toFixed(3) }
}
