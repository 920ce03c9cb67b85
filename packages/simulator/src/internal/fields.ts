/**
 * Parameters as texts, and what is read from them.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type { World } from "../World.js"
import { type Input, instantOf, text } from "./inputs.js"
import type { Json } from "./json.js"
import type { Answer } from "./table.js"

/** @internal */
export type Fields = Readonly<Record<string, string>>

const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value)

/** @internal The members that are a text, a number or a flag. */
export const texts = (input: Input): Fields =>
  Object.fromEntries(Object.entries(input).flatMap(([name, one]) => isPlain(one) ? [[name, String(one)]] : []))

/** @internal What a request says of something, or why it is refused. */
export type Reader<A, R, I = Input> = (input: I, world: World) => Either.Either<A, R>

/** @internal */
export type Readers<A, R, I = Input> = { readonly [K in keyof A]: Reader<A[K], R, I> }

function together<A, R, I>(readers: Readers<A, R, I>): Reader<A, R, I>
function together<R, I>(readers: Readonly<Record<string, Reader<unknown, R, I>>>): Reader<unknown, R, I> {
  return (input, world) => Either.all(Record.map(readers, (read) => read(input, world)))
}

/** @internal What makes answers of what is read: refused where any of it is, in the order it is named in. */
export const answering = <R, Result = Json, I = Input>() => {
  const all = <A>(readers: Readers<A, R, I>): Reader<A, R, I> => together(readers)
  /** An answer that may refuse and may trade. */
  const does = <A>(
    readers: Readers<A, R, I>,
    act: (read: A, world: World, input: I) => Either.Either<Answer<Result>, R>
  ): Reader<Answer<Result>, R, I> =>
  (input, world) => Either.flatMap(all(readers)(input, world), (read) => act(read, world, input))
  /** An answer that only shows. */
  const shows = <A>(readers: Readers<A, R, I>, show: (read: A, world: World, input: I) => Result) =>
    does(readers, (...asked) => Either.right<Answer<Result>>([show(...asked)]))
  return { all, does, shows }
}

const single = (input: Input, name: string): ReadonlyArray<string> => [text(input, name) ?? []].flat()

/**
 * Whether a row is one that is asked for: it has what is named, under each of its names. A row may have several of one,
 * and where `list` is given one of several may be asked for.
 *
 * @internal
 */
export const matching = <Row>(
  columns: Readonly<Record<string, (row: Row) => string | undefined | ReadonlyArray<string>>>,
  valuesOf = single
) =>
(input: Input) => {
  const wanted = Object.entries(columns).map(([name, of]) => ({ of, values: valuesOf(input, name) }))
  return (row: Row): boolean =>
    wanted.every(({ of, values }) =>
      values.length === 0 || [of(row)].flat().some((one) => one !== undefined && values.includes(one))
    )
}

/** @internal What reads parameters, given how an exchange words that one is wrong or missing. Empty ones are absent. */
export const reading = <R, Result = Json>(
  invalid: (name: string, reason: string) => Either.Either<never, R>,
  missing: (name: string) => Either.Either<never, R> = (name) => invalid(name, "value required")
) => {
  const required = (name: string) => (input: Input): Either.Either<string, R> => {
    const value = text(input, name)
    return value === undefined ? missing(name) : Either.right(value)
  }

  return {
    ...answering<R, Result>(),
    required,
    flag: (name: string) => (input: Input): Either.Either<boolean, R> =>
      Either.right(input[name] === true || input[name] === "true"),
    /** What is known under the text that is given, or else `otherwise`; `unknown` refuses where there is none. */
    byName: <A>(
      name: string,
      find: (text: string, world: World) => A | undefined,
      unknown: Either.Either<never, R>,
      otherwise?: string
    ) =>
    (input: Input, world: World): Either.Either<A, R> => {
      const value = text(input, name) ?? otherwise
      if (value === undefined) return missing(name)
      const found = find(value, world)
      return found === undefined ? unknown : Either.right(found)
    },
    /** One of a few words, `otherwise` when the parameter is absent. */
    oneOf:
      <A extends string>(name: string, words: ReadonlyArray<A>, otherwise?: NoInfer<A>) =>
      (input: Input): Either.Either<A, R> => {
        const word = words.find((one) => one === (input[name] ?? otherwise))
        return word === undefined ? invalid(name, `invalid ${name}`) : Either.right(word)
      },
    /** A text that may be absent. */
    optional:
      (name: string, pattern = /^/, reason = "malformed") => (input: Input): Either.Either<string | undefined, R> => {
        const value = text(input, name)
        return value === undefined || pattern.test(value) ? Either.right(value) : invalid(name, reason)
      },
    /** A whole number from `least` to `most`. */
    integer:
      <A>(name: string, otherwise: A, most = Infinity, least = 0) => (input: Input): Either.Either<number | A, R> => {
        const value = text(input, name)
        if (value === undefined) return Either.right(otherwise)
        return /^\d{1,15}$/.test(value) && least <= Number(value) && Number(value) <= most
          ? Either.right(Number(value))
          : invalid(name, "out of range")
      },
    /** An ISO 8601 instant in milliseconds since the epoch. */
    instant: (name: string) => (input: Input): Either.Either<number | undefined, R> => {
      const value = text(input, name)
      const at = value === undefined ? undefined : instantOf(value)
      return value !== undefined && at === undefined ? invalid(name, "must be an ISO-8601 date") : Either.right(at)
    },
    /** A positive number, which JSON may write as `1e-7`. */
    decimal: (name: string) => (input: Input): Either.Either<BigDecimal.BigDecimal | undefined, R> => {
      const value = text(input, name)
      if (value === undefined) return Either.right(undefined)
      if (!/^\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,2})?$/i.test(value)) return invalid(name, "must be a number")
      const number = BigDecimal.unsafeFromString(value)
      return BigDecimal.isPositive(number) ? Either.right(number) : invalid(name, "must be positive")
    }
  }
}
