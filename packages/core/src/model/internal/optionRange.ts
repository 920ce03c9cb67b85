import { decodeDuration } from "@effect-exchange/resilience/Timeout"
import * as BigDecimal from "effect/BigDecimal"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Decimal from "../Decimal.js"

/**
 * The values that an option may have.
 *
 * @internal
 */
export interface Range {
  /** The values in words, for errors. */
  readonly wanted: string
  readonly includes: (value: Value) => boolean
}

type Value = number | string | Duration.DurationInput

/**
 * The given options by name, with the range of each. An option that was not given is in range.
 *
 * @internal
 */
export type Given = Readonly<Record<string, readonly [value: Value | undefined, range: Range]>>

/**
 * A duration above zero: nothing can be done within none.
 *
 * @internal
 */
export const positiveDuration: Range = {
  wanted: `a duration above zero, such as "10 seconds"`,
  includes: (value) => Option.exists(decodeDuration(value), Duration.greaterThan(Duration.zero))
}

/** @internal */
export const duration: Range = {
  wanted: `a duration of at least zero, such as "10 seconds"`,
  includes: (value) => Option.isSome(decodeDuration(value))
}

/**
 * A duration above zero that one timer can measure: JavaScript fires a longer timer immediately.
 *
 * @internal
 */
export const timerDuration: Range = {
  wanted: `a duration above zero and of at most 24 days, such as "10 seconds"`,
  includes: (value) =>
    positiveDuration.includes(value) && Option.exists(decodeDuration(value), Duration.lessThanOrEqualTo("24 days"))
}

/**
 * A whole number from 1 to `most`.
 *
 * @internal
 */
export const countTo = (most: number): Range => ({
  wanted: most === Number.MAX_SAFE_INTEGER ? "a whole number of at least 1" : `a whole number from 1 to ${most}`,
  includes: (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most
})

/** @internal */
export const count: Range = countTo(Number.MAX_SAFE_INTEGER)

/**
 * A whole number of at least 1, or infinity for no limit.
 *
 * @internal
 */
export const countOrInfinity: Range = {
  wanted: "a whole number of at least 1, or Infinity",
  includes: (value) => value === Number.POSITIVE_INFINITY || count.includes(value)
}

/**
 * A decimal of at least zero, in plain notation.
 *
 * @internal
 */
export const decimal: Range = {
  wanted: `a plain decimal of at least zero, such as "0.02"`,
  includes: (value) =>
    typeof value === "string" && Option.exists(Decimal.parse(value), (parsed) => !BigDecimal.isNegative(parsed))
}

/**
 * Fails with a `ConfigError` that names the first option out of range.
 *
 * @internal
 */
export const check = (given: Given): Effect.Effect<void, ConfigError.ConfigError> =>
  Option.match(firstInvalid(given), {
    onNone: () => Effect.void,
    onSome: ({ detail, name }) => Effect.fail(ConfigError.InvalidData(name.split("."), detail))
  })

/**
 * Throws a `RangeError` that names the first option out of range.
 *
 * @internal
 */
export const require = (of: string, given: Given): void => {
  const invalid = firstInvalid(given)
  if (Option.isSome(invalid)) throw new RangeError(`${of}: ${invalid.value.name}: ${invalid.value.detail}`)
}

const firstInvalid = (given: Given): Option.Option<{ readonly name: string; readonly detail: string }> => {
  for (const [name, [value, { includes, wanted }]] of Object.entries(given)) {
    if (value === undefined || includes(value)) continue
    const found = Duration.isDuration(value) ? Duration.format(value) : String(value)
    return Option.some({ name, detail: `expected ${wanted}, found ${found}` })
  }
  return Option.none()
}
