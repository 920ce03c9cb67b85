import * as BigDecimal from "effect/BigDecimal"
import type { Unknown } from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import type { Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"

/**
 * An order as it was asked for: what any answer about it is held against.
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
  /** The earliest instant, epoch milliseconds of the exchange's clock, at which the order can have been made. */
  readonly from: number
  /** Whether so long has passed that its owner may have amended it: then an order that has changed may have other terms. */
  readonly amendable: boolean
}

/** @internal */
export type Trait = "market" | "client order id" | "side" | "type" | "amount" | "price" | "age"

/**
 * In what an order differs from the one that was asked for; in nothing if it is that one. What an exchange leaves out
 * (amounts in the quote currency, prices of market orders, some names and times) contradicts nothing.
 *
 * @internal
 */
export const differences = (asked: Asked, order: Order): ReadonlyArray<Trait> => {
  const fixed = !(asked.amendable && hasChanged(order))
  const found: ReadonlyArray<readonly [Trait, boolean]> = [
    ["market", order.symbol !== asked.market.symbol],
    ["client order id", order.clientOrderId !== undefined && order.clientOrderId !== asked.clientOrderId],
    ["side", order.side !== asked.side],
    ["type", order.type !== asked.type],
    ["amount", fixed && differ(order.amount, asked.amount)],
    ["price", fixed && asked.type === "limit" && differ(order.price, asked.price)],
    ["age", order.createdAt !== undefined && order.createdAt < asked.from]
  ]
  return found.flatMap(([trait, differs]) => differs ? [trait] : [])
}

/**
 * Whether the order is in the market of the one asked for, and has its name.
 *
 * @internal
 */
export const isNamesake = (asked: Asked, order: Order): boolean =>
  order.symbol === asked.market.symbol && order.clientOrderId === asked.clientOrderId

/**
 * Whether an order that nobody asked for is the one asked for: it has its name, and differs in nothing.
 *
 * @internal
 */
export const isSurely = (asked: Asked, order: Order): boolean =>
  isNamesake(asked, order) && differences(asked, order).length === 0

/**
 * Whether an order that nobody asked for is the one that a reference names: an order without a name is none.
 *
 * @internal
 */
export const isNamed = ({ clientOrderId, id, market }: Adapter.Reference, order: Order): boolean =>
  order.symbol === market.symbol &&
  (id === undefined ? order.clientOrderId === clientOrderId : order.id === id)

/**
 * Whether a row of its market that was not understood may be the order asked for: nothing that could be read of it says
 * that it is not.
 *
 * @internal
 */
export const mayBe = (asked: Asked, row: Unknown): boolean =>
  (row.clientOrderId === undefined || row.clientOrderId === asked.clientOrderId) &&
  (row.createdAt === undefined || row.createdAt >= asked.from)

/**
 * Whether an order is the one that a reference names.
 *
 * @internal
 */
export const isMeant = (reference: Adapter.Reference, order: Order): boolean =>
  order.symbol === reference.market.symbol &&
  (reference.id === undefined
    ? order.clientOrderId === undefined || order.clientOrderId === reference.clientOrderId
    : order.id === reference.id)

// Exchanges that do not say when an order was changed leave that open.
const hasChanged = ({ createdAt, updatedAt }: Order): boolean =>
  createdAt === undefined || updatedAt === undefined || updatedAt > createdAt

const differ = (one: BigDecimal.BigDecimal | undefined, other: BigDecimal.BigDecimal | undefined): boolean =>
  one !== undefined && other !== undefined && !BigDecimal.equals(one, other)
