import type { Numbered } from "./protocol.js"

/**
 * Creates a function that checks, by their sequence numbers, whether each frame follows the previous ones.
 *
 * @internal
 */
export const order = () => {
  const latest = new Map<string, number>()
  return (said: number | Numbered | undefined): "next" | "old" | "gap" => {
    if (said === undefined) return "next"
    const { begins, number, series } = typeof said === "number" ? { series: "", number: said, begins: false } : said
    const last = begins ? undefined : latest.get(series)
    if (last !== undefined && number <= last) return "old"
    latest.set(series, number)
    return last === undefined || number === last + 1 ? "next" : "gap"
  }
}
