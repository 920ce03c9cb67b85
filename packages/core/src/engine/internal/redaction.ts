import * as Predicate from "effect/Predicate"
import { invisible } from "../../model/internal/text.js"
import * as Credentials from "../../ports/Credentials.js"
import { percentEncode } from "./preparing.js"

/**
 * Takes the secrets of a request out of its answer, wherever and however the exchange repeats them.
 *
 * @internal
 */
export interface Redaction {
  readonly text: (text: string) => string
  /** The JSON that `text` is: every string and every key in it. The same value if there is nothing to take out. */
  readonly json: (json: unknown, text: string) => unknown
}

/**
 * What a request that carried no secret needs.
 *
 * @internal
 */
export const none: Redaction = { text: (text) => text, json: (json) => json }

/**
 * Secrets are found in either case, percent-encoded or escaped as JSON allows, both also several times over, and with
 * invisible characters in between. Of a private key in PEM what stands between its lines counts, and of a token each part.
 * What is shorter than six characters is found in too much that is no secret, and is left.
 *
 * @internal
 */
export const make = (secrets: ReadonlyArray<string>): Redaction => {
  const needles = [...new Set(secrets.flatMap(parts).flatMap(needlesOf))].filter(({ length }) => length >= 6)
  const text = (text: string): string => redact(needles, text)
  return {
    text,
    json: (json, whole) => {
      // An escape may hide what is seen only after it was read as JSON.
      if (json === undefined || (!whole.includes("\\") && text(whole) === whole)) return json
      try {
        return walk(text, json)
      } catch {
        // Nested too deep to be walked.
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

/** A stretch of folded text, empty for an encoded character that is not seen, and the source that it was made of. */
interface Piece {
  readonly at: number
  readonly end: number
  readonly from: number
  readonly to: number
  /** Whether it is one character for all of its source. */
  readonly decoded: boolean
}

interface Folded {
  readonly text: string
  readonly pieces: ReadonlyArray<Piece>
}

// `\n` is a line break or an escaped "n", and `%41` is an "A" or three characters of a secret: all of it is tried.
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

// The one letter that grows in lower case would shift all that follows.
const lower = (text: string): string => {
  const lowered = text.toLowerCase()
  return lowered.length === text.length ? lowered : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

const redact = (needles: ReadonlyArray<string>, source: string): string => {
  // Most answers have nothing in them that could be written in two ways.
  const isSimple = !special.test(source)
  if (isSimple && !needles.some((needle) => lower(source).includes(needle))) return source
  const folds = readings.slice(0, isSimple ? 1 : undefined).map((reading) => fold(source, reading))
  const stretches = folds.flatMap((folded) => needles.flatMap((needle) => found(folded, needle)))
  const redacted = replace(source, stretches)
  // What was encoded in one way and then in another is found, but no longer where it stands.
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

// An encoded character that is not seen may be the first or the last of the secret: it goes with what it stands at.
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
