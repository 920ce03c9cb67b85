import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { requireThat } from "./requireWhole.js"

/**
 * Decodes a duration given as an option. Returns none for an invalid duration. Effect treats `NaN` and negative
 * durations as zero, and an unintended limit of zero refuses everything or waits for nothing.
 *
 * @internal
 */
export const decodeDuration = (given: Duration.DurationInput | string): Option.Option<Duration.Duration> =>
  isValid(given) ? Duration.decodeUnknown(given) : Option.none()

/**
 * Decodes a duration like {@link decodeDuration}. Throws a `RangeError` for an invalid one.
 *
 * @internal
 */
export const requireDuration = (what: string, given: Duration.DurationInput): Duration.Duration => {
  const decoded = decodeDuration(given)
  requireThat(what, String(given), Option.isSome(decoded), "a duration of at least 0")
  return Option.getOrElse(decoded, () => Duration.zero)
}

/**
 * Decodes a duration like {@link requireDuration}, in nanoseconds. Returns `undefined` if it is infinite or not given.
 *
 * @internal
 */
export const requireNanos = (what: string, given: Duration.DurationInput | undefined): bigint | undefined =>
  given === undefined ? undefined : Option.getOrUndefined(Duration.toNanos(requireDuration(what, given)))

/**
 * Decodes a duration like {@link requireDuration}, in milliseconds.
 *
 * @internal
 */
export const requireMillis = (what: string, given: Duration.DurationInput): number =>
  Duration.toMillis(requireDuration(what, given))

const isValid = (given: Duration.DurationInput | string): boolean => {
  if (typeof given === "number") return given >= 0
  if (typeof given === "bigint") return given >= 0n
  if (typeof given === "string") return !given.startsWith("-")
  return Duration.isDuration(given) || given.every((part) => part >= 0)
}
