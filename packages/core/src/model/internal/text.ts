/**
 * What no text of a stranger's may bring into an error or a log: control characters (they forge lines), bidirectional
 * marks (they reorder what is read), characters nobody sees, and halves of surrogate pairs.
 *
 * @internal
 */
export const invisible = "\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\\p{Zl}\\p{Zp}\\p{Cs}"

const runs = new RegExp(`[${invisible}]+`, "gu")

/**
 * The text without invisible characters, a blank in the place of each run of them, and at most `length` characters of it.
 *
 * @internal
 */
export const printable = (text: string, length: number): string => {
  // Cut generously before the search, so that a body of 10 MB costs nothing, and finally after it.
  const folded = text.slice(0, length * 20).replace(runs, " ").trim()
  return folded.length > length ? `${folded.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…` : folded
}

/**
 * The text as it may stand in the sentence of an error: printable, at most 200 characters.
 *
 * @internal
 */
export const clean = (text: string): string => printable(text, 200)
