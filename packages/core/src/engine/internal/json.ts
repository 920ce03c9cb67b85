/**
 * Parses JSON. Returns `undefined` for any other text. A number whose text a JavaScript number does not preserve, such
 * as an id or an amount with more than 15 digits, becomes a string of that text.
 *
 * @internal
 */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(hasManyDigits(text) ? text.replace(tokens, exact) : text)
  } catch {
    return undefined
  }
}

const [quote, minus, point, zero, nine] = [34, 45, 46, 48, 57]

// Integers are exact up to 9,007,199,254,740,992. Of 16 digits, only those that begin with 9 can be larger; times in
// microseconds are not.
const beyond = /^9\d{15}$/
const fewest = 16

const isPart = (code: number): boolean => code <= nine && (code >= zero || code === point)

/**
 * Checks every 16th character, because a run of 16 digits must include one of them. A regular expression for the same
 * takes several times as long, for every response.
 */
const hasManyDigits = (text: string): boolean => {
  for (let at = fewest - 1; at < text.length; at += fewest) {
    if (!isPart(text.charCodeAt(at))) continue
    let start = at
    while (start > 0 && isPart(text.charCodeAt(start - 1))) start--
    // Strings are not changed, and amounts in strings often have as many digits.
    if (isQuoted(text, start - 1)) continue
    while (at + 1 < text.length && isPart(text.charCodeAt(at + 1))) at++
    if (at + 1 - start > fewest || (at + 1 - start === fewest && beyond.test(text.slice(start, at + 1)))) return true
  }
  return false
}

/**
 * Returns `true` if a string starts just before the number or its sign. In JSON, only the content of a string can
 * directly follow a quotation mark.
 */
const isQuoted = (text: string, before: number): boolean =>
  text.charCodeAt(text.charCodeAt(before) === minus ? before - 1 : before) === quote

const tokens = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g

const exact = (token: string): string =>
  token.length < 16 || token.startsWith("\"") || String(Number(token)) === token ? token : `"${token}"`
