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

const [point, zero, nine] = [46, 48, 57]

// Times in microseconds, of 16 digits, are below the 9,007,199,254,740,992 up to which every integer is exact.
const beyond = /^9\d{15}$/

/** A plain loop: an expression that looks for the same takes five times as long, of every answer there is. */
const hasManyDigits = (text: string): boolean => {
  let run = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > nine || code < point || (code < zero && code !== point)) run = 0
    else if (++run === 17 || (run === 16 && beyond.test(text.slice(at - 15, at + 1)))) return true
  }
  return false
}

const tokens = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g

const exact = (token: string): string =>
  token.length < 16 || token.startsWith("\"") || String(Number(token)) === token ? token : `"${token}"`
