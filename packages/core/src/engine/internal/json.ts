/**
 * The value of a JSON text, `undefined` for what is none. A number that JavaScript's cannot hold as it is written, an id or
 * an amount with more than 15 digits, is the text of it.
 *
 * @internal
 */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(manyDigits.test(text) ? text.replace(tokens, exact) : text)
  } catch {
    return undefined
  }
}

// Times in microseconds, of 16 digits, are below the 9,007,199,254,740,992 up to which every integer is exact.
const manyDigits = /9\d{15}|[\d.]{17}/
const tokens = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g

const exact = (token: string): string =>
  token.length < 16 || token.startsWith("\"") || String(Number(token)) === token ? token : `"${token}"`
