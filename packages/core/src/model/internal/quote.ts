/**
 * Quotes text from a caller for use in a log: at most 60 characters, with every character escaped that is invisible,
 * moves the cursor or changes the text direction.
 *
 * @internal
 */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`
  ).join("")

/**
 * Describes any value in words: text is quoted, and of other values only the type is named.
 *
 * @internal
 */
export const describe = (value: unknown): string => {
  if (typeof value === "string") return quote(value)
  if (value === undefined) return "nothing"
  if (value === null) return "null"
  if (Array.isArray(value)) return "an array"
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`
}
