/**
 * OKX's orders and fills in our words, and ours in OKX's.
 *
 * @since 0.1.0
 */
import type { Fill, Market, Order } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import { amountOf, sizeOf } from "./Mapping.js"
import type * as TradingWire from "./TradingWire.js"

/**
 * An order as OKX has it. One that was sized in the quote currency has no amount.
 *
 * @since 0.1.0
 * @category mapping
 */
export const order = (market: Market.Market, wire: TradingWire.Order): Order.Order => {
  const { timeInForce, type } = kinds.get(wire.ordType) ?? { type: "other" }
  return {
    exchange: "okx",
    symbol: market.symbol,
    id: wire.ordId,
    clientOrderId: given(wire.clOrdId),
    side: wire.side,
    type,
    status: statuses[wire.state],
    price: type === "market" ? undefined : positive(wire.px),
    amount: isQuoteSized(market, wire) ? undefined : amountOf(market, wire.sz),
    filled: amountOf(market, wire.accFillSz ?? nothing),
    averagePrice: positive(wire.avgPx),
    timeInForce,
    postOnly: wire.ordType === "post_only",
    reduceOnly: String(wire.reduceOnly) === "true",
    createdAt: wire.cTime,
    updatedAt: wire.uTime
  }
}

const kinds: ReadonlyMap<string, { readonly type: Order.Order["type"]; readonly timeInForce?: Order.TimeInForce }> =
  new Map([
    ["limit", { type: "limit", timeInForce: "GTC" }],
    ["post_only", { type: "limit", timeInForce: "GTC" }],
    ["ioc", { type: "limit", timeInForce: "IOC" }],
    ["fok", { type: "limit", timeInForce: "FOK" }],
    ["market", { type: "market", timeInForce: "IOC" }],
    ["optimal_limit_ioc", { type: "market", timeInForce: "IOC" }]
  ])

const statuses: { readonly [S in TradingWire.Order["state"]]: Order.Order["status"] } = {
  live: "open",
  partially_filled: "open",
  filled: "filled",
  canceled: "canceled",
  mmp_canceled: "canceled"
}

// OKX's default for market orders of spot: buys spend so much of the quote currency, sells give so much of the base.
const isQuoteSized = (market: Market.Market, { ordType, side, tgtCcy = "" }: TradingWire.Order): boolean =>
  market.kind === "spot" && ordType === "market" && (tgtCcy === "" ? side === "buy" : tgtCcy === "quote_ccy")

const nothing = BigDecimal.fromBigInt(0n)

const given = (text: string | undefined): string | undefined => text === "" ? undefined : text

const positive = (decimal: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal | undefined =>
  decimal !== undefined && BigDecimal.isPositive(decimal) ? decimal : undefined

/**
 * A fill of one's own. OKX gives what was paid a minus.
 *
 * @since 0.1.0
 * @category mapping
 */
export const fill = (market: Market.Market, wire: TradingWire.Fill): Fill.Fill => ({
  exchange: "okx",
  symbol: market.symbol,
  id: wire.tradeId,
  orderId: wire.ordId,
  clientOrderId: given(wire.clOrdId),
  side: wire.side,
  price: wire.fillPx,
  amount: amountOf(market, wire.fillSz),
  fee: wire.fee === undefined ? undefined : BigDecimal.negate(wire.fee),
  feeAsset: given(wire.feeCcy),
  liquidity: wire.execType === "M" ? "maker" : wire.execType === "T" ? "taker" : "unknown",
  at: wire.fillTime ?? wire.ts
})

/**
 * The order as OKX takes it: spot from what the account has (`cash`), contracts on cross margin and net positions. A
 * market order of spot says that its size is in the base currency, which OKX would not take a buy's for.
 *
 * @since 0.1.0
 * @category mapping
 */
export const newOrder = (order: Adapter.NewOrder): TradingWire.NewOrder => {
  const isSpot = order.market.kind === "spot"
  return {
    instId: order.market.id,
    tdMode: isSpot ? "cash" : "cross",
    side: order.side,
    ordType: orderType(order),
    sz: sizeOf(order.market, order.amount),
    px: order.price,
    clOrdId: order.clientOrderId,
    tgtCcy: isSpot && order.type === "market" ? "base_ccy" : undefined,
    reduceOnly: order.reduceOnly ? true : undefined
  }
}

const orderType = ({ postOnly, timeInForce, type }: Adapter.NewOrder): TradingWire.NewOrder["ordType"] => {
  if (type === "market") return "market"
  if (postOnly) return "post_only"
  return timeInForce === "GTC" ? "limit" : timeInForce === "IOC" ? "ioc" : "fok"
}

/**
 * Which order, as OKX wants it named.
 *
 * @since 0.1.0
 * @category mapping
 */
export const named = ({ clientOrderId, id, market }: Adapter.Reference): TradingWire.Named => ({
  instId: market.id,
  ...id === undefined ? { clOrdId: clientOrderId } : { ordId: id }
})
