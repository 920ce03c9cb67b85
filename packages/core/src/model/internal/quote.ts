/**
 * Text of a caller's in quotes, fit for a log: at most 60 characters, with everything escaped that shows as nothing, moves
 * the cursor, or changes the direction of what follows.
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
 * What a value is, in words, whatever it is: text is quoted, of anything else only its type is named.
 *
 * @internal
 */
export const describe = (value: unknown): string => {
  if (typeof value === "string") return quote(value)
  if (value === undefined) return "left out"
  if (value === null) return "null"
  if (Array.isArray(value)) return "an array"
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`
}
