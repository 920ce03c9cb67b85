/**
 * How a call begins once it has been admitted, and what it may take for that.
 *
 * @internal
 */
import type { Claim, Limit } from "../RateLimiterStore.js"

/**
 * - `Returns`: what was spent is handed over where interruption is masked, and counts from that instant.
 * - `Starts`: it runs, and counts from when it does.
 * - `Holds`: it runs, and what it holds counts until it is committed, refunded, or at its end spent.
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
 * The most that a call may ever cost: one of the first lane, and one of another.
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
