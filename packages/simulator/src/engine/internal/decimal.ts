import * as BigDecimal from "effect/BigDecimal"

/** @internal A decimal literal of this package's own source. */
export const literal = (text: string): BigDecimal.BigDecimal => BigDecimal.unsafeFromString(text)

/** @internal Plain digits with exactly `places` decimals, the rest cut off. Never exponential. */
export const fixed = (value: BigDecimal.BigDecimal, places: number): string => {
  const scaled = BigDecimal.scale(value, places).value
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, "0")
  const sign = scaled < 0n ? "-" : ""
  return places === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

/** @internal Plain digits without trailing zeros. Never exponential. */
export const plain = (value: BigDecimal.BigDecimal): string => {
  const normal = BigDecimal.normalize(value)
  return fixed(normal, Math.max(0, normal.scale))
}

/** @internal A quotient cut to `places` decimals; zero when there is nothing to divide by. */
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

/** @internal The integer number of `10^-places` units in a decimal, the rest cut off. */
export const minor = (value: BigDecimal.BigDecimal, places: number): bigint => BigDecimal.scale(value, places).value

/** @internal */
export const zero: BigDecimal.BigDecimal = BigDecimal.make(0n, 0)

/** @internal */
export const isMultiple = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): boolean =>
  BigDecimal.isZero(BigDecimal.unsafeRemainder(value, step))

/** @internal How many whole steps fit into a value that is not negative. */
export const steps = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): bigint => ratio(value, step, 0).value

/** @internal A whole number of steps. */
export const ofSteps = (count: bigint, step: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.make(count * step.value, step.scale)
