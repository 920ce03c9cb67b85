// The form of today and the one of RFC 850, which recipients have to read as well.
const forms = /^[A-Z][a-z]{2,8}, \d{2}(?: [A-Z][a-z]{2} \d{4}|-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} GMT$/

/**
 * The instant of an HTTP date (RFC 9110 §5.6.7) in epoch milliseconds; `undefined` for all that is none, of which
 * `Date.parse` makes dates as well: "-5" is a day in May 2001.
 *
 * @internal
 */
export const parse = (header: string | undefined): number | undefined => {
  if (header === undefined || !forms.test(header)) return undefined
  const instant = Date.parse(header)
  return Number.isNaN(instant) ? undefined : instant
}
