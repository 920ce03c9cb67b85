import * as BigDecimal from "effect/BigDecimal"
import type { Fill } from "../../model/Fill.js"
import { dropOldest } from "../../model/internal/dropOldest.js"
import type { Market } from "../../model/Market.js"
import { isClosed, type Order } from "../../model/Order.js"
import { isOlder } from "../../trading/internal/seenOrders.js"

/**
 * An order with its market.
 *
 * @internal
 */
export interface OrderOf {
  readonly order: Order
  readonly market: Market
}

/** Returns `true` if `next` changes an order that was last known as `known`. An older state is not new. */
const isNew = (known: Order | undefined, next: Order): boolean => {
  if (known === undefined) return true
  if (isOlder(known, next)) return false
  return known.status !== next.status || !BigDecimal.equals(known.filled, next.filled) ||
    !isSame(known.price, next.price) || !isSame(known.amount, next.amount)
}

/** A missing value counts as unchanged. */
const isSame = (known: BigDecimal.BigDecimal | undefined, next: BigDecimal.BigDecimal | undefined): boolean =>
  next === undefined || (known !== undefined && BigDecimal.equals(known, next))

/**
 * The orders that a subscriber has received.
 *
 * @internal
 */
export interface Orders {
  /** Records the order as delivered if it is new, and returns whether it is. */
  readonly take: (order: OrderOf) => boolean
  readonly standing: () => ReadonlyArray<OrderOf>
  readonly forget: (id: string) => void
}

/** The maximum number of ended orders to remember. */
const most = 1000

/** @internal */
export const orders = (): Orders => {
  const standing = new Map<string, OrderOf>()
  const ended = new Map<string, Order>()
  return {
    take: (next) => {
      const { id } = next.order
      if (!isNew(standing.get(id)?.order ?? ended.get(id), next.order)) return false
      if (isClosed(next.order)) {
        standing.delete(id)
        ended.set(id, next.order)
        dropOldest(ended, most)
      } else standing.set(id, next)
      return true
    },
    standing: () => Array.from(standing.values()),
    forget: (id) => standing.delete(id)
  }
}

/** The maximum number of fills to remember. */
const mostFills = 10_000

/**
 * The fills that a subscriber has received. A trade with yourself has two fills with the same id.
 *
 * @internal
 */
export interface Fills {
  readonly isNew: (fill: Fill) => boolean
  /** Records the fill as delivered if it is new, and returns whether it is. */
  readonly take: (fill: Fill) => boolean
}

/** @internal */
export const fills = (): Fills => {
  const delivered = new Set<string>()
  const keyOf = ({ id, orderId, side, symbol }: Fill) => [symbol, id, orderId, side].join(" ")
  const isNew = (fill: Fill) => !delivered.has(keyOf(fill))
  return {
    isNew,
    take: (fill) => {
      if (!isNew(fill)) return false
      delivered.add(keyOf(fill))
      dropOldest(delivered, mostFills)
      return true
    }
  }
}
