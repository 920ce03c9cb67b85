/**
 * How a call begins after it has been admitted, and what it claims for that.
 *
 * @internal
 */
import type { Claim, Limit } from "./rateLimiterStoreModel.js"

/**
 * How a call begins after it has been admitted.
 *
 * - `Returns`: the reservation is returned in an uninterruptible region, and its cost counts from that instant.
 * - `Starts`: the effect runs, and the cost counts from when it starts.
 * - `Holds`: the effect runs, and the held cost counts until it is committed or refunded, or is spent when the effect
 *   ends.
 *
 * @internal
 */
export type Begin = "Returns" | "Starts" | "Holds"

/** @internal */
export const claims = (lane: number, begin: Begin): Claim => {
  const { held, spent } = lane === 0 ? first : other
  return begin === "Holds" ? held : spent
}

const first = { held: { isFirst: true, isHeld: true }, spent: { isFirst: true, isHeld: false } }
const other = { held: { isFirst: false, isHeld: true }, spent: { isFirst: false, isHeld: false } }

/**
 * The maximum cost of a call: one of the first lane, and one of another lane.
 *
 * @internal
 */
export interface Most {
  readonly first: number
  readonly other: number
}

/** @internal */
export const most = (limit: Limit): Most => {
  const first = "burst" in limit ? limit.burst : limit.limit
  return { first, other: first - limit.reserved }
}
