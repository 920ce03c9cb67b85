/**
 * Accounts and orders in our words, and new orders in Kraken's.
 *
 * @since 0.1.0
 */
import type { Balance, Fill, KeyPermissions, Market, Order } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import { isOf, positive } from "./Mapping.js"
import type * as Wire from "./Wire.js"

/**
 * Balances, named by `nameOf`. Assets of which there is nothing are left out.
 *
 * @since 0.1.0
 * @category mapping
 */
export const balances = (
  wire: typeof Wire.Balances.Type,
  nameOf: (id: string) => string
): ReadonlyArray<Balance.Balance> =>
  Object.entries(wire).map(([id, row]): Balance.Balance => {
    const credit = BigDecimal.subtract(row.credit ?? zero, row.credit_used ?? zero)
    const total = BigDecimal.sum(row.balance, credit)
    return { asset: nameOf(id), free: BigDecimal.subtract(total, row.hold_trade), total }
  }).filter(({ total }) => !BigDecimal.isZero(total))

const zero = BigDecimal.fromBigInt(0n)

/**
 * What a key may do, by the names of its permissions. Kraken does not publish all of them: with one that is neither to
 * query nor to modify, whether the key can withdraw is not known.
 *
 * @since 0.1.0
 * @category mapping
 */
export const permissions = (wire: Wire.ApiKeyInfo): KeyPermissions.KeyPermissions => {
  const names = wire.permissions
  return {
    read: names.some((name) => name.startsWith("query-")),
    trade: names.includes("modify-trades"),
    withdraw: names.some((name) => name.startsWith("withdraw"))
      ? true
      : names.every((name) => /^(?:query|modify)-/.test(name))
      ? false
      : "unknown",
    ipRestricted: wire.ipAllowlist.length > 0,
    ...(wire.validUntil === 0 ? {} : { expiresAt: wire.validUntil })
  }
}

/**
 * An order by its id. One that was placed for an amount of the quote currency has no amount; kinds that this library
 * does not place have no price.
 *
 * @since 0.1.0
 * @category mapping
 */
export const order = (market: Market.Market, id: string, wire: Wire.Order): Order.Order => {
  const flags = new Set(wire.oflags?.split(","))
  const { ordertype } = wire.descr
  return {
    exchange: "kraken",
    symbol: market.symbol,
    id,
    clientOrderId: wire.cl_ord_id === null || wire.cl_ord_id === "" ? undefined : wire.cl_ord_id,
    side: wire.descr.type,
    type: ordertype === "limit" || ordertype === "market" ? ordertype : "other",
    status: wire.status === "closed" ? "filled" : wire.status,
    price: ordertype === "limit" ? positive(wire.descr.price) : undefined,
    amount: flags.has("viqc") ? undefined : wire.vol,
    filled: wire.vol_exec,
    averagePrice: BigDecimal.isPositive(wire.vol_exec) ? positive(wire.price) : undefined,
    timeInForce: timesInForce.get(wire.timeinforce ?? ""),
    postOnly: flags.has("post"),
    createdAt: wire.opentm,
    updatedAt: wire.closetm
  }
}

const timesInForce: ReadonlyMap<string, Order.TimeInForce> = new Map([["GTC", "GTC"], ["IOC", "IOC"], ["FOK", "FOK"]])

/**
 * Those of the orders that are of the market.
 *
 * @since 0.1.0
 * @category mapping
 */
export const ordersOf = (market: Market.Market, wire: Wire.Orders): ReadonlyArray<Order.Order> =>
  Object.entries(wire)
    .filter(([, row]) => isOf(market, row.descr.pair))
    .map(([id, row]) => order(market, id, row))

/**
 * @since 0.1.0
 * @category mapping
 */
export const fill = (market: Market.Market, id: string, wire: Wire.Fill): Fill.Fill => ({
  exchange: "kraken",
  symbol: market.symbol,
  id,
  orderId: wire.ordertxid,
  side: wire.type,
  price: wire.price,
  amount: wire.vol,
  fee: wire.fee,
  feeAsset: market.quote,
  liquidity: wire.maker === undefined ? "unknown" : wire.maker ? "maker" : "taker",
  at: wire.time
})

/**
 * @since 0.1.0
 * @category mapping
 */
export const newOrder = (order: Adapter.NewOrder): Wire.NewOrder => ({
  ordertype: order.type,
  type: order.side,
  volume: order.amount,
  cl_ord_id: order.clientOrderId,
  ...(order.type === "market" ? {} : { price: order.price, timeinforce: order.timeInForce }),
  ...(order.postOnly ? { oflags: "post" } : {})
})
