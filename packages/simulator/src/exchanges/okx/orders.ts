import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns } from "../../internal/columns.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { type Listed as Of, visibleFills, withListings } from "../../internal/listed.js"
import { find, type OkxListing, size } from "./markets.js"
import {
  type Answering,
  billIds,
  countOf,
  integer,
  missing,
  noInstrument,
  orderIds,
  page,
  type Read,
  refuse
} from "./params.js"

type Listed = Of<OkxListing>

const hour = 3_600_000
const day = 24 * hour

/** @internal A canceled order of which nothing was filled is forgotten after two hours. */
export const forgotten = (order: Engine.Order, now: number): boolean =>
  order.status === "canceled" && BigDecimal.isZero(order.filled) && now - order.updatedAt >= 2 * hour

/** @internal The order of an instrument that a request names, by `ordId` before `clOrdId`. */
export const named = (
  engine: Engine.Engine,
  listing: OkxListing,
  input: Input
): Read<Engine.Order | undefined> => {
  const id = text(input, "ordId")
  const clientId = text(input, "clOrdId")
  if (id === undefined && clientId === undefined) return missing("ordId or clOrdId")
  const order = id === undefined
    ? Engine.orderByClientId(engine, clientId ?? "")
    : Engine.order(engine, orderIds.read(id) ?? 0)
  return Either.right(order?.instrument === listing.id ? order : undefined)
}

const stateOf = (order: Engine.Order): string => {
  if (order.status !== "open") return order.status
  return BigDecimal.isPositive(order.filled) ? "partially_filled" : "live"
}

const orderTypeOf = (order: Engine.Order): string => {
  if (order.type === "market") return "market"
  if (order.postOnly) return "post_only"
  return order.timeInForce === "GTC" ? "limit" : order.timeInForce.toLowerCase()
}

const cancelSources: Readonly<Record<NonNullable<Engine.Order["closedBecause"]>, string>> = {
  user: "1",
  postOnlyWouldCross: "31",
  immediateOrCancel: "14",
  fillOrKill: "13",
  noLiquidity: "15",
  nothingToReduce: "23"
}

/** @internal What was paid, as OKX signs it: negative when it was charged. */
const signed = (fee: BigDecimal.BigDecimal): string => Decimal.plain(BigDecimal.negate(fee))

const average = (order: Engine.Order, listing: OkxListing, fills: ReadonlyArray<Engine.Fill>): string => {
  if (fills.length === 0) return ""
  const coins = BigDecimal.sumAll(fills.map((fill) => Decimal.ratio(fill.amount, fill.price, 16)))
  const price = listing.terms.inverse
    ? Decimal.ratio(order.filled, coins, 8)
    : Decimal.ratio(order.notional, order.filled, 12)
  return Decimal.plain(price)
}

const empty = columns(
  "algoClOrdId algoId attachAlgoClOrdId cancelSourceReason ccy pxType pxUsd pxVol quickMgnType slOrdPx slTriggerPx " +
    "slTriggerPxType source stpId tag tpOrdPx tpTriggerPx tpTriggerPxType",
  ""
)

/** @internal An order with the fills it has. */
export const orderRow = ({ listing, order }: Listed, fills: ReadonlyArray<Engine.Fill>) => {
  const last = fills.at(-1)
  const spot = listing.instType === "SPOT"
  return {
    ...empty,
    accFillSz: size(listing, order.filled),
    attachAlgoOrds: [],
    avgPx: average(order, listing, fills),
    cTime: String(order.createdAt),
    cancelSource: order.closedBecause === undefined ? "" : cancelSources[order.closedBecause],
    category: "normal",
    clOrdId: order.clientOrderId ?? "",
    fee: signed(order.fee),
    feeCcy: order.feeAsset,
    fillPx: last === undefined ? "" : Decimal.plain(last.price),
    fillSz: last === undefined ? "0" : size(listing, last.amount),
    fillTime: last === undefined ? "" : String(last.at),
    instId: listing.id,
    instType: listing.instType,
    isTpLimit: "false",
    lever: spot ? "" : "10",
    linkedAlgoOrd: { algoId: "" },
    ordId: orderIds.write(order.id),
    ordType: orderTypeOf(order),
    pnl: "0",
    posSide: spot ? "" : "net",
    px: order.price === undefined ? "" : Decimal.plain(order.price),
    rebate: "0",
    rebateCcy: listing.terms.quote,
    reduceOnly: String(order.reduceOnly),
    side: order.side,
    state: stateOf(order),
    stpMode: "cancel_maker",
    sz: order.quoteAmount === undefined ? size(listing, order.amount) : Decimal.plain(order.quoteAmount),
    tdMode: spot ? "cash" : "cross",
    tgtCcy: spot && order.type === "market" ? order.quoteAmount === undefined ? "base_ccy" : "quote_ccy" : "",
    tradeId: last === undefined ? "" : tradeId(last),
    uTime: String(order.updatedAt)
  }
}

const tradeId = (fill: Engine.Fill): string => String(734_864_333 + fill.id)

/** @internal */
export const order: Answering = (input, world) =>
  Either.gen(function*() {
    const instId = text(input, "instId")
    if (instId === undefined) return yield* missing("instId")
    const listing = find(instId)
    if (listing === undefined) {
      return yield* noInstrument
    }
    const found = yield* named(world.engine, listing, input)
    if (found === undefined || !world.isVisible(found) || forgotten(found, world.now)) {
      return yield* refuse("51603", "Order does not exist")
    }
    return [{ data: [orderRow({ order: found, listing }, Engine.fillsOf(world.engine, found.id))] }]
  })

const keeps = (input: Input) => ({ listing }: Pick<Listed, "listing">): boolean =>
  (text(input, "instType") ?? listing.instType) === listing.instType &&
  (text(input, "instId") ?? listing.id) === listing.id

const visible = (orders: ReadonlyArray<Engine.Order>, input: Input, world: World): ReadonlyArray<Listed> => {
  const [state, types] = [text(input, "state"), text(input, "ordType")?.split(",")]
  return withListings(orders, find).filter((entry) =>
    world.isVisible(entry.order) && keeps(input)(entry) && (state ?? stateOf(entry.order)) === stateOf(entry.order) &&
    (types?.includes(orderTypeOf(entry.order)) ?? true)
  )
}

/** @internal Open orders, newest first. */
export const pending: Answering = (input, world) =>
  Either.gen(function*() {
    const limit = yield* countOf(input, 100, 100)
    const entries = visible(Engine.openOrders(world.engine), input, world)
    const shown = yield* page(entries.toReversed(), input, limit, (entry) => orderIds.write(entry.order.id))
    return [{ data: shown.map((entry) => orderRow(entry, Engine.fillsOf(world.engine, entry.order.id))) }]
  })

/** @internal Closed orders of the last days, newest first. */
export const history = (days: number): Answering => (input, world) =>
  Either.gen(function*() {
    if (text(input, "instType") === undefined) return yield* missing("instType")
    const limit = yield* countOf(input, 100, 100)
    const begin = yield* integer(input, "begin", undefined)
    const end = yield* integer(input, "end", undefined)
    const entries = visible(Engine.orders(world.engine), input, world).filter((entry) =>
      entry.order.status !== "open" && !forgotten(entry.order, world.now) &&
      Math.max(begin ?? 0, world.now - days * day) <= entry.order.createdAt &&
      entry.order.createdAt <= (end ?? world.now)
    )
    const shown = yield* page(entries.toReversed(), input, limit, (entry) => orderIds.write(entry.order.id))
    return [{ data: shown.map((entry) => orderRow(entry, Engine.fillsOf(world.engine, entry.order.id))) }]
  })

/** @internal Fills of the last days, newest first. */
export const fills = (days: number, instTypeNeeded: boolean): Answering => (input, world) =>
  Either.gen(function*() {
    if (instTypeNeeded && text(input, "instType") === undefined) return yield* missing("instType")
    const limit = yield* countOf(input, 100, 100)
    const begin = yield* integer(input, "begin", undefined)
    const end = yield* integer(input, "end", undefined)
    const wanted = text(input, "ordId")
    const entries = visibleFills(world, find).filter((entry) =>
      Math.max(begin ?? 0, world.now - days * day) <= entry.at && entry.at <= (end ?? world.now) &&
      keeps(input)(entry) && (wanted ?? orderIds.write(entry.order.id)) === orderIds.write(entry.order.id)
    )
    const shown = yield* page(entries.toReversed(), input, limit, ({ fill }) => billIds.write(fill.id))
    return [{ data: shown.map(fillRow) }]
  })

const fillRow = ({ fill, listing }: { readonly fill: Engine.Fill; readonly listing: OkxListing }): Json => ({
  instType: listing.instType,
  instId: listing.id,
  tradeId: tradeId(fill),
  ordId: orderIds.write(fill.orderId),
  clOrdId: fill.clientOrderId ?? "",
  billId: billIds.write(fill.id),
  fillPx: Decimal.plain(fill.price),
  fillSz: size(listing, fill.amount),
  fillPnl: "0",
  ...columns("subType tag fillIdxPx fillPxVol fillPxUsd fillMarkVol fillFwdPx fillMarkPx feeRate", ""),
  side: fill.side,
  posSide: "net",
  execType: fill.liquidity === "maker" ? "M" : "T",
  feeCcy: fill.feeAsset,
  fee: signed(fill.fee),
  ts: String(fill.at),
  fillTime: String(fill.at)
})
