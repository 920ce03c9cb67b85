/**
 * Parses values of options, or fails with a sentence that says what is accepted.
 *
 * @internal
 */
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { quote } from "./quote.js"

/** @internal */
export const refused = (detail: string): Effect.Effect<never, ValidationError.ValidationError> =>
  Effect.fail(ValidationError.invalidValue(HelpDoc.p(detail)))

/** @internal Parses a duration from 100 ms to one hour. */
export const duration = (
  option: string
) =>
(text: string): Effect.Effect<Duration.Duration, ValidationError.ValidationError> => {
  const [, amount = "", unit = ""] = /^(\d{1,7}(?:\.\d{1,3})?)\s?(ms|s|m)$/.exec(text) ?? []
  const millis = Number(amount) * (unit === "ms" ? 1 : unit === "s" ? 1000 : 60_000)
  return millis >= 100 && millis <= 3_600_000
    ? Effect.succeed(Duration.millis(millis))
    : refused(`--${option} cannot be ${quote(text)}; expected a time such as 500ms, 2s or 1m, from 100ms to 60m.`)
}

/** @internal */
export const port = (highest: number) => (text: string): Effect.Effect<number, ValidationError.ValidationError> =>
  /^\d{1,5}$/.test(text) && Number(text) <= highest
    ? Effect.succeed(Number(text))
    : refused(`--port cannot be ${quote(text)}; expected 0 or a port from 1 to ${highest}.`)
