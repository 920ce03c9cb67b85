import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { SecretMalformed } from "../SecretSourceError.js"

/**
 * Reads secrets from an object of names and strings. Errors contain neither names nor values, because the user may have
 * swapped the two.
 *
 * @internal
 */
export const read = (
  source: string,
  value: unknown
): Either.Either<ReadonlyMap<string, Redacted.Redacted<string>>, SecretMalformed> => {
  const malformed = (detail: string) => Either.left(new SecretMalformed({ source, detail }))
  if (!Predicate.isRecord(value)) {
    return malformed("the secret is not a JSON object of names and strings; write it as {\"BINANCE_API_KEY\": \"...\"}")
  }
  const secrets = new Map<string, Redacted.Redacted<string>>()
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === "string") secrets.set(name, Redacted.make(text))
  }
  const others = Object.keys(value).length - secrets.size
  return others === 0
    ? Either.right(secrets)
    : malformed(`${others} of the secret's values are not strings; put every value in quotation marks`)
}

/**
 * Parses a text as JSON.
 *
 * @internal
 */
export const json = (source: string, text: string, what: string): Either.Either<unknown, SecretMalformed> =>
  Either.try({
    try: (): unknown => JSON.parse(text),
    // The cause is left out, because a `SyntaxError` repeats the text.
    catch: () => new SecretMalformed({ source, detail: `${what} is not valid JSON` })
  })
