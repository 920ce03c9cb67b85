/**
 * Binance's limits: request weight per IP and clock minute, another for `/sapi`, unfilled orders of the account, and the
 * ban of those who go on.
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
  patience: aligned(10, minute),
  lasts: (bans) => Math.min(2 * minute * 4 ** bans, 3 * 24 * 60 * minute)
}

/** @internal How many unfilled orders an account may have placed within one window, aligned to the clock. */
export interface OrderLimit {
  readonly interval: "SECOND" | "DAY"
  readonly intervalNum: number
  readonly limit: number
  readonly milliseconds: number
  /** Its names in a header and in a refusal. */
  readonly header: string
  readonly words: string
}

/** @internal */
export const orderLimits: ReadonlyArray<OrderLimit> = [
  { interval: "SECOND", intervalNum: 10, limit: 100, milliseconds: 10_000, header: "10s", words: "TEN_SECONDS" },
  { interval: "DAY", intervalNum: 1, limit: 200_000, milliseconds: 1440 * minute, header: "1d", words: "DAY" }
]

/** @internal Orders placed in the window that an instant is in: one that has been filled no longer counts. */
export const unfilled = (engine: Engine.Engine, { milliseconds }: OrderLimit, now: number): number => {
  const since = Math.floor(now / milliseconds) * milliseconds
  return Engine.orders(engine).filter(({ createdAt, status }) => createdAt >= since && status !== "filled").length
}
