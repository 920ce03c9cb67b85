import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { matching } from "../../internal/fields.js"
import { sideNumber } from "../../internal/ids.js"
import { type Input, list, text } from "../../internal/inputs.js"
import { columns, type Json } from "../../internal/json.js"
import type { Listed as Of } from "../../internal/listed.js"
import { fills as ownFills, marketOf, type OkxListing, orders, size } from "./markets.js"
import {
  between,
  billIds,
  does,
  listing,
  mapped,
  missing,
  optional,
  orderIds,
  page,
  type Read,
  refuse,
  required,
  shows
} from "./params.js"

type Listed = Of<OkxListing>

const hour = 3_600_000
const day = 24 * hour

const wasUnfilled = ({ filled, status }: Engine.Order): boolean => status === "canceled" && BigDecimal.isZero(filled)

/**
 * @internal Returns `true` if OKX no longer returns an order: it was canceled without a fill at least two hours ago.
 */
export const forgotten = (order: Engine.Order, now: number): boolean =>
  wasUnfilled(order) && now - order.updatedAt >= 2 * hour

/** @internal Finds the order that a request names. `ordId` takes precedence over `clOrdId`. */
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

const cancelSources: Readonly<Record<NonNullable<Engine.Order["closeReason"]>, string>> = {
  user: "1",
  postOnlyWouldCross: "31",
  immediateOrCancel: "14",
  fillOrKill: "13",
  noLiquidity: "15",
  nothingToReduce: "23"
}

/** @internal Formats a fee with OKX's sign: a fee that was charged is negative. */
const signed = BigDecimal.negate

const average = (order: Engine.Order, listing: OkxListing, fills: ReadonlyArray<Engine.Fill>): Json => {
  if (fills.length === 0) return ""
  const coins = BigDecimal.sumAll(fills.map((fill) => Decimal.ratio(fill.amount, fill.price, 16)))
  return listing.terms.inverse
    ? Decimal.ratio(order.filled, coins, 8)
    : Decimal.ratio(order.notional, order.filled, 12)
}

const empty = columns(
  "algoClOrdId algoId attachAlgoClOrdId cancelSourceReason ccy pxType pxUsd pxVol quickMgnType slOrdPx slTriggerPx " +
    "slTriggerPxType source stpId tag tpOrdPx tpTriggerPx tpTriggerPxType",
  ""
)

/** @internal Encodes an order with its fills. */
export const orderRow = ({ listing, order }: Listed, fills: ReadonlyArray<Engine.Fill>) => {
  const last = fills.at(-1)
  const spot = listing.instType === "SPOT"
  return {
    ...empty,
    accFillSz: size(listing, order.filled),
    attachAlgoOrds: [],
    avgPx: average(order, listing, fills),
    cTime: String(order.createdAt),
    cancelSource: order.closeReason === undefined ? "" : cancelSources[order.closeReason],
    category: "normal",
    clOrdId: order.clientOrderId ?? "",
    fee: signed(order.fee),
    feeCcy: order.feeAsset,
    fillPx: last?.price ?? "",
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
    px: order.price ?? "",
    rebate: "0",
    rebateCcy: listing.terms.quote,
    reduceOnly: String(order.reduceOnly),
    side: order.side,
    state: stateOf(order),
    stpMode: "cancel_maker",
    sz: order.quoteAmount ?? size(listing, order.amount),
    tdMode: spot ? "cash" : "cross",
    tgtCcy: spot && order.type === "market" ? order.quoteAmount === undefined ? "base_ccy" : "quote_ccy" : "",
    tradeId: last === undefined ? "" : tradeId(last),
    uTime: String(order.updatedAt)
  }
}

const tradeId = (fill: Engine.Fill): string => String(734_864_333 + fill.id)

/** @internal */
export const order = does(
  { listing },
  ({ listing }, { engine, isVisible, now }, input) =>
    Either.flatMap(
      named(engine, listing, input),
      (found) =>
        found === undefined || !isVisible(found) || forgotten(found, now)
          ? refuse("51603", "Order does not exist")
          : Either.right([{ data: [orderRow({ order: found, listing }, Engine.fillsOf(engine, found.id))] }])
    )
)

const keeps = matching<Listed>({
  ...marketOf,
  state: ({ order }) => stateOf(order),
  ordType: ({ order }) => orderTypeOf(order)
}, list)

const orderRows = (entries: ReadonlyArray<Listed>, { engine }: World) => ({
  data: entries.map((entry) => orderRow(entry, Engine.fillsOf(engine, entry.order.id)))
})

const orderId = ({ order }: Listed): string => orderIds.write(order.id)

/** @internal Returns the open orders, newest first. */
export const pending = shows({ page }, ({ page }, world, input) => {
  const open = orders(world).filter(({ order }) => order.status === "open")
  return orderRows(page(open.filter(keeps(input)), orderId), world)
})

// Reads the filter for times within the last `days` and within the requested range.
const within = (days: number) =>
  mapped(
    { isAsked: between("begin", "end") },
    ({ isAsked }, { now }) => (at: number) => isAsked(at) && now - days * day <= at && at <= now
  )

const ended = (days: number, isLeftOut: (order: Engine.Order, now: number) => boolean) =>
  shows({ instType: required("instType"), page, within: within(days) }, ({ page, within }, world, input) => {
    const ended = orders(world).filter(({ order }) =>
      order.status !== "open" && !isLeftOut(order, world.now) && within(order.createdAt)
    )
    return orderRows(page(ended.filter(keeps(input)), orderId), world)
  })

/** @internal Returns the closed orders of the last 7 days, newest first. */
export const history = ended(7, forgotten)

/**
 * @internal Returns the closed orders of the last 3 months, newest first, without those that were canceled unfilled.
 */
export const archive = ended(90, wasUnfilled)

const keepsFills = matching<Listed>({ ...marketOf, ordId: orderId })

/** @internal Returns the fills of the last `days`, newest first. */
export const fills = (days: number, instType = optional("instType")) =>
  shows({ instType, page, within: within(days) }, ({ page, within }, world, input) => ({
    data: page(
      ownFills(world).filter(({ at }) => within(at)).filter(keepsFills(input)),
      ({ fill }) => billIds.write(sideNumber(fill))
    ).map(fillRow)
  }))

const fillRow = ({ fill, listing }: { readonly fill: Engine.Fill; readonly listing: OkxListing }): Json => ({
  instType: listing.instType,
  instId: listing.id,
  tradeId: tradeId(fill),
  ordId: orderIds.write(fill.orderId),
  clOrdId: fill.clientOrderId ?? "",
  billId: billIds.write(sideNumber(fill)),
  fillPx: fill.price,
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
