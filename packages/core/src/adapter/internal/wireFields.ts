import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/**
 * A value of ours read from a row of theirs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Field<out A> {
  readonly read: (row: unknown) => Either.Either<A, ParseResult.ParseIssue>
}

/**
 * Where a value stands in a row: the name of a property, the place in a tuple, or several of them from the outside in.
 *
 * @since 0.1.0
 * @category models
 */
export type Path = string | number | ReadonlyArray<string | number>

/**
 * Reads the value that stands there.
 *
 * @since 0.1.0
 * @category fields
 */
export const at = <A, I>(path: Path, schema: Schema.Schema<A, I>): Field<A> => {
  const steps = stepsOf(path)
  const decode = ParseResult.decodeUnknownEither(schema)
  return {
    read: (row) => {
      const value = valueAt(row, steps)
      return Either.mapLeft(
        decode(value),
        (issue) => steps.reduceRight((issue, step) => new ParseResult.Pointer(step, row, issue), issue)
      )
    }
  }
}

/**
 * Says that the exchange does not tell.
 *
 * @since 0.1.0
 * @category fields
 */
export const none: Field<undefined> = { read: () => Either.right(undefined) }

/**
 * Says what holds for every row.
 *
 * @since 0.1.0
 * @category fields
 */
export const always = <const A>(value: A): Field<A> => ({ read: () => Either.right(value) })

/**
 * Makes one value of several.
 *
 * @since 0.1.0
 * @category fields
 */
export const all = <const F extends { readonly [name: string]: Field<unknown> }, B>(
  fields: F,
  f: (values: Values<F>) => B
): Field<B> => {
  const read = record(fields)
  return { read: (row) => Either.map(read(row), f) }
}

/**
 * Makes another value of one.
 *
 * @since 0.1.0
 * @category fields
 */
export const map = <A, B>(field: Field<A>, f: (value: A) => B): Field<B> => ({
  read: (row) => Either.map(field.read(row), f)
})

/**
 * Reads the one, or the other where the one says nothing.
 *
 * @since 0.1.0
 * @category fields
 */
export const orElse = <A, B>(one: Field<A | undefined>, other: Field<B>): Field<A | B> => ({
  read: (row) =>
    Either.flatMap(
      one.read(row),
      (value): Either.Either<A | B, ParseResult.ParseIssue> =>
        value === undefined ? other.read(row) : Either.right(value)
    )
})

/**
 * What a row reads as.
 *
 * @since 0.1.0
 * @category models
 */
export type Type<R> = R extends Field<infer A> ? A : never

/**
 * Reads a field only in rows where another has a value; in the others there is none.
 *
 * @since 0.1.0
 * @category fields
 */
export const when = <A, B>(condition: Field<A>, value: NoInfer<A>, field: Field<B>): Field<B | undefined> => ({
  read: (row) =>
    Either.flatMap(
      condition.read(row),
      (found): Either.Either<B | undefined, ParseResult.ParseIssue> =>
        found === value ? field.read(row) : Either.right(undefined)
    )
})

/**
 * What fields read, by their names.
 *
 * @since 0.1.0
 * @category models
 */
export type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer A> ? A : never }

/**
 * Reads each of the fields, and fails with the first that is not there or not understood.
 *
 * @since 0.1.0
 * @category fields
 */
export const record = <F extends { readonly [name: string]: Field<unknown> }>(
  fields: F
): (row: unknown) => Either.Either<Values<F>, ParseResult.ParseIssue> => {
  const entries = Object.entries(fields)
  const isWhole = (values: { readonly [name: string]: unknown }): values is Values<F> =>
    entries.every(([name]) => name in values)
  return (row) => {
    const values: { [name: string]: unknown } = {}
    for (const [name, field] of entries) {
      const value = field.read(row)
      if (Either.isLeft(value)) return Either.left(value.left)
      values[name] = value.right
    }
    return isWhole(values) ? Either.right(values) : Either.left(new ParseResult.Type(Schema.Unknown.ast, row))
  }
}

const stepsOf = (path: Path): ReadonlyArray<string | number> =>
  typeof path === "string" ? path.split(".") : typeof path === "number" ? [path] : path

const valueAt = (row: unknown, steps: ReadonlyArray<string | number>): unknown =>
  steps.reduce<unknown>(
    (value, step) =>
      Array.isArray(value)
        ? value[Number(step)]
        : Predicate.isReadonlyRecord(value) && Object.hasOwn(value, step)
        ? value[step]
        : undefined,
    row
  )
