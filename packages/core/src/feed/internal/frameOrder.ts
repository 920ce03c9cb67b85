import type { Numbered } from "./protocol.js"

/**
 * Creates a function that checks, by their sequence numbers, whether each frame follows the previous ones.
 *
 * @internal
 */
export const order = () => {
  const latest = new Map<string, number>()
  return (numbered: number | Numbered | undefined): "next" | "old" | "gap" => {
    if (numbered === undefined) return "next"
    const { begins, number, series } = typeof numbered === "number"
      ? { series: "", number: numbered, begins: false }
      : numbered
    const last = begins ? undefined : latest.get(series)
    if (last !== undefined && number <= last) return "old"
    latest.set(series, number)
    return last === undefined || number === last + 1 ? "next" : "gap"
  }
}
