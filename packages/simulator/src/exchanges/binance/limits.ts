/**
 * Binance's request weight: one counter per IP and clock minute, another for `/sapi`, and the ban of those who go on.
 *
 * @internal
 */
import type { Usage } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"

/** @internal */
export interface Meter {
  readonly minute: number
  readonly weight: number
  readonly sapiWeight: number
  readonly refusals: number
  readonly bans: number
  readonly bannedUntil: number
}

/** @internal Meters by remote address. */
export type Meters = ReadonlyMap<string, Meter>

/** @internal */
export const weightLimit = 6000
/** @internal */
export const sapiLimit = 12_000
const patience = 10
/** @internal */
export const minute = 60_000

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

/** @internal */
export const idle: Meter = { minute: 0, weight: 0, sapiWeight: 0, refusals: 0, bans: 0, bannedUntil: 0 }

const banLength = (bans: number): number => Math.min(2 * minute * 4 ** bans, 3 * 24 * 60 * minute)

const roll = (meter: Meter, now: number): Meter => {
  const current = Math.floor(now / minute)
  return meter.minute === current ? meter : { ...meter, minute: current, weight: 0, sapiWeight: 0, refusals: 0 }
}

/** @internal Charges a request to its address. */
export const charge = (
  before: Meter,
  now: number,
  sapi: boolean,
  cost: number
): readonly [verdict: "admitted" | "limited" | "banned", next: Meter] => {
  if (now < before.bannedUntil) return ["banned", before]
  const rolled = roll(before, now)
  const meter = sapi
    ? { ...rolled, sapiWeight: rolled.sapiWeight + cost }
    : { ...rolled, weight: rolled.weight + cost }
  if (meter.weight <= weightLimit && meter.sapiWeight <= sapiLimit) return ["admitted", meter]
  if (meter.refusals < patience) return ["limited", { ...meter, refusals: meter.refusals + 1 }]
  return ["banned", { ...meter, bans: meter.bans + 1, bannedUntil: now + banLength(meter.bans) }]
}

/** @internal Gives the weight of a request back. */
export const refund = (meter: Meter, cost: number): Meter => ({ ...meter, weight: Math.max(0, meter.weight - cost) })

/** @internal */
export const usage = (meters: Meters, now: number): ReadonlyArray<Usage> =>
  [...meters].flatMap(([address, meter]) => {
    const { bannedUntil, sapiWeight, weight } = roll(meter, now)
    const ban = now < bannedUntil ? { bannedUntil } : {}
    return [
      { scope: `ip:${address}`, used: weight, limit: weightLimit, ...ban },
      { scope: `sapi-ip:${address}`, used: sapiWeight, limit: sapiLimit, ...ban }
    ]
  })
