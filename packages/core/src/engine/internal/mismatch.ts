import * as ParseResult from "effect/ParseResult"

/**
 * Where a value did not fit, and why; none where that cannot be told.
 *
 * @internal
 */
export const mismatches = (issue: ParseResult.ParseIssue): ReadonlyArray<ParseResult.ArrayFormatterIssue> => {
  try {
    return ParseResult.ArrayFormatter.formatIssueSync(issue)
  } catch {
    // The formatter prints the value by recursion: JSON nested some thousand levels deep overflows its stack.
    return []
  }
}

/**
 * What did not fit, for an error: where, and for public data also what. Private data stays out of errors.
 *
 * @internal
 */
export const describeMismatch = (
  { issue }: ParseResult.ParseError,
  options: { readonly values: boolean; readonly clean: (text: string) => string }
): string => {
  const [first] = mismatches(issue)
  const where = first === undefined || first.path.length === 0
    ? ""
    : ` at ${options.clean(first.path.map(String).join("."))}`
  const what = first === undefined || !options.values ? "" : `: ${options.clean(first.message)}`
  return `${where}${what}`
}
