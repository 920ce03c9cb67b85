import type * as BigDecimal from "effect/BigDecimal"
import type * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Decimal from "../../model/Decimal.js"
import * as decimals from "../../model/internal/decimals.js"
import { reading, reason, taking, unread, type Value } from "./wireReading.js"

/**
 * A non-empty string. A safe integer is accepted as well, and read as its digits.
 *
 * @since 0.1.0
 * @category values
 */
export const text: Value<string> = reading((value) => {
  if (typeof value === "string") return value === "" ? unread : value
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : unread
}, "expected non-empty text or a whole number")

const expectedDecimal = "expected a decimal with at most 40 digits before the point and 60 after it"

/**
 * A decimal in a string (`"64000.50"`).
 *
 * @since 0.1.0
 * @category values
 */
export const decimal: Value<BigDecimal.BigDecimal> = reading(
  (value) => typeof value === "string" ? decimals.ofText(value) ?? unread : unread,
  `${expectedDecimal}, as text`
)

/**
 * A decimal in a JSON number (`64000.5`). A number with more digits than a JavaScript number holds arrives as a string
 * of its digits; no other string is accepted.
 *
 * @since 0.1.0
 * @category values
 */
export const number: Value<BigDecimal.BigDecimal> = reading((value) => {
  if (typeof value === "number") return decimals.ofNumber(value) ?? unread
  return typeof value === "string" && value.length > 15 ? decimals.ofText(value) ?? unread : unread
}, expectedDecimal)

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === ""

/**
 * A value that may be missing: a missing property, `null` and `""` are all `undefined`.
 *
 * @since 0.1.0
 * @category values
 */
export const blank = <A, I>(schema: Schema.Schema<A, I>): Value<A | undefined> => {
  const take = taking(schema)
  return reading((value) => isBlank(value) ? undefined : take(value), (value) => reason(schema, value))
}

/**
 * A value that is `undefined` if it cannot be decoded, for informative values on which nothing depends.
 *
 * @since 0.1.0
 * @category values
 */
export const lenient = <A, I>(schema: Schema.Schema<A, I>): Value<A | undefined> => {
  const take = taking(schema)
  return reading((value) => {
    const found = take(value)
    return found === unread ? undefined : found
  }, "expected any value")
}

/**
 * A number above zero. All others are `undefined`, for values where zero means none (no trade yet, an empty side, no
 * limit).
 *
 * @since 0.1.0
 * @category values
 */
export const positive = <I>(
  schema: Schema.Schema<BigDecimal.BigDecimal, I>
): Value<BigDecimal.BigDecimal | undefined> => {
  const take = taking(schema)
  return reading((value) => {
    if (isBlank(value)) return undefined
    const decimal = take(value)
    return decimal === unread || decimal.value > 0n ? decimal : undefined
  }, (value) => reason(schema, value))
}

/**
 * A number that is zero if it is missing.
 *
 * @since 0.1.0
 * @category values
 */
export const orZero = <I>(schema: Schema.Schema<BigDecimal.BigDecimal, I>): Value<BigDecimal.BigDecimal> => {
  const take = taking(schema)
  return reading((value) => isBlank(value) ? Decimal.zero : take(value), (value) => reason(schema, value))
}

/**
 * A word of the exchange, translated by the table. A word that is not in the table cannot be decoded.
 *
 * @since 0.1.0
 * @category values
 */
export const words = <const A>(table: { readonly [word: string]: A }): Value<A> => {
  const known = meanings(table)
  return reading((word) => lookUp(known, word, unread), `expected one of ${[...known.keys()].join(", ")}`)
}

/**
 * A word of the exchange, translated by the table. A word that is not in the table is read as `otherwise`.
 *
 * @since 0.1.0
 * @category values
 */
export const wordsOr = <const A, const D>(table: { readonly [word: string]: A }, otherwise: D): Value<A | D> => {
  const known = meanings(table)
  return reading((word) => lookUp<A, D>(known, word, otherwise), "expected a word")
}

interface Meaning<A> {
  readonly ours: A
}

const meanings = <A>(table: { readonly [word: string]: A }): ReadonlyMap<string, Meaning<A>> =>
  new Map(Object.entries(table).map(([word, ours]) => [word, { ours }]))

const lookUp = <A, D>(known: ReadonlyMap<string, Meaning<A>>, word: unknown, otherwise: D): A | D => {
  const found = typeof word === "object" ? undefined : known.get(String(word))
  return found === undefined ? otherwise : found.ours
}

/**
 * A word of the exchange, translated by a table of the exchange's words for each word of the library, separated by
 * spaces: `{ canceled: "Cancelled Deactivated" }`. A word that is not in the table cannot be decoded.
 *
 * @since 0.1.0
 * @category values
 */
export const meaning = <const T extends { readonly [ours: string]: string }>(
  table: T
): Value<keyof T & string> => words(byWord(table))

/**
 * A word of the exchange, translated as by {@link meaning}. A word that is not in the table is read as `otherwise`.
 *
 * @since 0.1.0
 * @category values
 */
export const meaningOr = <const T extends { readonly [ours: string]: string }, const D>(
  table: T,
  otherwise: D
): Value<(keyof T & string) | D> => wordsOr(byWord(table), otherwise)

const byWord = <T extends { readonly [ours: string]: string }>(table: T) =>
  Object.fromEntries(
    Struct.keys(table).flatMap((ours) => table[ours]?.split(" ").map((word) => [word, ours] as const) ?? [])
  )

/**
 * A value that is `true` for `true` and `"true"`, and `false` for everything else.
 *
 * @since 0.1.0
 * @category values
 */
export const isTrue: Value<boolean> = wordsOr({ true: true }, false)

/**
 * The words of a string, separated by commas or whitespace. An empty string has none.
 *
 * @since 0.1.0
 * @category values
 */
export const listed: Value<ReadonlyArray<string>> = reading<ReadonlyArray<string>>(
  (value) => typeof value === "string" ? value.split(/[,\s]+/).filter((word) => word !== "") : unread,
  "expected text with words separated by commas or spaces"
)

const digits = /^\d+(?:\.\d+)?$/

const instant = (toMillis: (value: number) => number): Value<number> =>
  reading((value) => {
    if (typeof value !== "number" && !(typeof value === "string" && digits.test(value))) return unread
    const count = Math.round(toMillis(Number(value)))
    return Number.isSafeInteger(count) && count >= 0 ? count : unread
  }, "expected a timestamp as a number")

/**
 * An instant in epoch milliseconds, as a number or a string of its digits.
 *
 * @since 0.1.0
 * @category values
 */
export const millis: Value<number> = instant((value) => value)

/**
 * An instant in epoch seconds, as a number or a string of its digits, converted to epoch milliseconds.
 *
 * @since 0.1.0
 * @category values
 */
export const seconds: Value<number> = instant((value) => value * 1000)

/**
 * An instant in epoch microseconds, as a number or a string of its digits, converted to epoch milliseconds.
 *
 * @since 0.1.0
 * @category values
 */
export const micros: Value<number> = instant((value) => value / 1000)

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/**
 * An instant in ISO 8601 with a time zone (RFC 3339), converted to epoch milliseconds. Finer digits are cut off. An
 * instant before 1970 cannot be decoded.
 *
 * @since 0.1.0
 * @category values
 */
export const isoTime: Value<number> = reading((value) => {
  if (typeof value !== "string") return unread
  const at = utc(value) ?? (rfc3339.test(value) ? Date.parse(value) : Number.NaN)
  return at >= 0 ? at : unread
}, "expected a timestamp such as 2026-01-31T12:00:00Z, 1970 or later")

const zero = 48

/** Reads the digits from `start` to `end` as a whole number. Returns `NaN` if there is any other character. */
const digitsOf = (text: string, start: number, end: number): number => {
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - zero
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** Reads two digits in the same way. */
const pairOf = (text: string, at: number): number => {
  const [tens, ones] = [text.charCodeAt(at) - zero, text.charCodeAt(at + 1) - zero]
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

const isPunctuated = (text: string): boolean =>
  text[4] === "-" && text[7] === "-" && text[10] === "T" && text[13] === ":" && text[16] === ":"

// Without the leap day, which is left to the general parser.
const daysOf = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Returns the days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that they end
 * with the leap day.
 */
const daysTo = (year: number, month: number, day: number): number => {
  const years = month > 2 ? year : year - 1
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400)
  const daysOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return years * 365 + leapDays + daysOfYear - 719_468
}

/** Parses `2026-01-31T12:00:00.123456Z` without the general parser. Returns `undefined` for every other form. */
const utc = (text: string): number | undefined => {
  const end = text.length - 1
  if (end < 19 || text[end] !== "Z" || !isPunctuated(text)) return undefined
  if (end > 19 && (text[19] !== "." || end < 23 || !(digitsOf(text, 20, end) >= 0))) return undefined
  const year = pairOf(text, 0) * 100 + pairOf(text, 2)
  const month = pairOf(text, 5)
  const day = pairOf(text, 8)
  const hour = pairOf(text, 11)
  const minute = pairOf(text, 14)
  const second = pairOf(text, 17)
  const days = daysOf[month - 1] ?? 0
  if (!(year >= 1970 && day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 59)) return undefined
  const seconds = ((daysTo(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  return seconds * 1000 + (end > 19 ? digitsOf(text, 20, 23) : 0)
}
