/**
 * The value of a JSON text, `undefined` for what is none. A number that JavaScript's cannot hold as it is written, an id or
 * an amount with more than 15 digits, is the text of it.
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

// Times in microseconds, of 16 digits, are below the 9,007,199,254,740,992 up to which every integer is exact.
const beyond = /^9\d{15}$/
const fewest = 16

const isPart = (code: number): boolean => code <= nine && (code >= zero || code === point)

/**
 * A loop that looks at every 16th letter, which no run of as many digits can avoid: an expression that looks for the same takes
 * many times as long, of every answer there is.
 */
const hasManyDigits = (text: string): boolean => {
  for (let at = fewest - 1; at < text.length; at += fewest) {
    if (!isPart(text.charCodeAt(at))) continue
    let start = at
    while (start > 0 && isPart(text.charCodeAt(start - 1))) start--
    // What is quoted stays as it is written, and amounts often have as many digits.
    if (isQuoted(text, start - 1)) continue
    while (at + 1 < text.length && isPart(text.charCodeAt(at + 1))) at++
    if (at + 1 - start > fewest || (at + 1 - start === fewest && beyond.test(text.slice(start, at + 1)))) return true
  }
  return false
}

/** Whether a string begins there, or does with a sign. Nothing but a string may follow a quotation mark at once. */
const isQuoted = (text: string, before: number): boolean =>
  text.charCodeAt(text.charCodeAt(before) === minus ? before - 1 : before) === quote

const tokens = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g

const exact = (token: string): string =>
  token.length < 16 || token.startsWith("\"") || String(Number(token)) === token ? token : `"${token}"`
