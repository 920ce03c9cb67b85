import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import type { Market } from "../../model/Market.js"
import { isClosed, type Order } from "../../model/Order.js"

/**
 * Orders of an account as its feeds tell of them, and the markets in which it has had any, for all that one Layer does.
 *
 * @internal
 */
export interface SeenOrders {
  readonly tell: (order: Order) => void
  readonly visit: (market: Market) => void
  readonly markets: () => ReadonlyArray<Market>
  /**
   * The first order that is meant: of those that were told of already (`known`) or only of those from now on (`next`). It
   * never comes where no feed is listened to.
   */
  readonly first: (from: "known" | "next", isMeant: (order: Order) => boolean) => Effect.Effect<Order>
}

/** So many orders are remembered. */
const most = 1000

/** @internal */
export const make = (): SeenOrders => {
  const known = new Map<string, Order>()
  const markets = new Map<string, Market>()
  const waiting = new Set<(order: Order) => void>()
  return {
    tell: (order) => {
      const before = known.get(order.id)
      // Each stream tells of it, and one may be behind another.
      if (before !== undefined && isOlder(before, order)) return
      known.delete(order.id)
      known.set(order.id, order)
      for (const oldest of known.keys()) {
        if (known.size <= most) break
        known.delete(oldest)
      }
      for (const hear of waiting) hear(order)
    },
    visit: (market) => {
      markets.set(market.symbol, market)
    },
    markets: () => Array.from(markets.values()),
    first: (from, isMeant) =>
      Effect.async<Order>((resume) => {
        const found = from === "known" ? Array.from(known.values()).findLast(isMeant) : undefined
        if (found !== undefined) return resume(Effect.succeed(found))
        const hear = (order: Order) => {
          if (!isMeant(order)) return
          waiting.delete(hear)
          resume(Effect.succeed(order))
        }
        waiting.add(hear)
        return Effect.sync(() => waiting.delete(hear))
      })
  }
}

/**
 * Whether `next` is an earlier state of an order than `known`. Feeds, answers and histories tell of one order in any order and
 * more than once: what ended stays ended, and what is filled stays filled.
 *
 * @internal
 */
export const isOlder = (known: Order, next: Order): boolean =>
  (isClosed(known) && !isClosed(next)) ||
  BigDecimal.lessThan(next.filled, known.filled) ||
  (known.updatedAt !== undefined && next.updatedAt !== undefined && next.updatedAt < known.updatedAt) ||
  (known.status === "open" && next.status === "pending")
