// The current format, and that of RFC 850, which recipients must accept as well.
const forms = /^[A-Z][a-z]{2,8}, \d{2}(?: [A-Z][a-z]{2} \d{4}|-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} GMT$/

/**
 * Parses an HTTP date (RFC 9110 §5.6.7) to epoch milliseconds. Returns `undefined` for any other text; `Date.parse`
 * alone would make dates of it: "-5" is a day in May 2001.
 *
 * @internal
 */
export const parse = (header: string | undefined): number | undefined => {
  if (header === undefined || !forms.test(header)) return undefined
  const instant = Date.parse(header)
  return Number.isNaN(instant) ? undefined : instant
}
