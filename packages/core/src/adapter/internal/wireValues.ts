import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as Struct from "effect/Struct"
import * as Decimal from "../../model/Decimal.js"

/**
 * Makes a schema of a function that reads. What is read is never written back.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reading = <A>(
  read: (value: unknown, ast: SchemaAST.AST) => Either.Either<A, ParseResult.ParseIssue>
): Schema.Schema<A, unknown> =>
  Schema.declare<A, unknown, readonly []>([], {
    decode: () => (value, _, ast) => read(value, ast),
    encode: () => (value, _, ast) =>
      ParseResult.fail(new ParseResult.Forbidden(ast, value, "answers are read and never written"))
  })

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
 * Our words, each with the exchange's for it, separated by blanks: `{ canceled: "Cancelled Deactivated" }`. A word that is not
 * in the table is not understood.
 *
 * @since 0.1.0
 * @category values
 */
export const meaning = <const T extends { readonly [ours: string]: string }>(
  table: T
): Schema.Schema<keyof T & string, unknown> => words(byWord(table))

/**
 * Our words with the exchange's, as in {@link meaning}, and one word for all others.
 *
 * @since 0.1.0
 * @category values
 */
export const meaningOr = <const T extends { readonly [ours: string]: string }, const D>(
  table: T,
  otherwise: D
): Schema.Schema<(keyof T & string) | D, unknown> => wordsOr(byWord(table), otherwise)

const byWord = <T extends { readonly [ours: string]: string }>(table: T) =>
  Object.fromEntries(
    Struct.keys(table).flatMap((ours) => table[ours]?.split(" ").map((word) => [word, ours] as const) ?? [])
  )

/**
 * What is `true`, or said to be: all else is not.
 *
 * @since 0.1.0
 * @category values
 */
export const isTrue: Schema.Schema<boolean, unknown> = wordsOr({ true: true }, false)

const instant = (toMillis: (value: number) => number): Schema.Schema<number, unknown> =>
  reading((value, ast) => {
    const count = typeof value === "number" || (typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value))
      ? Math.round(toMillis(Number(value)))
      : Number.NaN
    return Number.isSafeInteger(count) && count >= 0
      ? Either.right(count)
      : Either.left(new ParseResult.Type(ast, value, "expected an instant as a number"))
  })

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
