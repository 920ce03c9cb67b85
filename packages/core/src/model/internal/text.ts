/**
 * The characters that untrusted text must not bring into an error or a log: control characters (they forge lines),
 * bidirectional marks (they reorder text), invisible characters, and unpaired surrogates.
 *
 * @internal
 */
export const invisible = "\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\\p{Zl}\\p{Zp}\\p{Cs}"

const runs = new RegExp(`[${invisible}]+`, "gu")

/**
 * Replaces each run of invisible characters with a space, and truncates the text to `length` characters.
 *
 * @internal
 */
export const printable = (text: string, length: number): string => {
  // Truncated generously before the search, so that a body of 10 MB costs nothing, and to the exact length afterwards.
  const folded = text.slice(0, length * 20).replace(runs, " ").trim()
  return folded.length > length ? `${folded.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…` : folded
}

/**
 * Returns the text in a form that is safe in an error message: printable, at most 200 characters.
 *
 * @internal
 */
export const clean = (text: string): string => printable(text, 200)
