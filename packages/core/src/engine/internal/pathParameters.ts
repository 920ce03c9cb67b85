import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type * as SchemaAST from "effect/SchemaAST"
import type { Parameters } from "./preparing.js"

/**
 * Returns the names of the parameters in a path template.
 *
 * @internal
 */
export const namesIn = (path: string): ReadonlyArray<string> =>
  Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name)

/**
 * Returns the parameters, or an error if one of those in the path is not valid there.
 *
 * @internal
 */
export const fitting = (
  ast: SchemaAST.AST,
  inPath: ReadonlyArray<string>,
  parameters: Parameters
): Either.Either<Parameters, ParseResult.ParseError> => {
  // URL parsers resolve `.` and `..` even if they are percent-encoded, and an empty segment makes another path. No
  // encoding keeps these values in place.
  const misfit = inPath.find((name) => ["", ".", "..", "undefined"].includes(String(parameters[name])))
  if (misfit === undefined) return Either.right(parameters)
  const issue = new ParseResult.Type(ast, parameters[misfit], "expected text that is valid as a path segment")
  return Either.left(new ParseResult.ParseError({ issue: new ParseResult.Pointer(misfit, parameters, issue) }))
}
