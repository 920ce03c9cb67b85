/**
 * Orders and fills: ours in Binance's words, and Binance's in ours.
 *
 * @since 0.1.0
 */
import type { Fill, Market, Order } from "@effect-exchange/core"
import type { Adapter, ClientOrderId } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import type * as Endpoints from "./Endpoints.js"
import { positive } from "./Mapping.js"
import type * as Wire from "./Wire.js"

/**
 * What all versions of the documents allow: the newer ones allow `.`, `:` and `/` as well.
 *
 * @since 0.1.0
 * @category mapping
 */
export const clientOrderIds: ClientOrderId.Alphabet = {
  pattern: /^[A-Za-z0-9_-]{1,36}$/,
  described: "1 to 36 of A-Z a-z 0-9 - _",
  make: (hex) => hex
}

/**
 * The parameters of a new order. A post-only order is a `LIMIT_MAKER`; only a `LIMIT` has a time in force.
 *
 * @since 0.1.0
 * @category mapping
 */
export const newOrder = (order: Adapter.NewOrder): Parameters<typeof Endpoints.newOrder.encode>[0] => ({
  symbol: order.market.id,
  side: order.side === "buy" ? "BUY" : "SELL",
  ...typeOf(order),
  quantity: order.amount,
  price: order.price,
  newClientOrderId: order.clientOrderId,
  newOrderRespType: "RESULT"
})

const typeOf = ({ postOnly, timeInForce, type }: Adapter.NewOrder) => {
  if (type === "market") return { type: "MARKET" } as const
  return postOnly ? { type: "LIMIT_MAKER" } as const : { type: "LIMIT", timeInForce } as const
}

/**
 * @since 0.1.0
 * @category mapping
 */
export const reference = (order: Adapter.Reference): Parameters<typeof Endpoints.order.encode>[0] => ({
  symbol: order.market.id,
  orderId: order.id,
  origClientOrderId: order.clientOrderId
})

/**
 * An order as it is read.
 *
 * @since 0.1.0
 * @category mapping
 */
export const order = (market: Market.Market, wire: Wire.Order): Order.Order => ({
  ...common(market, wire, wire.clientOrderId),
  createdAt: wire.time,
  updatedAt: wire.updateTime
})

/**
 * An order as it was placed.
 *
 * @since 0.1.0
 * @category mapping
 */
export const placed = (market: Market.Market, wire: Wire.PlacedOrder): Order.Order => ({
  ...common(market, wire, wire.clientOrderId),
  createdAt: wire.transactTime,
  updatedAt: wire.transactTime
})

/**
 * An order as it was canceled: under the client order id it had, and not that of the cancellation.
 *
 * @since 0.1.0
 * @category mapping
 */
export const canceled = (market: Market.Market, wire: Wire.CanceledOrder): Order.Order => ({
  ...common(market, wire, wire.origClientOrderId),
  updatedAt: wire.transactTime
})

/**
 * The ids that a cancellation of all orders names.
 *
 * @since 0.1.0
 * @category mapping
 */
export const canceledIds = (wire: ReadonlyArray<Wire.Canceled>): ReadonlyArray<string> =>
  wire.flatMap((each) => "orderReports" in each ? each.orderReports : [each]).map(({ orderId }) => String(orderId))

const common = (
  market: Market.Market,
  wire: Omit<Wire.PlacedOrder, "transactTime">,
  clientOrderId: string
): Order.Order => {
  const type = types.get(wire.type) ?? "other"
  return {
    exchange: "binance",
    symbol: market.symbol,
    id: String(wire.orderId),
    clientOrderId: clientOrderId === "" ? undefined : clientOrderId,
    side: wire.side === "BUY" ? "buy" : "sell",
    type,
    status: statuses[wire.status],
    price: positive(wire.price),
    amount: positive(wire.origQuoteOrderQty) === undefined ? positive(wire.origQty) : undefined,
    filled: wire.executedQty,
    averagePrice: averagePrice(wire),
    // A market order is said to be good until canceled, which it is not.
    timeInForce: type === "market" ? undefined : wire.timeInForce,
    postOnly: wire.type === "LIMIT_MAKER"
  }
}

const types: ReadonlyMap<string, Order.Order["type"]> = new Map([
  ["LIMIT", "limit"],
  ["LIMIT_MAKER", "limit"],
  ["MARKET", "market"]
])

const statuses: { readonly [Status in Wire.Order["status"]]: Order.Order["status"] } = {
  NEW: "open",
  PENDING_NEW: "pending",
  PARTIALLY_FILLED: "open",
  FILLED: "filled",
  CANCELED: "canceled",
  PENDING_CANCEL: "open",
  REJECTED: "rejected",
  EXPIRED: "expired",
  EXPIRED_IN_MATCH: "expired"
}

// A quotient may have no end. Eight more places than any of Binance's prices has.
const averagePrice = (
  { cummulativeQuoteQty, executedQty }: Pick<Wire.Order, "cummulativeQuoteQty" | "executedQty">
): BigDecimal.BigDecimal | undefined => {
  if (positive(executedQty) === undefined || BigDecimal.isNegative(cummulativeQuoteQty)) return undefined
  const exact = BigDecimal.unsafeDivide(cummulativeQuoteQty, executedQty)
  return BigDecimal.normalize(BigDecimal.round(exact, { scale: 16, mode: "half-even" }))
}

/**
 * @since 0.1.0
 * @category mapping
 */
export const fill = (market: Market.Market, wire: Wire.Fill): Fill.Fill => ({
  exchange: "binance",
  symbol: market.symbol,
  id: String(wire.id),
  orderId: String(wire.orderId),
  side: wire.isBuyer ? "buy" : "sell",
  price: wire.price,
  amount: wire.qty,
  fee: wire.commission,
  feeAsset: wire.commissionAsset,
  liquidity: wire.isMaker ? "maker" : "taker",
  at: wire.time
})
