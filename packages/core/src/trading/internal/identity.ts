import * as BigDecimal from "effect/BigDecimal"
import type { Unknown } from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import type { Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"

/**
 * An order as it was requested, with which every answer about it is compared.
 *
 * @internal
 */
export interface Asked {
  readonly market: Market
  readonly clientOrderId: string
  readonly side: Order["side"]
  readonly type: "limit" | "market"
  readonly amount: BigDecimal.BigDecimal
  readonly price: BigDecimal.BigDecimal | undefined
  /** The earliest instant at which the order can have been created (epoch milliseconds, exchange's clock). */
  readonly from: number
  /**
   * Whether enough time has passed that the owner may have amended the order. If it has changed, its terms may differ.
   */
  readonly amendable: boolean
  /** Whether the call that sent the order is over, and has left its intent open. */
  readonly isLeftOpen: boolean
  /** Returns `true` once this program has amended the order, which it may before the call that placed it has ended. */
  readonly isAmended: () => boolean
  /** Returns `true` for an order that was already known when this one was requested. */
  readonly wasKnown: (order: Order) => boolean
  /** Returns `true` for an order that another call with the client order id has placed. */
  readonly isAnothers: (order: Order) => boolean
}

/** @internal */
export type Trait = "market" | "client order id" | "side" | "type" | "amount" | "price" | "age"

/**
 * Returns the traits in which an order differs from the requested one. There are none if it is that order. A value that
 * the exchange leaves out (amounts in the quote currency, prices of market orders, some client order ids and times) is
 * not a difference.
 *
 * @internal
 */
export const differences = (asked: Asked, order: Order): ReadonlyArray<Trait> => {
  const fixed = !(asked.isAmended() || (asked.amendable && hasChanged(order)))
  const found: ReadonlyArray<readonly [Trait, boolean]> = [
    ["market", order.symbol !== asked.market.symbol],
    ["client order id", order.clientOrderId !== undefined && order.clientOrderId !== asked.clientOrderId],
    ["side", order.side !== asked.side],
    ["type", order.type !== asked.type],
    ["amount", fixed && differ(order.amount, asked.amount)],
    ["price", fixed && asked.type === "limit" && differ(order.price, asked.price)],
    ["age", (order.createdAt !== undefined && order.createdAt < asked.from) || asked.wasKnown(order)]
  ]
  return found.flatMap(([trait, differs]) => differs ? [trait] : [])
}

/**
 * Returns `true` if an amendment by another program can explain the differences of an order from the requested one. While
 * the order is being placed, only a change that the exchange reports counts.
 *
 * @internal
 */
export const mayBeAmended = ({ isLeftOpen }: Asked, differences: ReadonlyArray<Trait>, order: Order): boolean =>
  (isLeftOpen || order.updatedAt !== undefined) && hasChanged(order) &&
  differences.every((trait) => trait === "amount" || trait === "price")

/**
 * Returns `true` if an order has the market and the client order id of the requested one.
 *
 * @internal
 */
export const isNamesake = (asked: Asked, order: Order): boolean =>
  order.symbol === asked.market.symbol && order.clientOrderId === asked.clientOrderId

/**
 * Returns `true` if an order that was not looked up, such as one from a feed, is the requested one: it has the client
 * order id, and no differences.
 *
 * @internal
 */
export const matchesExactly = (asked: Asked, order: Order): boolean =>
  isNamesake(asked, order) && differences(asked, order).length === 0 && !asked.isAnothers(order)

/**
 * Returns `true` if an order that was not looked up, such as one from a feed, is the one that a reference names. An
 * order without a client order id never matches one.
 *
 * @internal
 */
export const isNamed = ({ clientOrderId, id, market }: Adapter.Reference, order: Order): boolean =>
  order.symbol === market.symbol &&
  (id === undefined ? order.clientOrderId === clientOrderId : order.id === id)

/**
 * Returns `true` if an undecodable row of the market may be the requested order: nothing that can be read in it rules
 * that out.
 *
 * @internal
 */
export const mayMatch = (asked: Asked, row: Unknown): boolean =>
  (row.clientOrderId === undefined || row.clientOrderId === asked.clientOrderId) &&
  (row.createdAt === undefined || row.createdAt >= asked.from)

/**
 * Returns `true` if the order in an answer is the one that a reference names.
 *
 * @internal
 */
export const isMeant = (reference: Adapter.Reference, order: Order): boolean =>
  order.symbol === reference.market.symbol &&
  (reference.id === undefined
    ? order.clientOrderId === undefined || order.clientOrderId === reference.clientOrderId
    : order.id === reference.id)

// If the exchange does not report when an order was changed, it may have changed.
const hasChanged = ({ createdAt, updatedAt }: Order): boolean =>
  createdAt === undefined || updatedAt === undefined || updatedAt > createdAt

const differ = (one: BigDecimal.BigDecimal | undefined, other: BigDecimal.BigDecimal | undefined): boolean =>
  one !== undefined && other !== undefined && !BigDecimal.equals(one, other)
