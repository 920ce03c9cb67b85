/**
 * Exact decimals: `BigDecimal` behind a guard, shown as one writes money.
 *
 * Effect's own codec takes any exponent (adding one to `1e10000000` costs a second of CPU), reads `""` as zero and
 * prints `1e-18`. These are read within bounds, and print plainly: so do `console.log`, `JSON.stringify`, logs and template
 * strings show them, and whatever holds them.
 *
 * **Gotchas**
 *
 * What Effect computes of them (`BigDecimal.sum`) is a decimal of Effect's, which shows itself in its own way:
 * {@link of} makes one of these again. `Equal` and `BigDecimal.equals` see no difference between the two;
 * `assert.deepStrictEqual` does.
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

const plain = /^-?\d{1,40}(?:\.\d{1,40})?$/

/**
 * A decimal from plain notation (`-12.50`); none for anything else: no exponent, no sign but `-`, no blank, at most 40
 * digits on either side of the point. For what people write; {@link read} is for what exchanges do.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Option.Option<BigDecimal.BigDecimal> =>
  plain.test(text) ? read(text) : Option.none()

/**
 * A decimal from an exchange's notation, plain or with an exponent (`1.5E+3`); none for anything else, or with more than 40
 * digits before the point or 60 after it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (text: string): Option.Option<BigDecimal.BigDecimal> => Option.fromNullable(decimals.ofText(text))

/**
 * A decimal from a number as JSON carries it: the shortest decimal that denotes the number. None for `NaN`, infinities
 * and integers beyond `Number.MAX_SAFE_INTEGER`, whose digits JSON has already lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromNumber = (value: number): Option.Option<BigDecimal.BigDecimal> =>
  Option.fromNullable(decimals.ofNumber(value))

/**
 * A decimal from plain notation known to be valid; throws otherwise. For constants.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (text: string): BigDecimal.BigDecimal => Option.getOrThrow(parse(text))

/**
 * The same decimal, shown plainly. For what was computed.
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
 * Divides, to sixteen places and without zeros at the end, as a quotient may have no end. That is more than any exchange's price
 * or size has. Throws where the divisor is zero.
 *
 * @since 0.1.0
 * @category math
 */
export const unsafeQuotient = (
  dividend: BigDecimal.BigDecimal,
  divisor: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  BigDecimal.normalize(
    BigDecimal.round(BigDecimal.unsafeDivide(dividend, divisor), { scale: 16, mode: "half-even" })
  )

/**
 * Plain notation, never an exponent: the digits the decimal has, trailing zeros included (`64000.50`).
 *
 * @since 0.1.0
 * @category formatting
 */
export const format: (decimal: BigDecimal.BigDecimal) => string = exact.format

const expected = "expected a decimal of at most 40 digits before the point and 60 after it"

/**
 * Whether a decimal has at most 40 digits before the point and 60 after it, trailing zeros included, as all that is read
 * here has.
 *
 * Ask before {@link format} where the decimal is not one's own: a scale of minus a billion would print a gigabyte.
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
 * A decimal carried as a string (`"64000.50"`, `"1E-8"`), as most exchanges send money. Written plainly.
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
 * A decimal carried as a JSON number (`64000.5`), as BitMEX sends money. One with more digits than a number has is not
 * rounded but refused.
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
        () => new ParseResult.Type(ast, decimal, "expected a decimal that a JSON number carries exactly")
      )
  }
).annotations({ identifier: "Decimal.FromNumber" })
