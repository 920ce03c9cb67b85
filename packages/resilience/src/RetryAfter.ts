/**
 * The `Retry-After` header, with which a server requests a pause.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * Parses the header into the requested wait: seconds, or the time until an HTTP date (RFC 9110 §10.2.3). Returns zero
 * for a date in the past, and `undefined` without a header or for any other value.
 *
 * `now` is the time on the clock of the server, in milliseconds since the epoch, because the dates refer to that clock.
 *
 * **Gotchas**
 *
 * Servers request days or even years, by mistake or malice. Limit the result before you use it.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (header: string | undefined, now: number): Duration.Duration | undefined => {
  if (header === undefined) return undefined
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(header)) return Duration.seconds(Number(header))
  // `Date.parse` accepts many strings that are not dates: it reads "-5" as a day in May 2001.
  const wait = dates.test(header) ? Date.parse(header) - now : Number.NaN
  return Number.isNaN(wait) ? undefined : Duration.millis(Math.max(0, wait))
}

// The current format, and that of RFC 850, which recipients must accept as well.
const dates = /^[A-Z][a-z]{2,8}, \d{2}(?: [A-Z][a-z]{2} \d{4}|-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} GMT$/
