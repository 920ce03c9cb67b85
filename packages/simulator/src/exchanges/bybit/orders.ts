import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { matching } from "../../internal/fields.js"
import { type Input, text } from "../../internal/inputs.js"
import { columns, type Json } from "../../internal/json.js"
import type { Listed as Of } from "../../internal/listed.js"
import { type BybitListing, type Category, fills, marketOf, order, orders, price, quantity } from "./markets.js"
import { category, checked, execId, integer, orderId, page, parseOrderId, type Read, refuse, shows } from "./params.js"

/** @internal */
export type Listed = Of<BybitListing>

/** @internal Creates a filter for a category. */
export const isOf = (category: Category) => ({ listing }: Pick<Listed, "listing">) => listing.category === category

/** @internal Finds the order that a request names. `orderId` takes precedence over `orderLinkId`. */
export const named = (
  engine: Engine.Engine,
  category: Category,
  input: Input
): Read<Listed | undefined> => {
  const id = text(input, "orderId")
  const linkId = text(input, "orderLinkId")
  if (id === undefined && linkId === undefined) {
    return refuse(10001, "params error: OrderId or orderLinkId is required")
  }
  const number = id === undefined ? Engine.orderByClientId(engine, linkId ?? "")?.id : parseOrderId(category, id)
  const found = order(engine, number ?? 0)
  return Either.right(found && isOf(category)(found) && keeps(input)(found) ? found : undefined)
}

/** @internal Returns the value of an amount at a price: in the quote currency, or in coins for inverse contracts. */
export const value = (listing: BybitListing, fill: Pick<Engine.Fill, "amount" | "price">): BigDecimal.BigDecimal =>
  listing.category === "inverse"
    ? Decimal.ratio(fill.amount, fill.price, 8)
    : BigDecimal.multiply(fill.amount, fill.price)

const leftOf = (order: Engine.Order): BigDecimal.BigDecimal =>
  order.status === "open" ? BigDecimal.subtract(order.amount, order.filled) : Decimal.zero

const statusOf = ({ listing, order }: Listed): string => {
  const executed = BigDecimal.isPositive(order.filled)
  if (order.status === "open") return executed ? "PartiallyFilled" : "New"
  if (order.status === "filled") return "Filled"
  return executed && listing.category === "spot" ? "PartiallyFilledCanceled" : "Cancelled"
}

const rejectReasons: Readonly<Record<NonNullable<Engine.Order["closeReason"]>, string>> = {
  user: "EC_PerCancelRequest",
  postOnlyWouldCross: "EC_PostOnlyWillTakeLiquidity",
  immediateOrCancel: "EC_NoImmediateQtyToFill",
  fillOrKill: "EC_CancelForNoFullFill",
  noLiquidity: "EC_NoImmediateQtyToFill",
  nothingToReduce: "EC_NoError"
}

const cancelType = (order: Engine.Order): string =>
  order.closeReason === "user"
    ? "CancelByUser"
    : order.closeReason === "nothingToReduce"
    ? "CancelByReduceOnly"
    : "UNKNOWN"

const empty = columns(
  "blockTradeId stopOrderType orderIv takeProfit stopLoss tpLimitPrice slLimitPrice tpTriggerBy slTriggerBy " +
    "triggerBy lastPriceOnCreated placeType smpOrderId",
  ""
)

/** @internal Encodes an order with its fills. */
export const orderRow = (
  entry: Listed,
  fills: ReadonlyArray<Engine.Fill>
): { readonly [name: string]: Json | undefined } => {
  const { listing, order } = entry
  const executed = fills.map((fill) => value(listing, fill))
  const total = BigDecimal.sumAll(executed)
  const average = listing.category === "inverse"
    ? Decimal.ratio(order.filled, total, listing.priceScale)
    : Decimal.ratio(total, order.filled, Math.max(listing.priceScale, 8))
  const left = leftOf(order)
  return {
    orderId: orderId(listing, order.id),
    orderLinkId: order.clientOrderId ?? "",
    symbol: listing.name,
    price: order.price === undefined ? "0" : price(listing, order.price),
    qty: order.quoteAmount ?? quantity(listing, order.amount),
    side: order.side === "buy" ? "Buy" : "Sell",
    isLeverage: listing.category === "spot" ? "0" : "",
    positionIdx: 0,
    orderStatus: statusOf(entry),
    cancelType: cancelType(order),
    rejectReason: order.closeReason === undefined ? "EC_NoError" : rejectReasons[order.closeReason],
    avgPrice: BigDecimal.isPositive(order.filled) ? average : listing.category === "spot" ? "" : "0",
    leavesQty: quantity(listing, left),
    leavesValue: order.price === undefined ? "0" : value(listing, { amount: left, price: order.price }),
    cumExecQty: quantity(listing, order.filled),
    cumExecValue: total,
    cumExecFee: order.fee,
    timeInForce: order.postOnly ? "PostOnly" : order.timeInForce,
    orderType: order.type === "limit" ? "Limit" : "Market",
    marketUnit: order.type === "limit" ? "" : order.quoteAmount === undefined ? "baseCoin" : "quoteCoin",
    triggerPrice: "0.00",
    triggerDirection: 0,
    reduceOnly: order.reduceOnly,
    closeOnTrigger: false,
    smpType: "None",
    smpGroup: 0,
    ...empty,
    // Spot orders do not have this field.
    tpslMode: listing.category === "spot" ? undefined : "",
    createdTime: String(order.createdAt),
    updatedTime: String(order.updatedAt),
    cumFeeDetail: BigDecimal.isZero(order.fee) ? {} : { [order.feeAsset]: order.fee }
  }
}

const keeps = matching<Pick<Listed, "listing">>(marketOf)

/** @internal Returns `true` if a request for contracts names a symbol or a coin. */
export const scoped = (input: Input): boolean =>
  ["symbol", "baseCoin", "settleCoin"].some((name) => text(input, name) !== undefined)

/** @internal */
export const unscoped: Read<never> = refuse(
  10001,
  "params error: Missing some parameters that must be filled in, symbol or settleCoin or baseCoin"
)

/** @internal Reads the category of a request. A request for linear contracts must name a symbol or a coin. */
export const scopedCategory = checked(
  { category },
  ({ category }, _, input) => category === "linear" && !scoped(input) ? unscoped : Either.right(category)
)

const isNamed = (input: Input): boolean => (text(input, "orderId") ?? text(input, "orderLinkId")) !== undefined

// `orderId` takes precedence over `orderLinkId`.
const byId = (input: Input) =>
  matching<Listed>(
    text(input, "orderId") === undefined
      ? { orderLinkId: ({ order }) => order.clientOrderId }
      : { orderId: ({ listing, order }) => orderId(listing, order.id) }
  )(input)

const week = 7 * 86_400_000

const within = checked(
  { start: integer("startTime", undefined), end: integer("endTime", undefined) },
  ({ end, start }, { now }) => {
    const from = start ?? (end ?? now) - week
    const to = end ?? (start === undefined ? now : start + week)
    return to - from > week
      ? refuse(10001, "The time range between startTime and endTime cannot exceed 7 days")
      : Either.right((at: number) => from <= at && at <= to)
  }
)

/** @internal The number of closed orders that `order/realtime` remembers. */
const remembered = 500

/**
 * @internal Returns the open orders. With an id, the latest closed orders are included. With `openOnly=1`, only the
 * latest closed orders are returned.
 */
export const realtime = shows(
  { category: scopedCategory, page: page(20, 50) },
  ({ category, page }, world, input) => {
    const entries = orders(world).filter(isOf(category))
    const closed = entries.filter(({ order }) => order.status !== "open").slice(-remembered)
    const open = entries.filter(({ order }) => order.status === "open")
    const ended = input["openOnly"] === "1"
    return ordersPage(isNamed(input) ? [...closed, ...open] : ended ? closed : open, input, category, page, world)
  }
)

const hasStatus = matching<Listed>({ orderStatus: statusOf })

/** @internal Returns the closed orders of the last seven days or of the requested range. */
export const history = shows({ category, page: page(20, 50), within }, ({ category, page, within }, world, input) => {
  const entries = orders(world).filter(({ order }) => order.status !== "open" && within(order.createdAt))
  return ordersPage(entries.filter(isOf(category)).filter(hasStatus(input)), input, category, page, world)
})

type Paged = Either.Either.Right<ReturnType<ReturnType<typeof page>>>

const ordersPage = (
  entries: ReadonlyArray<Listed>,
  input: Input,
  category: Category,
  page: Paged,
  { engine }: World
) => {
  const meant = entries.filter(keeps(input)).filter(byId(input)).toReversed()
  const { nextPageCursor, rows } = page(meant, ({ order }) => order.id)
  const list = rows.map((entry) => orderRow(entry, Engine.fillsOf(engine, entry.order.id)))
  return { result: { list, nextPageCursor, category } }
}

/** @internal Returns the executions of the last seven days or of the requested range, newest first. */
export const executions = shows(
  { category, page: page(50, 100), within },
  ({ category, page, within }, world, input) => {
    const meant = fills(world).filter((entry) => isOf(category)(entry) && within(entry.at)).filter(keeps(input))
    const { nextPageCursor, rows } = page(meant.filter(byId(input)).toReversed(), ({ fill }) => fill.id)
    return { result: { nextPageCursor, category, list: rows.map(executionRow) } }
  }
)

/** @internal */
export const executionRow = (
  { fill, listing, order }: Listed & { readonly fill: Engine.Fill }
): { readonly [name: string]: Json } => ({
  symbol: listing.name,
  orderId: orderId(listing, order.id),
  orderLinkId: order.clientOrderId ?? "",
  side: fill.side === "buy" ? "Buy" : "Sell",
  orderPrice: order.price === undefined ? "0" : price(listing, order.price),
  orderQty: quantity(listing, order.amount),
  leavesQty: quantity(listing, leftOf(order)),
  createType: "CreateByUser",
  orderType: order.type === "limit" ? "Limit" : "Market",
  execFee: fill.fee,
  feeCurrency: listing.category === "spot" ? fill.feeAsset : "",
  execId: execId(listing, fill.id),
  execPrice: price(listing, fill.price),
  execQty: quantity(listing, fill.amount),
  execType: "Trade",
  execValue: value(listing, fill),
  execTime: String(fill.at),
  isMaker: fill.liquidity === "maker",
  feeRate: (fill.liquidity === "maker" ? listing.instrument?.makerFee : listing.instrument?.takerFee) ?? Decimal.zero,
  markPrice: price(listing, fill.price),
  ...columns("stopOrderType tradeIv markIv indexPrice underlyingPrice blockTradeId closedSize", ""),
  seq: 4_688_002_127 + fill.id
})
