/**
 * The words of an exchange's answers: values as they are written on the wire, where they stand in a row, and lists of rows.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Listing from "../model/Listing.js"
import { at, type Field, type Path, record, type Values } from "./internal/wireFields.js"
import { reading } from "./internal/wireValues.js"

export * from "./internal/wireFields.js"
export * from "./internal/wireValues.js"

/**
 * How a row of a list is read. `identify` finds the names in one that is not understood.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row<out A> extends Field<A> {
  readonly identify: (row: unknown) => Omit<Listing.Unknown, "detail">
}

/**
 * Reads what stands within an answer: `within("result.list", schema)`.
 *
 * @since 0.1.0
 * @category answers
 */
export const within = <A, I>(path: Path, schema: Schema.Schema<A, I>): Schema.Schema<A, unknown> => {
  const field = at(path, schema)
  return reading((answer) => field.read(answer))
}

/**
 * Reads several values of an answer.
 *
 * @since 0.1.0
 * @category answers
 */
export const answer = <const F extends { readonly [name: string]: Field<unknown> }>(
  fields: F
): Schema.Schema<Values<F>, unknown> => {
  const read = record(fields)
  return reading((answer) => read(answer))
}

/**
 * Reads one row, and fails when it is not understood.
 *
 * @since 0.1.0
 * @category answers
 */
export const one = <A>(row: Row<A>): Schema.Schema<A, unknown> => reading((value) => row.read(value))

/**
 * Reads every row of a list, and fails when one is not understood.
 *
 * @since 0.1.0
 * @category answers
 */
export const every = <A>(row: Row<A>): Schema.Schema<ReadonlyArray<A>, ReadonlyArray<unknown>> => Schema.Array(one(row))

/**
 * Reads a value where it is of a shape; `undefined` where it is not.
 *
 * @since 0.1.0
 * @category answers
 */
export const ifAny = <A, I>(schema: Schema.Schema<A, I>): (value: unknown) => A | undefined => {
  const decode = Schema.decodeUnknownOption(schema)
  return (value) => Option.getOrUndefined(decode(value))
}

/**
 * Reads a list of rows of which none hides another: those that are not understood are told apart.
 *
 * @since 0.1.0
 * @category answers
 */
export const list = <A>(row: Row<A>): Schema.Schema<Listing.Listing<A>, unknown> =>
  reading((value, ast) =>
    Array.isArray(value)
      ? Either.right(listing(row, value))
      : Either.left(new ParseResult.Type(ast, value, "expected a list"))
  )

/**
 * Reads rows that stand under a key each, `{ "O1": { ... } }`, as if the key were a property of the row: the one called
 * `key`. No rows may also be an empty list.
 *
 * @since 0.1.0
 * @category answers
 */
export const keyed = <A>(key: string, row: Row<A>): Schema.Schema<Listing.Listing<A>, unknown> =>
  reading((value, ast) => {
    if (Array.isArray(value) && value.length === 0) return Either.right(listing(row, []))
    return Predicate.isReadonlyRecord(value)
      ? Either.right(
        listing(
          row,
          Object.entries(value).map(([id, each]) => Predicate.isRecord(each) ? { ...each, [key]: id } : each)
        )
      )
      : Either.left(new ParseResult.Type(ast, value, "expected rows by their keys"))
  })

const listing = <A>(row: Row<A>, values: ReadonlyArray<unknown>): Listing.Listing<A> => {
  const rows: Array<A> = []
  const unknown: Array<Listing.Unknown> = []
  for (const value of values) {
    const read = row.read(value)
    if (Either.isRight(read)) rows.push(read.right)
    else unknown.push({ ...row.identify(value), detail: describe(read.left) })
  }
  return { rows, unknown }
}

// Names of fields, and never their values.
const describe = (issue: ParseResult.ParseIssue): string =>
  Arr.dedupe(ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ path }) => path.join(".")))
    .filter((path) => path !== "")
    .join(", ")
