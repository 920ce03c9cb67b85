import * as Predicate from "effect/Predicate"
import { invisible } from "../../model/internal/text.js"
import * as Credentials from "../../ports/Credentials.js"
import { percentEncode } from "./preparing.js"

/**
 * Removes the secrets of a request from its response, wherever and however the exchange repeats them.
 *
 * @internal
 */
export interface Redaction {
  readonly text: (text: string) => string
  /**
   * Redacts every string and key of `json`, which was parsed from `text`. Returns the same value if there is nothing to
   * redact, and `undefined` if the value is nested too deeply to check.
   */
  readonly json: (json: unknown, text: string) => unknown
}

/**
 * The redaction for a request without secrets.
 *
 * @internal
 */
export const none: Redaction = { text: (text) => text, json: (json) => json }

/**
 * Finds secrets in upper or lower case, percent-encoded or with JSON escapes (both also repeatedly), and with invisible
 * characters in between. Of a PEM private key, the text between the first and the last line is found as well; of a
 * token, each of its parts. Secrets shorter than six characters are ignored, because they match too much that is not
 * secret.
 *
 * @internal
 */
export const make = (secrets: ReadonlyArray<string>): Redaction => {
  const needles = [...new Set(secrets.flatMap(parts).flatMap(needlesOf))].filter(({ length }) => length >= 6)
  const text = (text: string): string => redact(needles, text)
  return {
    text,
    json: (json, whole) => {
      // Escapes may hide a secret that appears only in the parsed JSON.
      if (json === undefined || (!whole.includes("\\") && text(whole) === whole)) return json
      try {
        return walk(text, json)
      } catch {
        // Nested too deeply for recursion.
        return undefined
      }
    }
  }
}

const walk = (text: (text: string) => string, json: unknown): unknown => {
  if (typeof json === "string") return text(json)
  if (Array.isArray(json)) return json.map((each) => walk(text, each))
  if (!Predicate.isObject(json)) return json
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [text(name), walk(text, value)]))
}

const parts = (secret: string): ReadonlyArray<string> => {
  const pem = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(secret)?.[1]
  const token = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(secret) ? secret.split(".").filter(({ length }) => length >= 16) : []
  return [secret, ...pem === undefined ? [] : [pem], ...token]
}

const needlesOf = (secret: string): ReadonlyArray<string> =>
  isPlain.test(secret)
    ? [secret.toLowerCase()]
    : [secret, percentEncode(secret)].flatMap((form) => readings.map((reading) => fold(form, reading).text))

const isPlain = /^[\w+/=.:~-]+$/

/**
 * A stretch of folded text and the range of the source that it comes from. The text is empty for an encoded invisible
 * character.
 */
interface Piece {
  readonly at: number
  readonly end: number
  readonly from: number
  readonly to: number
  /** Whether all of the source stands for one character. */
  readonly decoded: boolean
}

interface Folded {
  readonly text: string
  readonly pieces: ReadonlyArray<Piece>
}

// `\n` may be a line break or an escaped "n", and `%41` may be an "A" or three characters of a secret. All readings are
// tried.
const readings = [
  new RegExp(`[${invisible}]+`, "gu"),
  new RegExp(`%(?:25)*([0-9a-fA-F]{2})|\\\\+u([0-9a-fA-F]{4})|\\\\+[nrtbf]|\\\\+|[${invisible}]+`, "gu"),
  new RegExp(`%(?:25)*([0-9a-fA-F]{2})|\\\\+u([0-9a-fA-F]{4})|\\\\+|[${invisible}]+`, "gu")
]

const unseen = new RegExp(`[${invisible}]`, "u")
const special = new RegExp(`[%\\\\${invisible}]`, "u")
const encoding = /[%\\]/

const fold = (source: string, reading: RegExp): Folded => {
  const pieces: Array<Piece> = []
  const texts: Array<string> = []
  let length = 0
  let end = 0
  const add = (text: string, from: number, to: number, decoded: boolean): void => {
    pieces.push({ at: length, end: length + text.length, from, to, decoded })
    texts.push(text)
    length += text.length
  }
  for (const match of source.matchAll(reading)) {
    const [token, percent, escape] = match
    if (end < match.index) add(source.slice(end, match.index), end, match.index, false)
    end = match.index + token.length
    const code = percent ?? escape
    if (code === undefined) continue
    const character = String.fromCharCode(Number.parseInt(code, 16))
    add(unseen.test(character) ? "" : character, match.index, end, true)
  }
  if (end < source.length) add(source.slice(end), end, source.length, false)
  return { text: lower(texts.join("")), pieces }
}

// One letter becomes longer in lower case and would shift everything after it.
const lower = (text: string): string => {
  const lowered = text.toLowerCase()
  return lowered.length === text.length ? lowered : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

const redact = (needles: ReadonlyArray<string>, source: string): string => {
  // Most responses have no text that can be written in two ways.
  const isSimple = !special.test(source)
  if (isSimple && !needles.some((needle) => lower(source).includes(needle))) return source
  const folds = readings.slice(0, isSimple ? 1 : undefined).map((reading) => fold(source, reading))
  const stretches = folds.flatMap((folded) => needles.flatMap((needle) => found(folded, needle)))
  const redacted = replace(source, stretches)
  // A secret in mixed encodings is found this way, but without its position, so the whole text is replaced.
  return isSimple || !hides(needles, redacted) ? redacted : Credentials.redacted
}

const hides = (needles: ReadonlyArray<string>, source: string): boolean =>
  readings.slice(1).some((reading) => {
    let text = source
    for (let depth = 0; depth < 3 && encoding.test(text); depth++) {
      text = fold(text, reading).text
      if (needles.some((needle) => text.includes(needle))) return true
    }
    return false
  })

type Stretch = readonly [from: number, to: number]

const found = ({ pieces, text }: Folded, needle: string): ReadonlyArray<Stretch> => {
  const stretches: Array<Stretch> = []
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + needle.length)) {
    stretches.push([startOf(pieces, at), endOf(pieces, at + needle.length)])
  }
  return stretches
}

// An encoded invisible character next to the first or last character of a secret is redacted with it.
const startOf = (pieces: ReadonlyArray<Piece>, at: number): number => {
  let index = indexAt(pieces, at)
  while (pieces[index]?.at === at && pieces[index - 1]?.at === at) index--
  const piece = pieces[index]
  if (piece === undefined) return 0
  return piece.decoded ? piece.from : piece.from + (at - piece.at)
}

const endOf = (pieces: ReadonlyArray<Piece>, end: number): number => {
  let index = indexAt(pieces, end - 1)
  while (pieces[index + 1]?.end === end) index++
  const piece = pieces[index]
  if (piece === undefined) return 0
  return piece.decoded ? piece.to : piece.from + (end - piece.at)
}

const indexAt = (pieces: ReadonlyArray<Piece>, at: number): number => {
  let low = 0
  let high = pieces.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((pieces[middle]?.at ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low
}

const replace = (source: string, stretches: ReadonlyArray<Stretch>): string => {
  let result = ""
  let end = 0
  for (const [from, to] of stretches.toSorted(([a], [b]) => a - b)) {
    if (from >= end) result += source.slice(end, from) + Credentials.redacted
    end = Math.max(end, to)
  }
  return result + source.slice(end)
}
