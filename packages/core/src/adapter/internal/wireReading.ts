import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * What a reader answers for a value that it does not understand.
 *
 * @since 0.1.0
 * @category models
 */
export const unread: unique symbol = Symbol.for("@effect-exchange/core/Wire/unread")

/**
 * @since 0.1.0
 * @category models
 */
export type Unread = typeof unread

/**
 * A schema of values that are read by a function alone: for rows by the thousand it costs a small part of what a schema does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Value<A> extends Schema.Schema<A, unknown> {
  /** The value in ours, or `unread` where it is not understood. */
  readonly take: (value: unknown) => A | Unread
}

/**
 * Makes a schema of a function that reads, with what it expects, or why it does not understand a value. What is read is never
 * written back.
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
        ParseResult.fail(new ParseResult.Forbidden(ast, value, "answers are read and never written"))
    }),
    { take }
  )

const isValue = <A, I>(schema: Schema.Schema<A, I>): schema is Schema.Schema<A, I> & Value<A> => "take" in schema

/**
 * Reads by a schema what a function picks out of a value; one of which it picks `unread` is not understood.
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
 * Makes the function that reads by a schema, whatever its kind.
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
 * Tells why a schema does not understand a value.
 *
 * @internal
 */
export const reason = <A, I>(schema: Schema.Schema<A, I>, value: unknown): ParseResult.ParseIssue =>
  Either.match(ParseResult.decodeUnknownEither(schema)(value), {
    onLeft: (issue) => issue,
    onRight: () => new ParseResult.Type(schema.ast, value)
  })
