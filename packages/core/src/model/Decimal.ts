/**
 * Exact decimals: `BigDecimal` values that are read within bounds and printed in plain notation.
 *
 * Effect's own codec accepts any exponent (adding one to `1e10000000` takes a second of CPU time), reads `""` as zero
 * and prints `1e-18`. The decimals of this module have at most 40 digits before the point and 60 after it. They print
 * in plain notation everywhere: in `console.log`, `JSON.stringify`, logs and template strings, also when nested in
 * other values.
 *
 * **Gotchas**
 *
 * The result of an Effect operation such as `BigDecimal.sum` is a plain Effect decimal and prints Effect's way;
 * {@link of} converts it back. `Equal` and `BigDecimal.equals` treat both kinds as equal; `assert.deepStrictEqual` does
 * not.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as decimals from "./internal/decimals.js"
import * as exact from "./internal/exact.js"
import { quote } from "./internal/quote.js"

const plain = /^-?\d{1,40}(?:\.\d{1,40})?$/

/**
 * Parses a decimal in plain notation (`-12.50`), as people write it. Returns none for anything else: an exponent, a `+`
 * sign, whitespace, or more than 40 digits on either side of the point. Use {@link read} for the notation of exchanges.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Option.Option<BigDecimal.BigDecimal> =>
  plain.test(text) ? read(text) : Option.none()

/**
 * Parses a decimal in the notation of exchanges, plain or with an exponent (`1.5E+3`). Returns none for anything else,
 * and for more than 40 digits before the point or 60 after it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (text: string): Option.Option<BigDecimal.BigDecimal> => Option.fromNullable(decimals.ofText(text))

/**
 * Converts a JSON number to the shortest decimal that denotes it. Returns none for `NaN`, infinities, and numbers
 * beyond `Number.MAX_SAFE_INTEGER`, whose digits are already lost in JSON.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromNumber = (value: number): Option.Option<BigDecimal.BigDecimal> =>
  Option.fromNullable(decimals.ofNumber(value))

/**
 * Creates a decimal from plain notation. Throws if the text is invalid: meant for constants.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (text: string): BigDecimal.BigDecimal =>
  Option.getOrThrowWith(
    parse(text),
    () => new RangeError(`${quote(text)} is not plain decimal notation such as "0.001"`)
  )

/**
 * The number zero.
 *
 * @since 0.1.0
 * @category constants
 */
export const zero: BigDecimal.BigDecimal = exact.of(0n, 0)

/**
 * The number one.
 *
 * @since 0.1.0
 * @category constants
 */
export const one: BigDecimal.BigDecimal = exact.of(1n, 0)

/**
 * Returns the same decimal, printed in plain notation. Use it for the results of `BigDecimal` operations.
 *
 * @example
 * import { Decimal } from "@effect-exchange/core"
 * import { BigDecimal } from "effect"
 *
 * const worth = Decimal.of(BigDecimal.multiply(Decimal.make("0.5"), Decimal.make("64000.5")))
 * JSON.stringify({ worth }) // {"worth":"32000.25"}
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = ({ scale, value }: BigDecimal.BigDecimal): BigDecimal.BigDecimal => exact.of(value, scale)

/**
 * Divides two decimals. The quotient is rounded to 16 decimal places, half to even, and has no trailing zeros: an exact
 * quotient may have infinitely many digits, and no exchange's prices or sizes have more than 16 places. Throws if the
 * divisor is zero.
 *
 * @since 0.1.0
 * @category math
 */
export const unsafeQuotient = (
  dividend: BigDecimal.BigDecimal,
  divisor: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  of(BigDecimal.normalize(
    BigDecimal.round(BigDecimal.unsafeDivide(dividend, divisor), { scale: 16, mode: "half-even" })
  ))

/**
 * Formats a decimal in plain notation, never with an exponent, with all its digits including trailing zeros
 * (`64000.50`).
 *
 * @since 0.1.0
 * @category formatting
 */
export const format: (decimal: BigDecimal.BigDecimal) => string = exact.format

const expected = "expected a decimal with at most 40 digits before the point and 60 after it"

/**
 * Returns `true` if a decimal has at most 40 digits before the point and 60 after it, trailing zeros included. Every
 * decimal read by this module does.
 *
 * Check a decimal of unknown origin before you {@link format} it: with a scale of minus a billion it would print a
 * gigabyte.
 *
 * @since 0.1.0
 * @category predicates
 */
export const fits: (decimal: BigDecimal.BigDecimal) => boolean = exact.fits

const decoded = (
  ast: SchemaAST.AST,
  actual: string | number,
  found: Option.Option<BigDecimal.BigDecimal>
): Either.Either<BigDecimal.BigDecimal, ParseResult.ParseIssue> =>
  Either.fromOption(
    found,
    () => new ParseResult.Type(ast, actual, expected)
  )

/**
 * The schema of a decimal encoded as a string (`"64000.50"`, `"1E-8"`), as most exchanges send money. Encodes to plain
 * notation.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FromString: Schema.Schema<BigDecimal.BigDecimal, string> = Schema.transformOrFail(
  Schema.String,
  Schema.BigDecimalFromSelf,
  {
    strict: true,
    decode: (text, _, ast) => decoded(ast, text, read(text)),
    encode: (decimal, _, ast) =>
      fits(decimal)
        ? ParseResult.succeed(format(decimal))
        : ParseResult.fail(new ParseResult.Type(ast, decimal, expected))
  }
).annotations({ identifier: "Decimal.FromString" })

const carriedBy = (decimal: BigDecimal.BigDecimal): Option.Option<number> => {
  if (!fits(decimal)) return Option.none()
  const value = BigDecimal.unsafeToNumber(decimal)
  return Option.exists(fromNumber(value), BigDecimal.equals(decimal)) ? Option.some(value) : Option.none()
}

/**
 * The schema of a decimal encoded as a JSON number (`64000.5`), as BitMEX sends money. Encoding a decimal that a JSON
 * number cannot represent exactly fails instead of rounding.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FromNumber: Schema.Schema<BigDecimal.BigDecimal, number> = Schema.transformOrFail(
  Schema.Number,
  Schema.BigDecimalFromSelf,
  {
    strict: true,
    decode: (value, _, ast) => decoded(ast, value, fromNumber(value)),
    encode: (decimal, _, ast) =>
      Either.fromOption(
        carriedBy(decimal),
        () => new ParseResult.Type(ast, decimal, "expected a decimal that a JSON number can represent exactly")
      )
  }
).annotations({ identifier: "Decimal.FromNumber" })
