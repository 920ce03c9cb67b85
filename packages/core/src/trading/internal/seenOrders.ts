import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import { dropOldest } from "../../model/internal/dropOldest.js"
import type { Market } from "../../model/Market.js"
import { isClosed, type Order } from "../../model/Order.js"

/**
 * The orders of an account as its feeds report them, and the markets in which it has had any, shared by everything in
 * one Layer.
 *
 * @internal
 */
export interface SeenOrders {
  readonly report: (order: Order) => void
  readonly visit: (market: Market) => void
  readonly markets: () => ReadonlyArray<Market>
  /**
   * Waits for the first order that matches. `known` also accepts orders that were already reported, the latest first;
   * `next` accepts only later reports. Never returns if no feed has a subscriber.
   */
  readonly first: (from: "known" | "next", isMeant: (order: Order) => boolean) => Effect.Effect<Order>
}

/** The maximum number of orders to remember. */
const most = 1000

/** @internal */
export const make = (): SeenOrders => {
  const known = new Map<string, Order>()
  const markets = new Map<string, Market>()
  const waiting = new Set<(order: Order) => void>()
  return {
    report: (order) => {
      const before = known.get(order.id)
      // Every stream reports the order, and one may lag behind another.
      if (before !== undefined && isOlder(before, order)) return
      known.delete(order.id)
      known.set(order.id, order)
      dropOldest(known, most)
      for (const notify of waiting) notify(order)
    },
    visit: (market) => {
      markets.set(market.symbol, market)
    },
    markets: () => Array.from(markets.values()),
    first: (from, isMeant) =>
      Effect.async<Order>((resume) => {
        const found = from === "known" ? Array.from(known.values()).findLast(isMeant) : undefined
        if (found !== undefined) return resume(Effect.succeed(found))
        const notify = (order: Order) => {
          if (!isMeant(order)) return
          waiting.delete(notify)
          resume(Effect.succeed(order))
        }
        waiting.add(notify)
        return Effect.sync(() => waiting.delete(notify))
      })
  }
}

/**
 * Returns `true` if `next` is an earlier state of an order than `known`. Feeds, answers and histories report the states
 * of an order in any sequence, and repeatedly. An ended order stays ended, and its filled amount never shrinks.
 *
 * @internal
 */
export const isOlder = (known: Order, next: Order): boolean =>
  (isClosed(known) && !isClosed(next)) ||
  BigDecimal.lessThan(next.filled, known.filled) ||
  (known.updatedAt !== undefined && next.updatedAt !== undefined && next.updatedAt < known.updatedAt) ||
  (known.status === "open" && next.status === "pending")

/**
 * Returns when an order changed last, as far as the exchange says so, and `otherwise` if it does not.
 *
 * @internal
 */
export const changedAt = ({ createdAt, updatedAt }: Order, otherwise: number): number =>
  updatedAt ?? createdAt ?? otherwise
