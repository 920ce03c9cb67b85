import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * The result of a reader for a value that it cannot decode.
 *
 * @since 0.1.0
 * @category models
 */
export const unread: unique symbol = Symbol.for("@effect-exchange/core/Wire/unread")

/**
 * The type of `unread`.
 *
 * @since 0.1.0
 * @category models
 */
export type Unread = typeof unread

/**
 * A schema whose values are decoded by a plain function. For rows by the thousand, this costs a small fraction of an
 * ordinary schema.
 *
 * @since 0.1.0
 * @category models
 */
export interface Value<A> extends Schema.Schema<A, unknown> {
  /** Returns the decoded value, or `unread` if it cannot be decoded. */
  readonly take: (value: unknown) => A | Unread
}

/**
 * Creates a schema from a function that reads a value. `expected` is a description of the expected value, or a function
 * that explains why a value cannot be decoded. Encoding always fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reading = <A>(
  take: (value: unknown) => A | Unread,
  expected: string | ((value: unknown) => ParseResult.ParseIssue)
): Value<A> =>
  Object.assign(
    Schema.declare<A, unknown, readonly []>([], {
      decode: () => (value, _, ast) => {
        const found = take(value)
        if (found !== unread) return Either.right(found)
        return Either.left(
          typeof expected === "string" ? new ParseResult.Type(ast, value, expected) : expected(value)
        )
      },
      encode: () => (value, _, ast) =>
        ParseResult.fail(new ParseResult.Forbidden(ast, value, "responses can only be decoded, not encoded"))
    }),
    { take }
  )

const isValue = <A, I>(schema: Schema.Schema<A, I>): schema is Schema.Schema<A, I> & Value<A> => "take" in schema

/**
 * Reads the part of a value that `pick` returns by a schema. A value for which it returns `unread` cannot be decoded.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pick = <A, I>(
  pick: (value: unknown) => unknown,
  schema: Schema.Schema<A, I>,
  expected: string
): Value<A> => {
  const take = taking(schema)
  return reading((value) => {
    const picked = pick(value)
    return picked === unread ? unread : take(picked)
  }, (value) => {
    const picked = pick(value)
    return picked === unread ? new ParseResult.Type(Schema.Unknown.ast, value, expected) : reason(schema, picked)
  })
}

/**
 * Creates a function that reads values by a schema of any kind.
 *
 * @since 0.1.0
 * @category readers
 */
export const taking = <A, I>(schema: Schema.Schema<A, I>): (value: unknown) => A | Unread => {
  if (isValue(schema)) return schema.take
  const decode = ParseResult.decodeUnknownEither(schema)
  return (value) => {
    const decoded = decode(value)
    return Either.isRight(decoded) ? decoded.right : unread
  }
}

/**
 * Explains why a schema cannot decode a value.
 *
 * @internal
 */
export const reason = <A, I>(schema: Schema.Schema<A, I>, value: unknown): ParseResult.ParseIssue =>
  Either.match(ParseResult.decodeUnknownEither(schema)(value), {
    onLeft: (issue) => issue,
    onRight: () => new ParseResult.Type(schema.ast, value)
  })
