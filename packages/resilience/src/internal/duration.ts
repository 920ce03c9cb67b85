import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { requireThat } from "./requireWhole.js"

/**
 * A duration that somebody gave as an option. Throws a `RangeError` for what is none: Effect takes `NaN` and everything
 * negative for zero, and a limit of zero that nobody meant refuses everything or waits for nothing.
 *
 * @internal
 */
export const requireDuration = (what: string, given: Duration.DurationInput): Duration.Duration => {
  const decoded = isSound(given) ? Duration.decodeUnknown(given) : Option.none()
  requireThat(what, String(given), Option.isSome(decoded), "a duration of at least 0")
  return Option.getOrElse(decoded, () => Duration.zero)
}

/**
 * As {@link requireDuration}, in nanoseconds; `undefined` if it is infinite or not given.
 *
 * @internal
 */
export const requireNanos = (what: string, given: Duration.DurationInput | undefined): bigint | undefined =>
  given === undefined ? undefined : Option.getOrUndefined(Duration.toNanos(requireDuration(what, given)))

/**
 * As {@link requireDuration}, in milliseconds.
 *
 * @internal
 */
export const requireMillis = (what: string, given: Duration.DurationInput): number =>
  Duration.toMillis(requireDuration(what, given))

const isSound = (given: Duration.DurationInput): boolean => {
  if (typeof given === "number") return given >= 0
  if (typeof given === "bigint") return given >= 0n
  if (typeof given === "string") return !given.startsWith("-")
  return Duration.isDuration(given) || given.every((part) => part >= 0)
}
