import * as Arr from "effect/Array"
import * as Order from "effect/Order"

/**
 * Returns the latest rows of a history, oldest first. Rows with the same instant keep their order.
 *
 * @internal
 */
export const latest = <A>(
  rows: ReadonlyArray<A>,
  at: (row: A) => number,
  query: { readonly since: number | undefined; readonly limit: number }
): ReadonlyArray<A> => {
  const { since } = query
  const wanted = since === undefined ? rows : rows.filter((row) => at(row) >= since)
  return Arr.takeRight(Arr.sortWith(wanted, at, Order.number), query.limit)
}
