import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns } from "../../internal/columns.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { type Listed as Of, visibleFills, withListings } from "../../internal/listed.js"
import { type BybitListing, type Category, ofInstrument, price, quantity } from "./markets.js"
import {
  type Answering,
  categoryOf,
  execId,
  integer,
  limitOf,
  orderId,
  page,
  parseOrderId,
  type Read,
  refuse
} from "./params.js"

type Listed = Of<BybitListing>

/** @internal The account's orders of a category, oldest first, whether the exchange's database knows them yet or not. */
export const ordersOf = (engine: Engine.Engine, category: Category): ReadonlyArray<Listed> =>
  listed(Engine.orders(engine), category)

/** @internal Those of them still open. */
export const openOrdersOf = (engine: Engine.Engine, category: Category): ReadonlyArray<Listed> =>
  listed(Engine.openOrders(engine), category)

const listed = (orders: ReadonlyArray<Engine.Order>, category: Category): ReadonlyArray<Listed> =>
  withListings(orders, ofInstrument).filter(({ listing }) => listing.category === category)

/** @internal The order a request names, by `orderId` before `orderLinkId`. */
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
  const number = id === undefined ? undefined : parseOrderId(category, id)
  const order = id === undefined ? Engine.orderByClientId(engine, linkId ?? "") : Engine.order(engine, number ?? 0)
  const symbol = text(input, "symbol")
  const [found] = order === undefined ? [] : listed([order], category)
  return Either.right(found !== undefined && (symbol ?? found.listing.name) === found.listing.name ? found : undefined)
}

/** @internal What an amount is worth at a price: in the quote currency, or in coins of an inverse contract. */
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

const rejectReasons: Readonly<Record<NonNullable<Engine.Order["closedBecause"]>, string>> = {
  user: "EC_PerCancelRequest",
  postOnlyWouldCross: "EC_PostOnlyWillTakeLiquidity",
  immediateOrCancel: "EC_NoImmediateQtyToFill",
  fillOrKill: "EC_CancelForNoFullFill",
  noLiquidity: "EC_NoImmediateQtyToFill",
  nothingToReduce: "EC_NoError"
}

const cancelType = (order: Engine.Order): string =>
  order.closedBecause === "user"
    ? "CancelByUser"
    : order.closedBecause === "nothingToReduce"
    ? "CancelByReduceOnly"
    : "UNKNOWN"

const empty = columns(
  "blockTradeId stopOrderType orderIv takeProfit stopLoss tpLimitPrice slLimitPrice tpTriggerBy slTriggerBy " +
    "triggerBy lastPriceOnCreated placeType smpOrderId",
  ""
)

/** @internal An order that had these fills. */
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
    qty: order.quoteAmount === undefined ? quantity(listing, order.amount) : Decimal.plain(order.quoteAmount),
    side: order.side === "buy" ? "Buy" : "Sell",
    isLeverage: listing.category === "spot" ? "0" : "",
    positionIdx: 0,
    orderStatus: statusOf(entry),
    cancelType: cancelType(order),
    rejectReason: order.closedBecause === undefined ? "EC_NoError" : rejectReasons[order.closedBecause],
    avgPrice: BigDecimal.isPositive(order.filled) ? Decimal.plain(average) : listing.category === "spot" ? "" : "0",
    leavesQty: quantity(listing, left),
    leavesValue: order.price === undefined ? "0" : Decimal.plain(value(listing, { amount: left, price: order.price })),
    cumExecQty: quantity(listing, order.filled),
    cumExecValue: Decimal.plain(total),
    cumExecFee: Decimal.plain(order.fee),
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
    // Spot has no such field.
    tpslMode: listing.category === "spot" ? undefined : "",
    createdTime: String(order.createdAt),
    updatedTime: String(order.updatedAt),
    cumFeeDetail: BigDecimal.isZero(order.fee) ? {} : { [order.feeAsset]: Decimal.plain(order.fee) }
  }
}

const keeps = (input: Input) => ({ listing }: Pick<Listed, "listing">): boolean =>
  (text(input, "symbol") ?? listing.name) === listing.name &&
  (text(input, "baseCoin") ?? listing.base) === listing.base &&
  (text(input, "settleCoin") ?? listing.settle) === listing.settle

/** @internal Whether a request for contracts says which: a symbol or a coin. */
export const scoped = (input: Input): boolean =>
  ["symbol", "baseCoin", "settleCoin"].some((name) => text(input, name) !== undefined)

/** @internal */
export const unscoped: Read<never> = refuse(
  10001,
  "params error: Missing some parameters that must be filled in, symbol or settleCoin or baseCoin"
)

/** @internal How many closed orders `order/realtime` remembers. */
const remembered = 500

/** @internal Open orders; with an id, or with `openOnly=1`, the latest closed ones too, or them alone. */
export const realtime: Answering = (input, world) =>
  Either.gen(function*() {
    const category = yield* categoryOf(input)
    if (category === "linear" && !scoped(input)) return yield* unscoped
    const limit = yield* limitOf(input, 20, 50)
    const entries = ordersOf(world.engine, category).filter(({ order }) => world.isVisible(order))
    const closed = entries.filter(({ order }) => order.status !== "open").slice(-remembered)
    const open = entries.filter(({ order }) => order.status === "open")
    const byId = yield* byIds(input, category)
    const source = byId !== undefined ? [...closed, ...open].filter(byId) : input["openOnly"] === "1" ? closed : open
    return yield* ordersPage(source, input, category, limit, world)
  })

/** @internal Closed orders of the last seven days or of the span asked for. */
export const history: Answering = (input, world) =>
  Either.gen(function*() {
    const category = yield* categoryOf(input)
    const limit = yield* limitOf(input, 20, 50)
    const [from, to] = yield* span(input, world.now)
    const byId = yield* byIds(input, category)
    const status = text(input, "orderStatus")
    const entries = ordersOf(world.engine, category).filter((entry) => {
      const { createdAt } = entry.order
      return entry.order.status !== "open" && world.isVisible(entry.order) && from <= createdAt && createdAt <= to &&
        (status ?? statusOf(entry)) === statusOf(entry)
    })
    return yield* ordersPage(byId === undefined ? entries : entries.filter(byId), input, category, limit, world)
  })

const ordersPage = (
  entries: ReadonlyArray<Listed>,
  input: Input,
  category: Category,
  limit: number,
  world: World
): ReturnType<Answering> =>
  Either.map(
    page(entries.filter(keeps(input)).toReversed(), input, limit, ({ order }) => order.id),
    ({ nextPageCursor, rows }) =>
      [{
        result: {
          list: rows.map((entry) => orderRow(entry, Engine.fillsOf(world.engine, entry.order.id))),
          nextPageCursor,
          category
        }
      }] as const
  )

const byIds = (
  input: Input,
  category: Category
): Read<((entry: Pick<Listed, "order">) => boolean) | undefined> => {
  const id = text(input, "orderId")
  const linkId = text(input, "orderLinkId")
  if (id === undefined && linkId === undefined) return Either.right(undefined)
  const number = id === undefined ? undefined : parseOrderId(category, id)
  return Either.right(({ order }) => id === undefined ? order.clientOrderId === linkId : order.id === number)
}

const week = 7 * 86_400_000

const span = (input: Input, now: number) =>
  Either.gen(function*() {
    const start = yield* integer(input, "startTime", undefined)
    const end = yield* integer(input, "endTime", undefined)
    const from = start ?? (end ?? now) - week
    const to = end ?? (start === undefined ? now : start + week)
    return to - from > week
      ? yield* refuse(10001, "The time range between startTime and endTime cannot exceed 7 days")
      : [from, to] as const
  })

/** @internal Executions of the last seven days or of the span asked for, newest first. */
export const executions: Answering = (input, world) =>
  Either.gen(function*() {
    const category = yield* categoryOf(input)
    const limit = yield* limitOf(input, 50, 100)
    const [from, to] = yield* span(input, world.now)
    const byId = yield* byIds(input, category)
    const entries = visibleFills(world, ofInstrument).filter((entry) =>
      entry.listing.category === category && from <= entry.at && entry.at <= to &&
      (byId?.(entry) ?? true) && keeps(input)(entry)
    )
    const { nextPageCursor, rows } = yield* page(entries.toReversed(), input, limit, ({ fill }) => fill.id)
    return [{ result: { nextPageCursor, category, list: rows.map(executionRow) } }]
  })

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
  execFee: Decimal.plain(fill.fee),
  feeCurrency: listing.category === "spot" ? fill.feeAsset : "",
  execId: execId(listing, fill.id),
  execPrice: price(listing, fill.price),
  execQty: quantity(listing, fill.amount),
  execType: "Trade",
  execValue: Decimal.plain(value(listing, fill)),
  execTime: String(fill.at),
  isMaker: fill.liquidity === "maker",
  feeRate: Decimal.plain(
    (fill.liquidity === "maker" ? listing.instrument?.makerFee : listing.instrument?.takerFee) ?? Decimal.zero
  ),
  markPrice: price(listing, fill.price),
  ...columns("stopOrderType tradeIv markIv indexPrice underlyingPrice blockTradeId closedSize", ""),
  seq: 4_688_002_127 + fill.id
})
