import { decodeDuration } from "@effect-exchange/resilience/Timeout"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

/** @internal */
export interface Limits {
  readonly timeout?: Duration.DurationInput | undefined
  readonly attempts?: number | undefined
  readonly deadline?: Duration.DurationInput | undefined
}

/**
 * Refuses limits that no request can meet.
 *
 * @internal
 */
export const check = ({ attempts = 1, deadline, timeout }: Limits): Either.Either<void, ConfigError.ConfigError> => {
  for (const [name, limit] of [["timeout", timeout], ["deadline", deadline]] as const) {
    if (limit !== undefined && !Option.exists(decodeDuration(limit), Duration.greaterThan(Duration.zero))) {
      return Either.left(ConfigError.InvalidData([name], `expected a duration above zero, such as "3 seconds"`))
    }
  }
  return attempts === Number.POSITIVE_INFINITY || (Number.isInteger(attempts) && attempts >= 1)
    ? Either.void
    : Either.left(ConfigError.InvalidData(["attempts"], "expected a whole number of at least 1"))
}

/**
 * Decodes a duration. Throws a `RangeError` for `NaN` and negative durations, which Effect reads as zero.
 *
 * @internal
 */
export const requireDuration = (name: string, given: Duration.DurationInput): Duration.Duration =>
  Option.getOrThrowWith(
    decodeDuration(given),
    () => new RangeError(`${name}: expected a duration of at least zero, such as "30 seconds", found ${String(given)}`)
  )
