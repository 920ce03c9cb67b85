/**
 * The words of an exchange's answers: values as they are written on the wire, where they stand in a row, and lists of rows.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as Decimal from "../model/Decimal.js"
import type * as Listing from "../model/Listing.js"

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
 * How a row of a list is read. `identify` finds the names in one that is not understood.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row<out A> extends Field<A> {
  readonly identify: (row: unknown) => Omit<Listing.Unknown, "detail">
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

// ---- values

/**
 * Text that is not empty. A number counts as the text of it where it has no more digits than a number holds.
 *
 * @since 0.1.0
 * @category values
 */
export const text: Schema.Schema<string, string | number> = Schema.transform(
  Schema.Union(Schema.String, Schema.Int),
  Schema.NonEmptyString,
  { strict: true, decode: String, encode: (text) => text }
)

/**
 * A decimal in text (`"64000.50"`).
 *
 * @since 0.1.0
 * @category values
 */
export const decimal: Schema.Schema<BigDecimal.BigDecimal, string> = Decimal.FromString

/**
 * A decimal in a JSON number (`64000.5`). One that has more digits than JavaScript's numbers comes as the text of them, and
 * no other text does.
 *
 * @since 0.1.0
 * @category values
 */
export const number: Schema.Schema<BigDecimal.BigDecimal, number | string> = Schema.Union(
  Decimal.FromNumber,
  Schema.compose(Schema.String.pipe(Schema.filter((text) => text.length > 15)), Decimal.FromString)
)

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === ""

/**
 * What may be missing: nothing, `null` and `""` are all `undefined`.
 *
 * @since 0.1.0
 * @category values
 */
export const blank = <A, I>(schema: Schema.Schema<A, I>): Schema.Schema<A | undefined, unknown> => {
  const decode = ParseResult.decodeUnknownEither(schema)
  return reading((value) => isBlank(value) ? Either.right(undefined) : decode(value))
}

/**
 * What says nothing where it cannot be read: for what is only told, and decides nothing.
 *
 * @since 0.1.0
 * @category values
 */
export const readable = <A, I>(schema: Schema.Schema<A, I>): Schema.Schema<A | undefined, unknown> => {
  const decode = ParseResult.decodeUnknownOption(schema)
  return reading((value) => Either.right(Option.getOrUndefined(decode(value))))
}

/**
 * What counts only above zero: a zero stands for none where there cannot be any (no trade yet, an empty side, no limit).
 *
 * @since 0.1.0
 * @category values
 */
export const positive = <I>(
  schema: Schema.Schema<BigDecimal.BigDecimal, I>
): Schema.Schema<BigDecimal.BigDecimal | undefined, unknown> => {
  const decode = ParseResult.decodeUnknownEither(blank(schema))
  return reading((value) =>
    Either.map(
      decode(value),
      (decimal) => decimal !== undefined && BigDecimal.isPositive(decimal) ? decimal : undefined
    )
  )
}

/**
 * The exchange's words in ours. A word that is not in the table is not understood.
 *
 * @since 0.1.0
 * @category values
 */
export const words = <const A>(table: { readonly [word: string]: A }): Schema.Schema<A, unknown> => {
  const known = new Map(Object.entries(table).map(([word, ours]) => [word, Either.right(ours)] as const))
  const expected = `expected one of ${[...known.keys()].join(", ")}`
  return reading((word, ast) => known.get(String(word)) ?? Either.left(new ParseResult.Type(ast, word, expected)))
}

/**
 * The exchange's words in ours, and one word for all others.
 *
 * @since 0.1.0
 * @category values
 */
export const wordsOr = <const A, const D>(
  table: { readonly [word: string]: A },
  otherwise: D
): Schema.Schema<A | D, unknown> => {
  const known = new Map(Object.entries(table).map(([word, ours]) => [word, Either.right<A | D>(ours)] as const))
  const other = Either.right<A | D>(otherwise)
  return reading((word) => known.get(String(word)) ?? other)
}

/**
 * Epoch milliseconds, as a number or the digits of one.
 *
 * @since 0.1.0
 * @category values
 */
export const millis: Schema.Schema<number, unknown> = instant((value) => value)

/**
 * An instant in seconds, as a number or in digits; here epoch milliseconds.
 *
 * @since 0.1.0
 * @category values
 */
export const seconds: Schema.Schema<number, unknown> = instant((value) => value * 1000)

/**
 * An instant in microseconds; here epoch milliseconds.
 *
 * @since 0.1.0
 * @category values
 */
export const micros: Schema.Schema<number, unknown> = instant((value) => value / 1000)

/**
 * An instant as ISO 8601 writes it; here epoch milliseconds.
 *
 * @since 0.1.0
 * @category values
 */
export const isoTime: Schema.Schema<number, unknown> = reading((value, ast) =>
  Option.match(typeof value === "string" ? DateTime.make(value) : Option.none(), {
    onNone: () => Either.left(new ParseResult.Type(ast, value, "expected an instant such as 2026-01-31T12:00:00Z")),
    onSome: (instant) => Either.right(DateTime.toEpochMillis(instant))
  })
)

function instant(toMillis: (value: number) => number): Schema.Schema<number, unknown> {
  return reading((value, ast) => {
    const count = typeof value === "number" || (typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value))
      ? Math.round(toMillis(Number(value)))
      : Number.NaN
    return Number.isSafeInteger(count) && count >= 0
      ? Either.right(count)
      : Either.left(new ParseResult.Type(ast, value, "expected an instant as a number"))
  })
}

// ---- lists and envelopes

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

/**
 * Makes a schema of a function that reads. What is read is never written back.
 *
 * @since 0.1.0
 * @category constructors
 */
export function reading<A>(
  read: (value: unknown, ast: SchemaAST.AST) => Either.Either<A, ParseResult.ParseIssue>
): Schema.Schema<A, unknown> {
  return Schema.declare<A, unknown, readonly []>([], {
    decode: () => (value, _, ast) => read(value, ast),
    encode: () => (value, _, ast) =>
      ParseResult.fail(new ParseResult.Forbidden(ast, value, "answers are read and never written"))
  })
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
