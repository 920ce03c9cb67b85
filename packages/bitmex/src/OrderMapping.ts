/**
 * BitMEX's orders, fills and positions in our words, and our orders in its.
 *
 * @since 0.1.0
 */
import type { Fill, Market, Order, Position } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Mapping from "./Mapping.js"
import type * as Wire from "./TradingWire.js"

const statuses: { readonly [Word in Wire.Order["ordStatus"]]: Order.Status } = {
  PendingNew: "pending",
  New: "open",
  PartiallyFilled: "open",
  PendingCancel: "open",
  PendingReplace: "open",
  Triggered: "open",
  Filled: "filled",
  Canceled: "canceled",
  Rejected: "rejected",
  Expired: "expired"
}

const types: ReadonlyMap<string, Order.Order["type"]> = new Map([["Limit", "limit"], ["Market", "market"]])

const words = { GTC: "GoodTillCancel", IOC: "ImmediateOrCancel", FOK: "FillOrKill" } as const

const timesInForce: ReadonlyMap<string, Order.TimeInForce> = new Map([
  ["GoodTillCancel", "GTC"],
  ["ImmediateOrCancel", "IOC"],
  ["FillOrKill", "FOK"]
])

/**
 * An order of a market. BitMEX does not say when it was made, only when it last traded or changed: that is `createdAt`.
 *
 * @since 0.1.0
 * @category mapping
 */
export const order = (market: Market.Market, unit: BigDecimal.BigDecimal, row: Wire.Order): Order.Order => {
  const instructions = (row.execInst ?? "").split(/[,\s]+/)
  const type = types.get(row.ordType) ?? "other"
  return {
    exchange: "bitmex",
    symbol: market.symbol,
    id: row.orderID,
    clientOrderId: text(row.clOrdID),
    side: side(row.side),
    type,
    status: statuses[row.ordStatus],
    // A market order is given the price it was filled at.
    price: type === "market" ? undefined : row.price ?? undefined,
    amount: row.orderQty == null ? undefined : Mapping.amount(unit, row.orderQty),
    filled: row.cumQty == null ? nothing : Mapping.amount(unit, row.cumQty),
    averagePrice: row.avgPx != null && row.cumQty != null && BigDecimal.isPositive(row.cumQty) ? row.avgPx : undefined,
    timeInForce: timesInForce.get(row.timeInForce ?? ""),
    postOnly: instructions.includes("ParticipateDoNotInitiate"),
    reduceOnly: instructions.includes("ReduceOnly") || instructions.includes("Close"),
    createdAt: instant(row.transactTime),
    updatedAt: instant(row.timestamp)
  }
}

const nothing = BigDecimal.make(0n, 0)

const side = (word: "Buy" | "Sell"): "buy" | "sell" => word === "Buy" ? "buy" : "sell"

const text = (value: string | null | undefined): string | undefined => value == null || value === "" ? undefined : value

const instant = (at: DateTime.Utc | null | undefined): number | undefined =>
  at == null ? undefined : DateTime.toEpochMillis(at)

/**
 * What is sent to place an order, of which `quantity` is the amount in BitMEX's unit.
 *
 * @since 0.1.0
 * @category mapping
 */
export const newOrder = (order: Adapter.NewOrder, quantity: BigDecimal.BigDecimal): Wire.NewOrder => {
  const instructions = [
    ...order.postOnly ? ["ParticipateDoNotInitiate"] : [],
    ...order.reduceOnly ? ["ReduceOnly"] : []
  ]
  const limit = order.type === "limit"
  return {
    symbol: order.market.id,
    side: order.side === "buy" ? "Buy" : "Sell",
    orderQty: quantity,
    ordType: limit ? "Limit" : "Market",
    price: limit ? order.price : undefined,
    timeInForce: limit ? words[order.timeInForce] : undefined,
    execInst: instructions.length === 0 ? undefined : instructions.join(","),
    clOrdID: order.clientOrderId
  }
}

/**
 * The code of the currency a fill's fee is in.
 *
 * @since 0.1.0
 * @category mapping
 */
export const feeCurrency = (row: Wire.TradeExecution): string | undefined =>
  row.execComm == null ? undefined : text(row.execCommCcy) ?? text(row.settlCurrency)

/**
 * A fill of a market, or `undefined` when it is not known what the fee is worth.
 *
 * @since 0.1.0
 * @category mapping
 */
export const fill = (
  market: Market.Market,
  unit: BigDecimal.BigDecimal,
  units: Mapping.MinorUnits,
  row: Wire.TradeExecution
): Fill.Fill | undefined => {
  const currency = feeCurrency(row)
  const fee = row.execComm == null || currency === undefined ? undefined : Mapping.money(units, currency, row.execComm)
  if (row.execComm != null && fee === undefined) return undefined
  return {
    exchange: "bitmex",
    symbol: market.symbol,
    id: row.execID,
    orderId: row.orderID,
    clientOrderId: text(row.clOrdID),
    side: side(row.side),
    price: row.lastPx,
    amount: Mapping.amount(unit, row.lastQty),
    fee: fee?.amount,
    feeAsset: fee?.asset,
    liquidity: liquidity(row.lastLiquidityInd ?? ""),
    at: DateTime.toEpochMillis(row.transactTime)
  }
}

// "AddedLiquidity" in one place of the exchange is "Added" in another.
const liquidity = (word: string): Fill.Fill["liquidity"] =>
  /^added/i.test(word) ? "maker" : /^removed/i.test(word) ? "taker" : "unknown"

/**
 * A position in a market, or `undefined` when it is not known what its profit is worth. The leverage of a position on
 * cross margin is that of the whole account, and left out.
 *
 * @since 0.1.0
 * @category mapping
 */
export const position = (
  market: Market.Market,
  unit: BigDecimal.BigDecimal,
  units: Mapping.MinorUnits,
  row: Wire.Position
): Position.Position | undefined => {
  const profit = row.unrealisedPnl == null ? undefined : Mapping.money(units, row.currency, row.unrealisedPnl)
  if (row.unrealisedPnl != null && profit === undefined) return undefined
  return {
    exchange: "bitmex",
    symbol: market.symbol,
    side: BigDecimal.isNegative(row.currentQty) ? "short" : "long",
    amount: Mapping.amount(unit, BigDecimal.abs(row.currentQty)),
    entryPrice: row.avgEntryPrice ?? undefined,
    markPrice: row.markPrice ?? undefined,
    liquidationPrice: row.liquidationPrice ?? undefined,
    leverage: row.crossMargin === true ? undefined : row.leverage ?? undefined,
    unrealizedPnl: profit?.amount
  }
}
