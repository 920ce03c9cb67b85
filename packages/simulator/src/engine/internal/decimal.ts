import * as BigDecimal from "effect/BigDecimal"

/** @internal Parses a decimal literal of this package's own source. */
export const literal = (text: string): BigDecimal.BigDecimal => BigDecimal.unsafeFromString(text)

/** @internal Formats a decimal as plain digits with exactly `places` decimals, truncated. Never exponential. */
export const fixed = (value: BigDecimal.BigDecimal, places: number): string => {
  const scaled = BigDecimal.scale(value, places).value
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, "0")
  const sign = scaled < 0n ? "-" : ""
  return places === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

/** @internal Formats a decimal as plain digits without trailing zeros. Never exponential. */
export const plain = (value: BigDecimal.BigDecimal): string => {
  const normal = BigDecimal.normalize(value)
  return fixed(normal, Math.max(0, normal.scale))
}

/** @internal Divides and truncates the quotient to `places` decimals. Returns zero if the denominator is zero. */
export const ratio = (
  numerator: BigDecimal.BigDecimal,
  denominator: BigDecimal.BigDecimal,
  places: number
): BigDecimal.BigDecimal =>
  denominator.value === 0n
    ? BigDecimal.make(0n, 0)
    : BigDecimal.make(
      BigDecimal.scale(numerator, places + Math.max(0, denominator.scale)).value /
        BigDecimal.scale(denominator, Math.max(0, denominator.scale)).value,
      places
    )

/** @internal Returns a decimal as a whole number of `10^-places` units, truncated. */
export const minor = (value: BigDecimal.BigDecimal, places: number): bigint => BigDecimal.scale(value, places).value

/** @internal */
export const zero: BigDecimal.BigDecimal = BigDecimal.make(0n, 0)

/** @internal */
export const isMultiple = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): boolean =>
  BigDecimal.isZero(BigDecimal.unsafeRemainder(value, step))

/** @internal Returns how many whole steps fit into a value that is not negative. */
export const steps = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): bigint => ratio(value, step, 0).value

/** @internal Multiplies a step by a whole number. */
export const ofSteps = (count: bigint, step: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.make(count * step.value, step.scale)
