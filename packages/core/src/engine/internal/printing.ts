import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Decimal from "../../model/Decimal.js"
import type { Parameter, Parameters } from "./preparing.js"

type Printed<A> = Either.Either<A, ParseResult.ParseError>

/**
 * How decimals are printed: as text, as text without trailing zeros, or as JSON numbers.
 *
 * @internal
 */
export type Decimals = "text" | "shortest" | "number"

/**
 * Prints an input as it is sent: decimals in plain notation, and without undefined properties.
 *
 * @internal
 */
export const printed = (input: object, decimals: Decimals): Printed<Parameters> => {
  const all: { [name: string]: Parameter } = {}
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue
    const one = print(value, decimals)
    if (Either.isLeft(one)) return Either.left(inside(name, input, one.left))
    all[name] = one.right
  }
  return Either.right(all)
}

/** Adds the place of the value to its error. */
const inside = (name: string | number, input: object, { issue }: ParseResult.ParseError): ParseResult.ParseError =>
  new ParseResult.ParseError({ issue: new ParseResult.Pointer(name, input, issue) })

const encodeText = Schema.encodeEither(Decimal.FromString)
const encodeNumber = Schema.encodeEither(Decimal.FromNumber)

const print = (value: unknown, decimals: Decimals): Printed<Parameter> => {
  if (BigDecimal.isBigDecimal(value)) {
    if (decimals === "number") return encodeNumber(value)
    return encodeText(decimals === "shortest" ? BigDecimal.normalize(value) : value)
  }
  if (Array.isArray(value)) {
    return Either.all(
      value.map((each, index) => Either.mapLeft(print(each, decimals), (error) => inside(index, value, error)))
    )
  }
  if (Predicate.isReadonlyRecord(value)) return printed(value, decimals)
  if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) {
    return Either.right(typeof value === "number" || typeof value === "boolean" ? value : String(value))
  }
  const issue = new ParseResult.Type(
    Schema.Unknown.ast,
    value,
    "expected text, a number, a decimal, or a list of these"
  )
  return Either.left(new ParseResult.ParseError({ issue }))
}
