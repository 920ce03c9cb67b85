/**
 * Binance's limits: the request weight per IP address and clock minute, a separate weight for `/sapi`, the unfilled
 * orders of the account, and the ban of clients that ignore the limits.
 *
 * @internal
 */
import * as Engine from "../../engine/Engine.js"
import { aligned, type Penalty } from "../../internal/meters.js"

const minute = 60_000

/** @internal */
export const weight = aligned(6000, minute)
/** @internal */
export const sapiWeight = aligned(12_000, minute)

/** @internal */
export const ban: Penalty = {
  allowance: aligned(10, minute),
  lasts: (bans) => Math.min(2 * minute * 4 ** bans, 3 * 24 * 60 * minute)
}

/** @internal A limit on the unfilled orders that an account places within a window, which is aligned to the clock. */
export interface OrderLimit {
  readonly interval: "SECOND" | "DAY"
  readonly intervalNum: number
  readonly limit: number
  readonly milliseconds: number
  /** The names of the limit in a header and in an error. */
  readonly header: string
  readonly words: string
}

/** @internal */
export const orderLimits: ReadonlyArray<OrderLimit> = [
  { interval: "SECOND", intervalNum: 10, limit: 100, milliseconds: 10_000, header: "10s", words: "TEN_SECONDS" },
  { interval: "DAY", intervalNum: 1, limit: 200_000, milliseconds: 1440 * minute, header: "1d", words: "DAY" }
]

/** @internal Counts the orders placed in the window that contains `now`. Filled orders do not count. */
export const unfilled = (engine: Engine.Engine, { milliseconds }: OrderLimit, now: number): number => {
  const since = Math.floor(now / milliseconds) * milliseconds
  return Engine.orders(engine).filter(({ createdAt, status }) => createdAt >= since && status !== "filled").length
}
