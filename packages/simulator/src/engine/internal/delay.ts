import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * Decodes a duration. Returns none for `NaN`, a negative duration, and a text that is no duration. Effect reads the first
 * two as zero. The simulator depends on no package of the clients, so it does not use `Timeout.decodeDuration`.
 *
 * @internal
 */
export const decode = (given: Duration.DurationInput | string): Option.Option<Duration.Duration> =>
  isValid(given) ? Duration.decodeUnknown(given) : Option.none()

/**
 * Decodes the duration of an option to milliseconds. Throws a `RangeError` that names the option if it is invalid.
 *
 * @internal
 */
export const requireMillis = (name: string, given: Duration.DurationInput): number =>
  Option.match(decode(given), {
    onNone: () => {
      throw new RangeError(`${name} must be a duration of at least 0, but is ${String(given)}.`)
    },
    onSome: Duration.toMillis
  })

const isValid = (given: Duration.DurationInput | string): boolean => {
  if (typeof given === "number") return given >= 0
  if (typeof given === "bigint") return given >= 0n
  if (typeof given === "string") return !given.startsWith("-")
  return Duration.isDuration(given) || given.every((part) => part >= 0)
}
