/**
 * The `Retry-After` header, by which a server says how long it wants to be left alone.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * How long the value of the header asks to wait: seconds, or until an HTTP date (RFC 9110 §10.2.3); zero for a date that has
 * passed, `undefined` without a header, or for one that says neither.
 *
 * `now` is the time by the clock of the server, in milliseconds since the epoch: its dates mean nothing by another one.
 *
 * **Gotchas**
 *
 * Servers ask for days and years, too, by mistake or malice. What is done with the answer needs a ceiling.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (header: string | undefined, now: number): Duration.Duration | undefined => {
  if (header === undefined) return undefined
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(header)) return Duration.seconds(Number(header))
  // `Date.parse` makes dates of much that is none: "-5" is a day in May 2001.
  const wait = /^[A-Z][a-z]{2,8}, .{1,40} GMT$/.test(header) ? Date.parse(header) - now : Number.NaN
  return Number.isNaN(wait) ? undefined : Duration.millis(Math.max(0, wait))
}
