import type * as BigDecimal from "effect/BigDecimal"
import { dropOldest } from "../../model/internal/dropOldest.js"
import * as OrderGuards from "../OrderGuards.js"

/**
 * The totals that the guards count, by day. There are several, because the local clock may be set back over midnight.
 *
 * @internal
 */
export type DailyTotals = ReadonlyMap<number, OrderGuards.Spent>

/** @internal */
export const empty: DailyTotals = new Map()

/**
 * Returns the total of the day of an instant (epoch milliseconds).
 *
 * @internal
 */
export const of = (totals: DailyTotals, at: number): OrderGuards.Spent => {
  const day = dayOf(at)
  return totals.get(day) ?? { ...OrderGuards.emptyTotal, day }
}

/**
 * Replaces the total of its day.
 *
 * @internal
 */
export const set = (totals: DailyTotals, total: OrderGuards.Spent): DailyTotals => {
  const next = new Map(totals)
  next.delete(total.day)
  next.set(total.day, total)
  dropOldest(next, mostDays)
  return next
}

/**
 * Subtracts the worth of an order that was counted at an instant (epoch milliseconds) and was not placed.
 *
 * @internal
 */
export const release = (
  totals: DailyTotals,
  currency: string,
  worth: BigDecimal.BigDecimal,
  at: number
): DailyTotals => {
  const total = totals.get(dayOf(at))
  return total === undefined ? totals : set(totals, OrderGuards.release(total, currency, worth, at))
}

/**
 * Sums the worth of a journal's orders by day.
 *
 * @internal
 */
export const fromJournal = (entries: ReadonlyArray<OrderGuards.Counted>): DailyTotals =>
  new Map(
    Array.from(new Set(entries.map(({ at }) => dayOf(at))), (day) => [
      day,
      OrderGuards.fromJournal(entries, day * dayMillis)
    ])
  )

const dayMillis = 86_400_000
const dayOf = (at: number): number => Math.floor(at / dayMillis)

/** The number of days to remember: those of which an order was counted or given back last. */
const mostDays = 4
