import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import * as Decimal from "../../model/Decimal.js"

/**
 * A price or an amount as the exchange sends it.
 *
 * @internal
 */
export type Figure = string | number

/**
 * Returns the double nearest to a figure; `NaN` if it is no decimal, or below zero.
 *
 * Rounding preserves order, and no two decimals of up to 15 digits have the same nearest double. If two doubles differ,
 * the figures differ in the same direction; only if they are equal does {@link compare} need the digits.
 *
 * @internal
 */
export const nearest = (figure: unknown): number => {
  if (typeof figure === "string") return ofText(figure)
  if (typeof figure !== "number") return Number.NaN
  return figure === 0 || (figure >= 1e-6 && figure <= Number.MAX_SAFE_INTEGER) ? figure : judged(figure)
}

// Integers below 10 ** 15 and these powers are exact doubles, so a single division rounds only once.
const powers = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)
const zero = 48
const point = 46 - zero

// Two plain loops over integers: a single loop that also looks for the point takes two and a half times as long.
const ofText = (text: string): number => {
  const { length } = text
  if (length === 0 || length > 40) return judged(text)
  let at = 0
  let digit = 0
  let whole = 0
  for (; at < length && (digit = text.charCodeAt(at) - zero) >= 0 && digit <= 9; at++) whole = whole * 10 + digit
  if (at === length) return whole < 1e15 ? whole : Number(text)
  if (digit !== point || at === 0) return judged(text)
  const start = ++at
  let part = 0
  for (; at < length && (digit = text.charCodeAt(at) - zero) >= 0 && digit <= 9; at++) part = part * 10 + digit
  if (at < length || at === start) return judged(text)
  const power = powers[length - start] ?? Number.POSITIVE_INFINITY
  const digits = whole * power + part
  return digits < 1e15 ? digits / power : Number(text)
}

/** Handles the uncommon figures: exponents, numbers that are too long or too small, and values that are no decimals. */
const judged = (figure: Figure): number =>
  Option.match(read(figure), {
    onNone: () => Number.NaN,
    onSome: (decimal) => BigDecimal.isNegative(decimal) ? Number.NaN : Number(figure)
  })

const read = (figure: Figure): Option.Option<BigDecimal.BigDecimal> =>
  typeof figure === "string" ? Decimal.read(figure) : Decimal.fromNumber(figure)

/**
 * Converts a figure to a decimal. The figure must have a {@link nearest}.
 *
 * @internal
 */
export const decimal = (figure: Figure): BigDecimal.BigDecimal => Option.getOrThrow(read(figure))

/**
 * Compares two figures exactly, to the last digit. Both must have a {@link nearest}.
 *
 * @internal
 */
export const compare = (self: Figure, that: Figure): -1 | 0 | 1 => {
  if (self === that) return 0
  const difference = nearest(self) - nearest(that)
  if (difference !== 0) return difference < 0 ? -1 : 1
  return BigDecimal.Order(decimal(self), decimal(that))
}

/**
 * Formats a figure in plain notation: text as it was sent, a number with the fewest digits that denote it.
 *
 * @internal
 */
export const text = (figure: Figure): string => {
  if (typeof figure === "string") return figure
  return figure >= 1e-6 ? String(figure) : Decimal.format(decimal(figure))
}
