import * as ParseResult from "effect/ParseResult"

/**
 * Returns where a value does not match the schema, and why. Returns an empty array if that cannot be determined.
 *
 * @internal
 */
export const mismatches = (issue: ParseResult.ParseIssue): ReadonlyArray<ParseResult.ArrayFormatterIssue> => {
  try {
    return ParseResult.ArrayFormatter.formatIssueSync(issue)
  } catch {
    // The formatter prints the value recursively: JSON nested thousands of levels deep overflows its stack.
    return []
  }
}

/**
 * Describes a mismatch for an error: where it is, and for public data also what it is. Private data must not appear in
 * errors.
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
