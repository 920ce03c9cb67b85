import { BigDecimal, Equal, Predicate } from "effect"
import type { Operation, Row } from "./row.js"

type Rule = Row["rule"]

const isWrite = (operation: Operation): boolean => operation === "place" || operation === "cancel"

/** Fields of an order in which a client cannot detect a lie: its id and its outcome. */
const unverifiable = new Set([
  "id",
  "status",
  "filled",
  "averagePrice",
  "createdAt",
  "updatedAt",
  "timeInForce",
  "postOnly"
])

/** For a cancellation, only the id of the order is known. */
const unknown = new Set([...unverifiable, "side", "type", "price", "amount"])

/** Returns `true` if the rule allows a value. Times near `now` may be those of receipt. */
export const agrees = (operation: Operation, rule: Rule, value: unknown, truth: unknown, now: number): boolean => {
  if (isWrite(operation)) {
    const ignored = rule !== "unverifiable" ? times : operation === "cancel" ? unknown : unverifiable
    return similar(without(value, ignored), without(truth, times), { part: true, fewer: true, more: true, now })
  }
  // An order that cannot be decoded is left out, and hides no other.
  const fewer = operation === "openOrders"
  return rule === "unverifiable"
    ? isOf(value, truth)
    : similar(value, truth, { part: rule === "part", fewer, more: false, now })
}

// An order is looked up a little later than it was placed.
const times = new Set(["createdAt", "updatedAt"])

const without = (value: unknown, names: ReadonlySet<string>): unknown =>
  Predicate.isRecord(value)
    ? Object.fromEntries(
      Object.entries(value).filter(([name]) => !names.has(name)).map(([name, field]) => [
        name,
        name === "status" && field === "pending" ? "open" : field
      ])
    )
    : value

const similar = (
  value: unknown,
  truth: unknown,
  how: { readonly part: boolean; readonly fewer: boolean; readonly more: boolean; readonly now: number }
): boolean => {
  if (value === undefined) return truth === undefined || how.part
  if (truth === undefined) return how.more
  if (BigDecimal.isBigDecimal(value)) return Equal.equals(value, truth)
  if (typeof value === "number" && typeof truth === "number") {
    return value === truth || (Math.abs(value - how.now) < 60_000 && Math.abs(truth - how.now) < 60_000)
  }
  if (Array.isArray(value)) {
    return Array.isArray(truth) &&
      (how.part || how.fewer
        ? value.every((each) => truth.some((one) => similar(each, one, how)))
        : value.length === truth.length && value.every((each, index) => similar(each, truth[index], how)))
  }
  if (Predicate.isRecord(value)) {
    return Predicate.isRecord(truth) &&
      [...new Set([...Object.keys(value), ...Object.keys(truth)])].every((name) =>
        similar(value[name], truth[name], how)
      )
  }
  // Similar characters are not equal.
  return value === truth
}

/** Returns `true` if a value, or every row of it, is of the requested exchange and market. */
const isOf = (value: unknown, truth: unknown): boolean => {
  const asked = Array.isArray(truth) ? truth[0] : truth
  const rows: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
  return rows.every((row) =>
    !Predicate.isRecord(row) || !Predicate.isRecord(asked) ||
    (row["exchange"] === asked["exchange"] && row["symbol"] === asked["symbol"])
  )
}
