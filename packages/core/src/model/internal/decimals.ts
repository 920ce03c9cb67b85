import type * as BigDecimal from "effect/BigDecimal"
import * as exact from "./exact.js"

const notation = /^(-?)(\d{1,100})(?:\.(\d{1,100}))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * Parses a decimal in plain notation or with an exponent. Returns `undefined` if the text is no decimal, or has more
 * than 40 digits before the point or 60 after it.
 *
 * @internal
 */
export const ofText = (text: string): BigDecimal.BigDecimal | undefined => common(text) ?? any(text)

// Integers below 10 ** 15 and these powers are exact doubles, so a single multiplication or division rounds only once.
const powers = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)
const most = 1e15
const zero = 48
const point = 46 - zero
const minus = 45

/**
 * Parses up to 15 digits in plain notation, which is nearly everything that exchanges send. Uses doubles, at a tenth of
 * the cost of {@link any}.
 */
const common = (text: string): BigDecimal.BigDecimal | undefined => {
  const { length } = text
  if (length === 0 || length > 17) return undefined
  const isNegative = text.charCodeAt(0) === minus
  const first = isNegative ? 1 : 0
  let at = first
  let digit = 0
  let digits = 0
  for (; at < length && (digit = text.charCodeAt(at) - zero) >= 0 && digit <= 9; at++) digits = digits * 10 + digit
  if (at === first) return undefined
  let scale = 0
  if (at < length) {
    if (digit !== point) return undefined
    const start = ++at
    for (; at < length && (digit = text.charCodeAt(at) - zero) >= 0 && digit <= 9; at++) digits = digits * 10 + digit
    if (at < length || at === start) return undefined
    scale = length - start
  }
  return digits < most ? exact.of(BigInt(isNegative ? -digits : digits), scale) : undefined
}

const any = (text: string): BigDecimal.BigDecimal | undefined => {
  const [, sign = "", whole = "", part = "", exponent = "0"] = notation.exec(text) ?? []
  const scale = part.length - Number(exponent)
  // Checked before any power of ten is computed.
  if (whole === "" || scale > exact.after || scale < -exact.before) return undefined
  const digits = BigInt(whole + part + "0".repeat(Math.max(0, -scale)))
  const decimal = exact.of(sign === "" ? digits : -digits, Math.max(0, scale))
  return exact.fits(decimal) ? decimal : undefined
}

/**
 * Returns the shortest decimal that denotes a number; `undefined` for `NaN`, infinities, and numbers beyond
 * `Number.MAX_SAFE_INTEGER`.
 *
 * No two decimals of up to 15 digits map to the same double, so a decimal of that length that maps to this double is
 * the shortest one.
 *
 * @internal
 */
export const ofNumber = (value: number): BigDecimal.BigDecimal | undefined => {
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) return undefined
  for (let scale = 0; scale < powers.length; scale++) {
    const power = powers[scale] ?? Number.NaN
    const digits = Math.round(value * power)
    if (!(Math.abs(digits) < most)) break
    if (digits / power === value) return exact.of(BigInt(digits), scale)
  }
  return any(String(value))
}
