/**
 * Bybit's words for orders in ours, and back.
 *
 * Amounts of spot and linear contracts are in the base coin on both sides, those of inverse contracts in contracts of one
 * unit of the quote coin.
 *
 * @since 0.1.0
 */
import type { Fill, Market, Order, Position } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import { positive, side } from "./Mapping.js"
import type * as TradingWire from "./TradingWire.js"
import { given } from "./Wire.js"

/**
 * @since 0.1.0
 * @category mapping
 */
export const order = (market: Market.Market, wire: TradingWire.Order): Order.Order => {
  const stop = !["", "UNKNOWN"].includes(wire.stopOrderType ?? "")
  const type = stop ? undefined : types.get(wire.orderType)
  return {
    exchange: "bybit",
    symbol: market.symbol,
    id: wire.orderId,
    clientOrderId: given(wire.orderLinkId),
    side: side(wire.side),
    type: type ?? "other",
    status: statuses[wire.orderStatus],
    price: type === "market" ? undefined : positive(wire.price),
    amount: isInQuote(market, wire) ? undefined : wire.qty,
    filled: wire.cumExecQty,
    averagePrice: positive(wire.avgPrice),
    timeInForce: timesInForce.get(wire.timeInForce ?? ""),
    postOnly: wire.timeInForce === "PostOnly" || wire.timeInForce === "RPI",
    reduceOnly: wire.reduceOnly === true,
    createdAt: wire.createdTime,
    updatedAt: given(wire.updatedTime)
  }
}

const types: ReadonlyMap<string, Order.Order["type"]> = new Map([["Limit", "limit"], ["Market", "market"]])

const statuses: Readonly<Record<TradingWire.Order["orderStatus"], Order.Order["status"]>> = {
  New: "open",
  PartiallyFilled: "open",
  // Conditional orders on their way into the book.
  Untriggered: "pending",
  Triggered: "pending",
  Filled: "filled",
  Cancelled: "canceled",
  PartiallyFilledCanceled: "canceled",
  Deactivated: "canceled",
  Rejected: "rejected"
}

const timesInForce: ReadonlyMap<string, Order.TimeInForce> = new Map([
  ["GTC", "GTC"],
  ["IOC", "IOC"],
  ["FOK", "FOK"],
  ["PostOnly", "GTC"],
  ["RPI", "GTC"]
])

const isInQuote = (market: Market.Market, { marketUnit, orderType, side }: TradingWire.Order): boolean =>
  market.kind === "spot" && orderType === "Market" &&
  (given(marketUnit) ?? (side === "Buy" ? "quoteCoin" : "baseCoin")) === "quoteCoin"

/**
 * An order as Bybit takes it, with no more decimals than it needs: zeros at the end count as decimals.
 *
 * @since 0.1.0
 * @category mapping
 */
export const newOrder = (order: Adapter.NewOrder): TradingWire.NewOrder => {
  const { amount, clientOrderId, market, postOnly, price, reduceOnly, timeInForce, type } = order
  return {
    symbol: market.id,
    side: order.side === "buy" ? "Buy" : "Sell",
    orderType: type === "limit" ? "Limit" : "Market",
    qty: BigDecimal.normalize(amount),
    price: price === undefined ? undefined : BigDecimal.normalize(price),
    timeInForce: postOnly ? "PostOnly" : timeInForce,
    orderLinkId: clientOrderId,
    reduceOnly: reduceOnly ? true : undefined,
    marketUnit: market.kind === "spot" && type === "market" ? "baseCoin" : undefined
  }
}

/**
 * The fee of a contract is in the coin it settles in.
 *
 * @since 0.1.0
 * @category mapping
 */
export const fill = (market: Market.Market, wire: TradingWire.Execution): Fill.Fill => ({
  exchange: "bybit",
  symbol: market.symbol,
  id: wire.execId,
  orderId: wire.orderId,
  clientOrderId: given(wire.orderLinkId),
  side: side(wire.side),
  price: wire.execPrice,
  amount: wire.execQty,
  fee: given(wire.execFee),
  feeAsset: given(wire.feeCurrency) ?? market.settle,
  liquidity: wire.isMaker === undefined ? "unknown" : wire.isMaker ? "maker" : "taker",
  at: wire.execTime
})

/**
 * The position of a row in which there is one.
 *
 * @since 0.1.0
 * @category mapping
 */
export const position = (market: Market.Market, wire: TradingWire.Position): Position.Position => ({
  exchange: "bybit",
  symbol: market.symbol,
  side: wire.side === "Sell" ? "short" : "long",
  amount: wire.size,
  entryPrice: positive(wire.avgPrice),
  markPrice: positive(wire.markPrice),
  liquidationPrice: positive(wire.liqPrice),
  leverage: positive(wire.leverage),
  unrealizedPnl: given(wire.unrealisedPnl)
})
