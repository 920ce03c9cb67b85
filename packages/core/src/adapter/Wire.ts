/**
 * Decoders for the answers of an exchange: values as they are written on the wire, fields of a row, and lists of rows.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { mismatches } from "../engine/internal/mismatch.js"
import type * as Listing from "../model/Listing.js"
import { at, type Field, type Path, record, type Values } from "./internal/wireFields.js"
import { pick, reading, taking, unread, type Value } from "./internal/wireReading.js"

export * from "./internal/wireFields.js"
export { pick, reading, taking, type Unread, unread, type Value } from "./internal/wireReading.js"
export * from "./internal/wireValues.js"

/**
 * A reader for the rows of a list. `identify` reads the identifiers of a row that cannot be decoded.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row<out A> extends Field<A> {
  readonly identify: (row: unknown) => Omit<Listing.Unknown, "detail">
}

/**
 * Reads a value at a path of an answer: `within("result.list", schema)`.
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
 * Reads one row, and fails if it cannot be decoded.
 *
 * @since 0.1.0
 * @category answers
 */
export const one = <A>({ take, why }: Field<A>): Value<A> => reading(take, why)

/**
 * Reads the only value in an array or object, whatever its key. Object keys that are listed in `beside` are ignored.
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
    "expected exactly one value"
  )

/**
 * Reads every row of a list, and fails if one cannot be decoded: a sum over the other rows would be wrong. With a
 * `key`, the rows are the values of an object, as for `keyed`.
 *
 * @since 0.1.0
 * @category answers
 */
export const every = <A>(row: Row<A>, key?: string): Value<ReadonlyArray<A>> =>
  reading<ReadonlyArray<A>>((value) => {
    const values = valuesOf(value, key)
    if (values === undefined) return unread
    const rows: Array<A> = []
    for (const each of values) {
      const read = row.take(each)
      if (read === unread) return unread
      rows.push(read)
    }
    return rows
  }, (value) => {
    const values = valuesOf(value, key)
    if (values === undefined) return new ParseResult.Type(Schema.Unknown.ast, value, expected(key))
    const wrong = values.findIndex((each) => row.take(each) === unread)
    return new ParseResult.Pointer(wrong, value, row.why(values[wrong]))
  })

/**
 * Returns the rows of a list or, with a `key`, the values of an object. An object without rows may also be an empty
 * list.
 */
const valuesOf = (value: unknown, key: string | undefined): ReadonlyArray<unknown> | undefined => {
  if (Array.isArray(value)) return key === undefined || value.length === 0 ? value : undefined
  return key === undefined || !Predicate.isReadonlyRecord(value)
    ? undefined
    : Object.entries(value).map(([id, each]) => Predicate.isRecord(each) ? { ...each, [key]: id } : each)
}

const expected = (key: string | undefined): string =>
  key === undefined ? "expected a list" : "expected an object of rows"

/**
 * Reads a value if it matches the schema. Returns `undefined` if it does not.
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
 * Reads a list of rows. Rows that cannot be decoded are reported separately and do not hide the others.
 *
 * @since 0.1.0
 * @category answers
 */
export const list = <A>(row: Row<A>): Value<Listing.Listing<A>> => listing(row)

/**
 * Reads rows that are the values of an object, `{ "O1": { ... } }`, as if each object key were the property `key` of
 * its row. An empty list also means no rows.
 *
 * @since 0.1.0
 * @category answers
 */
export const keyed = <A>(key: string, row: Row<A>): Value<Listing.Listing<A>> => listing(row, key)

const listing = <A>(row: Row<A>, key?: string): Value<Listing.Listing<A>> =>
  reading<Listing.Listing<A>>((value) => {
    const values = valuesOf(value, key)
    if (values === undefined) return unread
    const rows: Array<A> = []
    const unknown: Array<Listing.Unknown> = []
    for (const each of values) {
      const read = row.take(each)
      if (read !== unread) rows.push(read)
      else unknown.push({ ...row.identify(each), detail: describe(row.why(each)) })
    }
    return { rows, unknown }
  }, expected(key))

// Names the fields, never their values.
const describe = (issue: ParseResult.ParseIssue): string =>
  Arr.dedupe(mismatches(issue).map(({ path }) => path.join(".")))
    .filter((path) => path !== "")
    .join(", ")
