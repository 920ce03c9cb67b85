/**
 * Parameters as texts, and what is read from them.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import { type Input, instantOf, text } from "./inputs.js"

/** @internal */
export type Fields = Readonly<Record<string, string>>

const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value)

/** @internal The members that are a text, a number or a flag. */
export const texts = (input: Input): Fields =>
  Object.fromEntries(Object.entries(input).flatMap(([name, one]) => isPlain(one) ? [[name, String(one)]] : []))

/** @internal */
export const flag = (fields: Fields, name: string): boolean => fields[name] === "true"

/** @internal What reads parameters, given how an exchange words that one is wrong. Empty ones are absent. */
export const reading = <R>(invalid: (name: string, reason: string) => Either.Either<never, R>) => ({
  required: (input: Input, name: string): Either.Either<string, R> => {
    const value = text(input, name)
    return value === undefined ? invalid(name, "value required") : Either.right(value)
  },
  /** One of a few words, `otherwise` when the parameter is absent. */
  oneOf: <A extends string>(
    input: Input,
    name: string,
    words: ReadonlyArray<A>,
    otherwise?: NoInfer<A>
  ): Either.Either<A, R> => {
    const word = words.find((one) => one === (input[name] ?? otherwise))
    return word === undefined ? invalid(name, `invalid ${name}`) : Either.right(word)
  },
  /** A whole number from `least` to `most`. */
  integer: <A>(
    input: Input,
    name: string,
    otherwise: A,
    most = Infinity,
    least = 0
  ): Either.Either<number | A, R> => {
    const value = text(input, name)
    if (value === undefined) return Either.right(otherwise)
    return /^\d{1,15}$/.test(value) && least <= Number(value) && Number(value) <= most
      ? Either.right(Number(value))
      : invalid(name, "out of range")
  },
  /** An ISO 8601 instant in milliseconds since the epoch. */
  instant: (input: Input, name: string): Either.Either<number | undefined, R> => {
    const value = text(input, name)
    const at = value === undefined ? undefined : instantOf(value)
    return value !== undefined && at === undefined ? invalid(name, "must be an ISO-8601 date") : Either.right(at)
  },
  /** A positive number, which JSON may write as `1e-7`. */
  decimal: (input: Input, name: string): Either.Either<BigDecimal.BigDecimal | undefined, R> => {
    const value = text(input, name)
    if (value === undefined) return Either.right(undefined)
    if (!/^\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,2})?$/i.test(value)) return invalid(name, "must be a number")
    const number = BigDecimal.unsafeFromString(value)
    return BigDecimal.isPositive(number) ? Either.right(number) : invalid(name, "must be positive")
  }
})
