/**
 * Exact decimals: `BigDecimal` behind a guard.
 *
 * Effect's own codec takes any exponent (adding one to `1e10000000` costs a second of CPU), reads `""` as zero and
 * prints `1e-18`. These take plain notation of at most 40 digits on either side of the point, and print it.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

const plain = /^-?\d{1,40}(?:\.\d{1,40})?$/
const scientific = /^(-?)(\d)(?:\.(\d+))?e([+-]\d{1,2})$/

/**
 * A decimal from plain notation (`-12.50`); none for anything else: no exponent, no sign but `-`, no blank, at most 40
 * digits on either side of the point.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Option.Option<BigDecimal.BigDecimal> =>
  plain.test(text) ? BigDecimal.fromString(text) : Option.none()

/**
 * A decimal from a number as JSON carries it: the shortest decimal that denotes the number. None for `NaN`, infinities
 * and integers beyond `Number.MAX_SAFE_INTEGER`, whose digits JSON has already lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromNumber = (value: number): Option.Option<BigDecimal.BigDecimal> => {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return Option.none()
  const text = String(value)
  const parts = scientific.exec(text)
  if (parts === null) return parse(text)
  // Below MAX_SAFE_INTEGER only small numbers print with an exponent: 1.5e-7 is 0.00000015.
  const [, sign = "", head = "", tail = "", exponent = "0"] = parts
  return parse(`${sign}0.${"0".repeat(-Number(exponent) - 1)}${head}${tail}`)
}

/**
 * A decimal from plain notation known to be valid; throws otherwise. For constants.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (text: string): BigDecimal.BigDecimal => Option.getOrThrow(parse(text))

/**
 * Plain notation, never an exponent: the digits the decimal has, trailing zeros included (`64000.50`).
 *
 * @since 0.1.0
 * @category formatting
 */
export const format = (decimal: BigDecimal.BigDecimal): string => {
  const { scale, value } = decimal
  if (scale <= 0) return `${value}${value === 0n ? "" : "0".repeat(-scale)}`
  const negative = value < 0n
  const digits = (negative ? -value : value).toString().padStart(scale + 1, "0")
  return `${negative ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const expected = "expected a plain decimal of at most 40 digits on either side of the point"
const limit = 10n ** 40n

/**
 * Whether a decimal has at most 40 digits on either side of the point, trailing zeros included, as all that is read and
 * sent here has.
 *
 * Ask before {@link format} where the decimal is not one's own: a scale of minus a billion would print a gigabyte.
 *
 * @since 0.1.0
 * @category predicates
 */
export const fits = ({ scale, value }: BigDecimal.BigDecimal): boolean => {
  const size = value < 0n ? -value : value
  return scale <= 40 &&
    (scale > 0 ? size < limit * 10n ** BigInt(scale) : size < limit && size.toString().length - scale <= 40)
}

const decoded = (
  ast: SchemaAST.AST,
  actual: string | number,
  read: Option.Option<BigDecimal.BigDecimal>
): Either.Either<BigDecimal.BigDecimal, ParseResult.ParseIssue> =>
  Either.fromOption(
    read,
    () => new ParseResult.Type(ast, actual, expected)
  )

/**
 * A decimal carried as a string (`"64000.50"`), as most exchanges send money.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FromString: Schema.Schema<BigDecimal.BigDecimal, string> = Schema.transformOrFail(
  Schema.String,
  Schema.BigDecimalFromSelf,
  {
    strict: true,
    decode: (text, _, ast) => decoded(ast, text, parse(text)),
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
