/**
 * Coinbase's words for an account and its orders in ours, and our orders in its.
 *
 * @since 0.1.0
 */
import {
  type Balance,
  Decimal,
  ExchangeError,
  type Fill,
  type KeyPermissions,
  type Market,
  type Order,
  type Trade
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import type { createOrder } from "./TradingEndpoints.js"
import type * as Wire from "./TradingWire.js"
import type { Side as WireSide } from "./Wire.js"

/**
 * What is held of each currency, over all its wallets.
 *
 * @since 0.1.0
 * @category mapping
 */
export const balances = (accounts: ReadonlyArray<Wire.Account>): ReadonlyArray<Balance.Balance> => {
  const byAsset = new Map<string, Balance.Balance>()
  for (const { available_balance: { value: free }, currency: asset, hold } of accounts) {
    const known = byAsset.get(asset)
    const total = BigDecimal.sum(free, hold.value)
    byAsset.set(asset, {
      asset,
      free: known === undefined ? free : BigDecimal.sum(known.free, free),
      total: known === undefined ? total : BigDecimal.sum(known.total, total)
    })
  }
  return [...byAsset.values()].filter(({ total }) => !BigDecimal.isZero(total))
}

/**
 * A key that may transfer may withdraw. Of addresses and expiry Coinbase says nothing.
 *
 * @since 0.1.0
 * @category mapping
 */
export const permissions = (wire: typeof Wire.KeyPermissions.Type): KeyPermissions.KeyPermissions => ({
  read: wire.can_view,
  trade: wire.can_trade,
  withdraw: wire.can_transfer,
  ipRestricted: "unknown"
})

const statuses: { readonly [S in Wire.Order["status"]]: Order.Status } = {
  PENDING: "pending",
  QUEUED: "pending",
  OPEN: "open",
  // Until it is carried out the order stands and may be filled.
  CANCEL_QUEUED: "open",
  EDIT_QUEUED: "open",
  FILLED: "filled",
  CANCELLED: "canceled",
  EXPIRED: "expired",
  FAILED: "rejected"
}

const sideOf = (side: WireSide): Trade.Side => side === "BUY" ? "buy" : "sell"

/**
 * @since 0.1.0
 * @category mapping
 */
export const order = (market: Market.Market, wire: Wire.Order): Order.Order => ({
  exchange: "coinbase",
  symbol: market.symbol,
  id: wire.order_id,
  clientOrderId: wire.client_order_id,
  side: sideOf(wire.side),
  status: statuses[wire.status],
  ...terms(wire.order_configuration),
  filled: wire.filled_size,
  averagePrice: BigDecimal.isZero(wire.filled_size) ? undefined : wire.average_filled_price,
  createdAt: wire.created_time
})

type Terms = Pick<Order.Order, "type" | "price" | "amount" | "timeInForce" | "postOnly">

const terms = (configuration: Wire.OrderConfiguration): Terms => {
  const { limit_limit_fok, limit_limit_gtc, limit_limit_gtd, market_market_ioc, sor_limit_ioc } = configuration
  if (market_market_ioc !== undefined) {
    return { type: "market", amount: market_market_ioc.base_size, timeInForce: "IOC" }
  }
  if (limit_limit_gtc !== undefined) return { ...limit(limit_limit_gtc), timeInForce: "GTC" }
  if (limit_limit_fok !== undefined) return { ...limit(limit_limit_fok), timeInForce: "FOK" }
  if (sor_limit_ioc !== undefined) return { ...limit(sor_limit_ioc), timeInForce: "IOC" }
  // One that stands until a date has a time in force of its own.
  return limit_limit_gtd === undefined ? { type: "other" } : limit(limit_limit_gtd)
}

const limit = (sizes: NonNullable<Wire.OrderConfiguration["limit_limit_gtc"]>): Terms => ({
  type: "limit",
  price: sizes.limit_price,
  amount: sizes.base_size,
  postOnly: sizes.post_only === true
})

/**
 * What an order is on the wire. Amounts are in the base currency, those of market orders as well.
 *
 * @since 0.1.0
 * @category mapping
 */
export const newOrder = (order: Adapter.NewOrder): Parameters<typeof createOrder.encode>[0] => ({
  client_order_id: order.clientOrderId,
  product_id: order.market.id,
  side: order.side === "buy" ? "BUY" : "SELL",
  order_configuration: configuration(order)
})

const configuration = ({ amount, postOnly, price, timeInForce }: Adapter.NewOrder) => {
  const base_size = Decimal.format(amount)
  if (price === undefined) return { market_market_ioc: { base_size } }
  const limit = { base_size, limit_price: Decimal.format(price) }
  switch (timeInForce) {
    case "FOK":
      return { limit_limit_fok: limit }
    case "IOC":
      return { sor_limit_ioc: limit }
    default:
      return { limit_limit_gtc: { ...limit, post_only: postOnly } }
  }
}

/**
 * Whether the order that the exchange answers with is plainly another than was asked for: under a client order id that was
 * used before it is the earlier one. What the answer leaves out contradicts nothing.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAnother = (asked: Adapter.NewOrder, wire: Wire.Created): boolean => {
  const { product_id = asked.market.id, side } = wire.success_response
  const { amount, price } = terms(wire.order_configuration ?? {})
  return product_id !== asked.market.id ||
    (side !== undefined && sideOf(side) !== asked.side) ||
    differ(amount, asked.amount) ||
    differ(price, asked.price)
}

const differ = (one: BigDecimal.BigDecimal | undefined, other: BigDecimal.BigDecimal | undefined): boolean =>
  one !== undefined && other !== undefined && !BigDecimal.equals(one, other)

/**
 * Fees are in the quote currency.
 *
 * @since 0.1.0
 * @category mapping
 */
export const fill = (market: Market.Market) => (wire: Wire.Fill): Fill.Fill => ({
  exchange: "coinbase",
  symbol: market.symbol,
  id: wire.trade_id,
  orderId: wire.order_id,
  side: sideOf(wire.side),
  price: wire.price,
  amount: wire.size_in_quote === true ? quotient(wire.size, wire.price) : wire.size,
  ...wire.commission === undefined ? {} : { fee: wire.commission, feeAsset: market.quote },
  liquidity: liquidities.get(wire.liquidity_indicator) ?? "unknown",
  at: wire.trade_time
})

// It may have no end. More places than any of Coinbase's sizes has.
const quotient = (size: BigDecimal.BigDecimal, price: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.normalize(BigDecimal.round(BigDecimal.unsafeDivide(size, price), { scale: 16, mode: "half-even" }))

const liquidities: ReadonlyMap<string, Fill.Fill["liquidity"]> = new Map([["MAKER", "maker"], ["TAKER", "taker"]])

/**
 * What a request to cancel one order failed with; none when it was accepted, now or before.
 *
 * @since 0.1.0
 * @category mapping
 */
export const cancelFailure = (
  about: { readonly exchange: string; readonly operation: string },
  { failure_reason: code, success }: Wire.CancelResult
): ExchangeError.TradingError | undefined => {
  if (success || code === "DUPLICATE_CANCEL_REQUEST") return undefined
  switch (code) {
    case undefined:
    case "UNKNOWN_CANCEL_FAILURE_REASON":
      return new ExchangeError.ExchangeUnavailable({
        ...about,
        code,
        outcome: "Unknown",
        detail: "the order was not canceled and the exchange does not say why"
      })
    case "UNKNOWN_CANCEL_ORDER":
      return new ExchangeError.OrderNotFound({ ...about, code, detail: "the exchange knows no such order" })
    default:
      return new ExchangeError.OrderRejected({ ...about, code, detail: "the order was not canceled" })
  }
}
