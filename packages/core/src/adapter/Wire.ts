/**
 * The words of an exchange's answers: values as they are written on the wire, where they stand in a row, and lists of rows.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type * as Listing from "../model/Listing.js"
import { at, type Field, type Path, record, type Values } from "./internal/wireFields.js"
import { pick, reading, taking, unread, type Value } from "./internal/wireReading.js"

export * from "./internal/wireFields.js"
export { pick, reading, taking, type Unread, unread, type Value } from "./internal/wireReading.js"
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
export const within = <A, I>(path: Path, schema: Schema.Schema<A, I>): Value<A> => {
  const { take, why } = at(path, schema)
  return reading(take, why)
}

/**
 * Reads several values of an answer.
 *
 * @since 0.1.0
 * @category answers
 */
export const answer = <const F extends { readonly [name: string]: Field<unknown> }>(fields: F): Value<Values<F>> => {
  const { take, why } = record(fields)
  return reading(take, why)
}

/**
 * Reads one row, and fails when it is not understood.
 *
 * @since 0.1.0
 * @category answers
 */
export const one = <A>({ take, why }: Field<A>): Value<A> => reading(take, why)

/**
 * Reads what is the only one of its kind in an answer, be it that of a list or under whatever name; what has a name in
 * `beside` stands there as well and is not counted.
 *
 * @since 0.1.0
 * @category answers
 */
export const sole = <A, I>(schema: Schema.Schema<A, I>, ...beside: ReadonlyArray<string>): Value<A> =>
  pick(
    (answer) => {
      const found = Predicate.isReadonlyRecord(answer) ? Struct.omit(answer, ...beside) : answer
      const [only = unread, ...others] = Predicate.isObject(found) ? Object.values(found) : []
      return others.length === 0 ? only : unread
    },
    schema,
    "expected one of its kind"
  )

/**
 * Reads every row of a list, and fails when one is not understood.
 *
 * @since 0.1.0
 * @category answers
 */
export const every = <A>(row: Row<A>): Value<ReadonlyArray<A>> =>
  reading<ReadonlyArray<A>>((value) => {
    if (!Array.isArray(value)) return unread
    const rows: Array<A> = []
    for (const each of value) {
      const read = row.take(each)
      if (read === unread) return unread
      rows.push(read)
    }
    return rows
  }, (value) => {
    if (!Array.isArray(value)) return new ParseResult.Type(Schema.Unknown.ast, value, "expected a list")
    const wrong = value.findIndex((each) => row.take(each) === unread)
    return new ParseResult.Pointer(wrong, value, row.why(value[wrong]))
  })

/**
 * Reads a value where it is of a shape; `undefined` where it is not.
 *
 * @since 0.1.0
 * @category answers
 */
export const ifAny = <A, I>(schema: Schema.Schema<A, I>): (value: unknown) => A | undefined => {
  const take = taking(schema)
  return (value) => {
    const found = take(value)
    return found === unread ? undefined : found
  }
}

/**
 * Reads a list of rows of which none hides another: those that are not understood are told apart.
 *
 * @since 0.1.0
 * @category answers
 */
export const list = <A>(row: Row<A>): Value<Listing.Listing<A>> =>
  reading((value) => Array.isArray(value) ? listing(row, value) : unread, "expected a list")

/**
 * Reads rows that stand under a key each, `{ "O1": { ... } }`, as if the key were a property of the row: the one called
 * `key`. No rows may also be an empty list.
 *
 * @since 0.1.0
 * @category answers
 */
export const keyed = <A>(key: string, row: Row<A>): Value<Listing.Listing<A>> =>
  reading((value) => {
    if (Array.isArray(value) && value.length === 0) return listing(row, [])
    if (!Predicate.isReadonlyRecord(value)) return unread
    const rows = Object.entries(value).map(([id, each]) => Predicate.isRecord(each) ? { ...each, [key]: id } : each)
    return listing(row, rows)
  }, "expected rows by their keys")

const listing = <A>(row: Row<A>, values: ReadonlyArray<unknown>): Listing.Listing<A> => {
  const rows: Array<A> = []
  const unknown: Array<Listing.Unknown> = []
  for (const value of values) {
    const read = row.take(value)
    if (read !== unread) rows.push(read)
    else unknown.push({ ...row.identify(value), detail: describe(row.why(value)) })
  }
  return { rows, unknown }
}

// Names of fields, and never their values.
const describe = (issue: ParseResult.ParseIssue): string =>
  Arr.dedupe(ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ path }) => path.join(".")))
    .filter((path) => path !== "")
    .join(", ")
