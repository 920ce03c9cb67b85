/**
 * Formats text in columns.
 *
 * @since 0.1.0
 */

/**
 * The meaning of a cell, which decides its colour.
 *
 * @since 0.1.0
 * @category models
 */
export type Tone = "plain" | "good" | "bad" | "faint"

/**
 * The text of a cell. A plain string has the tone `"plain"`.
 *
 * @since 0.1.0
 * @category models
 */
export type Cell = string | { readonly text: string; readonly tone: Tone }

/**
 * A column of a table.
 *
 * @since 0.1.0
 * @category models
 */
export interface Column {
  readonly title: string
  /** Defaults to `"left"`. */
  readonly align?: "left" | "right" | undefined
}

const codes: { readonly [T in Tone]: string } = { plain: "", good: "32", bad: "31", faint: "2" }

/**
 * Colours a text by its tone, if `colors` is `true`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const paint = (text: string, tone: Tone, colors: boolean): string =>
  colors && codes[tone] !== "" ? `\u{1b}[${codes[tone]}m${text}\u{1b}[0m` : text

/**
 * Formats a table: titles, a rule, and the rows. Columns are two blanks apart, and lines have no trailing blanks.
 * Control characters become blanks, so that no cell can move the cursor.
 *
 * @since 0.1.0
 * @category formatting
 */
export const render = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>,
  colors: boolean
): string => {
  const cells = rows.map((row) => columns.map((_, index) => normalize(row[index] ?? "")))
  const widths = columns.map(({ title }, index) =>
    Math.max(lengthOf(title), ...cells.map((row) => lengthOf(row[index]?.text ?? "")))
  )
  const lineOf = (row: ReadonlyArray<{ readonly text: string; readonly tone: Tone }>): string =>
    row.map(({ text, tone }, index) => {
      const padding = " ".repeat((widths[index] ?? 0) - lengthOf(text))
      const painted = paint(text, tone, colors)
      if (columns[index]?.align === "right") return padding + painted
      return index === row.length - 1 ? painted : painted + padding
    }).join("  ").trimEnd()
  return [
    lineOf(columns.map(({ title }) => ({ text: title, tone: "faint" }))),
    lineOf(widths.map((width) => ({ text: "─".repeat(width), tone: "faint" }))),
    ...cells.map(lineOf)
  ].join("\n")
}

const lengthOf = (text: string): number => Array.from(text).length

const normalize = (cell: Cell): { readonly text: string; readonly tone: Tone } => {
  const { text, tone } = typeof cell === "string" ? { text: cell, tone: "plain" as const } : cell
  return { text: text.replace(/\p{Cc}+/gu, " "), tone }
}
