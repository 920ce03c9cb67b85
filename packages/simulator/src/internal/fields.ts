/**
 * Parameters as strings, and readers of their values.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type { World } from "../World.js"
import { amount as amountIn, type Input, instantOf, text } from "./inputs.js"
import type { Json } from "./json.js"
import type { Answer } from "./table.js"

/** @internal */
export type Fields = Readonly<Record<string, string>>

const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value)

/** @internal Returns the members that are strings, numbers or booleans, as strings. */
export const texts = (input: Input): Fields =>
  Object.fromEntries(Object.entries(input).flatMap(([name, one]) => isPlain(one) ? [[name, String(one)]] : []))

/** @internal Reads a value from the input of a request, or refuses the request. */
export type Reader<A, R, I = Input> = (input: I, world: World) => Either.Either<A, R>

/** @internal */
export type Readers<A, R, I = Input> = { readonly [K in keyof A]: Reader<A[K], R, I> }

function together<A, R, I>(readers: Readers<A, R, I>): Reader<A, R, I>
function together<R, I>(readers: Readonly<Record<string, Reader<unknown, R, I>>>): Reader<unknown, R, I> {
  return (input, world) => Either.all(Record.map(readers, (read) => read(input, world)))
}

/**
 * Returns constructors that build a reader or an answer from a record of readers. If some of them refuse, the result is
 * the refusal of the first one, in the order of the record.
 *
 * @internal
 */
export const answering = <R, Result = Json, I = Input>() => {
  type Act<A> = (read: A, world: World, input: I) => Either.Either<Answer<Result>, R>
  type Show<A> = (read: A, world: World, input: I) => Result
  const all = <A>(readers: Readers<A, R, I>): Reader<A, R, I> => together(readers)
  /** Creates a reader of a value that is made of other values, or refused because of them. */
  const checked = <A, B>(
    readers: Readers<A, R, I>,
    check: (read: A, world: World, input: I) => Either.Either<B, R>
  ): Reader<B, R, I> =>
  (input, world) => Either.flatMap(all(readers)(input, world), (read) => check(read, world, input))
  /** Creates a reader of a value that is made of other values. */
  const mapped = <A, B>(readers: Readers<A, R, I>, make: (read: A, world: World, input: I) => B): Reader<B, R, I> =>
    checked(readers, (...asked) => Either.right(make(...asked)))
  /** Creates an answer that may refuse and may trade. */
  const does = <A>(readers: Readers<A, R, I>, act: Act<A>): Reader<Answer<Result>, R, I> => checked(readers, act)
  /** Creates an answer that only reads. */
  const shows = <A>(readers: Readers<A, R, I>, show: Show<A>) =>
    does(readers, (...asked) => Either.right<Answer<Result>>([show(...asked)]))
  /** Creates constructors of routes, which are answers together with their limits and permissions. */
  const routing = <const About extends object>(about: About) => ({
    does: <A>(readers: Readers<A, R, I>, act: Act<A>) => ({ ...about, answer: does(readers, act) }),
    shows: <A>(readers: Readers<A, R, I>, show: Show<A>) => ({ ...about, answer: shows(readers, show) })
  })
  return { all, checked, does, mapped, routing, shows }
}

const single = (input: Input, name: string): ReadonlyArray<string> => [text(input, name) ?? []].flat()

/**
 * Creates a filter of rows from the input of a request. A row passes if it has the requested value of every column that
 * the input names. A row may have several values of a column. With `list` as `valuesOf`, the input may contain several
 * values, of which the row must have one.
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

/**
 * Creates readers of parameters from the refusals of an exchange for an invalid and for a missing parameter. An empty
 * parameter counts as missing.
 *
 * @internal
 */
export const reading = <R, Result = Json>(
  invalid: (name: string, reason: string) => Either.Either<never, R>,
  missing: (name: string) => Either.Either<never, R> = (name) => invalid(name, "value required")
) => {
  const required = (name: string) => (input: Input): Either.Either<string, R> => {
    const value = text(input, name)
    return value === undefined ? missing(name) : Either.right(value)
  }

  const integer =
    <A>(name: string, otherwise: A, most = Infinity, least = 0) => (input: Input): Either.Either<number | A, R> => {
      const value = text(input, name)
      if (value === undefined) return Either.right(otherwise)
      return /^\d{1,15}$/.test(value) && least <= Number(value) && Number(value) <= most
        ? Either.right(Number(value))
        : invalid(name, "out of range")
    }

  /** Finds a value by the name in the parameter, or by `otherwise` if it is missing. Refuses with `unknown`. */
  const byName = <A>(
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
  }

  /** Refuses a request if its reader finds nothing. */
  const needed = <A>(name: string, read: Reader<A | undefined, R>): Reader<A, R> => (input, world) =>
    Either.flatMap(read(input, world), (value) => value === undefined ? missing(name) : Either.right(value))

  const optionalAmount = (name: string) => (input: Input): Either.Either<BigDecimal.BigDecimal | undefined, R> => {
    const value = amountIn(input, name)
    return value === undefined && text(input, name) !== undefined
      ? invalid(name, "must be a positive number")
      : Either.right(value)
  }

  const answers = answering<R, Result>()

  return {
    ...answers,
    required,
    needed,
    flag: (name: string) => (input: Input): Either.Either<boolean, R> =>
      Either.right(input[name] === true || input[name] === "true"),
    byName,
    /** Finds the member with the name in the parameter, or with the name `otherwise` if it is missing. */
    byMember: <A>(
      name: string,
      members: Readonly<Record<string, A>>,
      unknown: Either.Either<never, R>,
      otherwise?: string
    ) => byName(name, (text) => Object.hasOwn(members, text) ? members[text] : undefined, unknown, otherwise),
    /** Reads one of `words`. A missing parameter defaults to `otherwise`. */
    oneOf:
      <A extends string>(name: string, words: ReadonlyArray<A>, otherwise?: NoInfer<A>) =>
      (input: Input): Either.Either<A, R> => {
        const word = words.find((one) => one === (input[name] ?? otherwise))
        return word === undefined ? invalid(name, `invalid ${name}`) : Either.right(word)
      },
    /** Reads an optional string that matches a pattern. */
    optional:
      (name: string, pattern = /^/, reason = "malformed") => (input: Input): Either.Either<string | undefined, R> => {
        const value = text(input, name)
        return value === undefined || pattern.test(value) ? Either.right(value) : invalid(name, reason)
      },
    /** Reads an integer from `least` to `most`, both included. A missing parameter defaults to `otherwise`. */
    integer,
    /** Reads whether a number lies between two parameters, both included. A missing one is no bound. */
    between: (least: string, most: string) =>
      answers.mapped(
        { from: integer(least, -Infinity), to: integer(most, Infinity) },
        ({ from, to }) => (number: number): boolean => from <= number && number <= to
      ),
    /** Reads a positive decimal in plain notation. A missing one is invalid. */
    amount: (name: string) => (input: Input): Either.Either<BigDecimal.BigDecimal, R> =>
      Either.flatMap(
        optionalAmount(name)(input),
        (value) => value === undefined ? invalid(name, "value required") : Either.right(value)
      ),
    /** Reads an optional positive decimal in plain notation. */
    optionalAmount,
    /** Reads an optional ISO 8601 instant as milliseconds since the epoch. */
    instant: (name: string) => (input: Input): Either.Either<number | undefined, R> => {
      const value = text(input, name)
      const at = value === undefined ? undefined : instantOf(value)
      return value !== undefined && at === undefined ? invalid(name, "must be an ISO-8601 date") : Either.right(at)
    },
    /** Reads an optional positive decimal, which may have an exponent as JSON numbers do (`1e-7`). */
    decimal: (name: string) => (input: Input): Either.Either<BigDecimal.BigDecimal | undefined, R> => {
      const value = text(input, name)
      if (value === undefined) return Either.right(undefined)
      if (!/^\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,2})?$/i.test(value)) return invalid(name, "must be a number")
      const number = BigDecimal.unsafeFromString(value)
      return BigDecimal.isPositive(number) ? Either.right(number) : invalid(name, "must be positive")
    }
  }
}
