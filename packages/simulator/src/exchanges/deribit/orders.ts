import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../Engine.js"
import * as Decimal from "../../internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { contracts, type DeribitListing, find, idOf, isOf, kindOf } from "./markets.js"
import {
  type Answer,
  flag,
  integer,
  listingOf,
  paged,
  pageOf,
  type Params,
  type Refusal,
  refuse,
  required
} from "./params.js"

const firstOrder = 104_819_327_000
const firstTrade = 403_691_824

interface Listed {
  readonly order: Engine.Order
  readonly listing: DeribitListing
}

/** @internal */
export const listed = (orders: ReadonlyArray<Engine.Order>): ReadonlyArray<Listed> =>
  orders.flatMap((order) => {
    const listing = find(order.instrument)
    return listing === undefined ? [] : [{ order, listing }]
  })

const words = { GTC: "good_til_cancelled", IOC: "immediate_or_cancel", FOK: "fill_or_kill" } as const
const states = { open: "open", filled: "filled", canceled: "cancelled" } as const

/** @internal The engine's words for Deribit's. */
export const timesInForce: Readonly<Record<string, Engine.TimeInForce>> = {
  good_til_cancelled: "GTC",
  immediate_or_cancel: "IOC",
  fill_or_kill: "FOK"
}

/** @internal */
export const orderRow = ({ listing, order }: Listed, replaced = false): Json => ({
  order_id: idOf(listing, firstOrder + order.id),
  label: order.clientOrderId ?? "",
  instrument_name: listing.id,
  direction: order.side,
  order_type: order.type,
  order_state: states[order.status],
  time_in_force: words[order.timeInForce],
  price: order.price ?? "market_price",
  amount: order.amount,
  contracts: contracts(listing, order.amount),
  filled_amount: order.filled,
  average_price: Decimal.ratio(order.notional, order.filled, 8),
  post_only: order.postOnly,
  reject_post_only: false,
  reduce_only: order.reduceOnly,
  creation_timestamp: order.createdAt,
  last_update_timestamp: order.updatedAt,
  cancel_reason: order.closedBecause === "user" ? "user_request" : undefined,
  replaced,
  user_id: 96103,
  api: true,
  web: false,
  mmp: false,
  is_liquidation: false,
  risk_reducing: false
})

const fillRow = (engine: Engine.Engine, listing: DeribitListing) => (fill: Engine.Fill): Json => {
  const order = Engine.order(engine, fill.orderId)
  return {
    trade_id: idOf(listing, firstTrade + fill.id),
    trade_seq: fill.id,
    order_id: idOf(listing, firstOrder + fill.orderId),
    label: fill.clientOrderId,
    matching_id: null,
    instrument_name: listing.id,
    timestamp: fill.at,
    direction: fill.side,
    price: fill.price,
    amount: fill.amount,
    contracts: contracts(listing, fill.amount),
    fee: fill.fee,
    fee_currency: fill.feeAsset,
    liquidity: fill.liquidity === "maker" ? "M" : "T",
    order_type: order?.type,
    state: order === undefined ? undefined : states[order.status],
    post_only: order?.postOnly,
    reduce_only: order?.reduceOnly,
    tick_direction: 1,
    index_price: fill.price,
    mark_price: fill.price,
    self_trade: false,
    api: true,
    mmp: false,
    risk_reducing: false
  }
}

/** @internal The fills of an order but the first few, as `buy`, `sell` and `edit` show them. */
export const fillRows = (engine: Engine.Engine, { listing, order }: Listed, skipped = 0): Json =>
  Engine.fillsOf(engine, order.id).slice(skipped).map(fillRow(engine, listing))

/** @internal The account's order with the id that is given. */
export const named = (params: Params, world: World): Either.Either<Listed, Refusal> =>
  Either.flatMap(required(params, "order_id"), (id) => {
    const order = Engine.order(world.engine, Number(id.replace(/^[A-Z]+-/, "")) - firstOrder)
    const [found] = listed(order === undefined ? [] : [order])
    return found !== undefined && idOf(found.listing, firstOrder + found.order.id) === id
      ? Either.right(found)
      : refuse("order_not_found")
  })

/** @internal Keeps the orders of the instrument, currency, kind and label that are named, where they are. */
export const keeps = (params: Params) => ({ listing, order }: Listed): boolean =>
  isOf(listing, params["currency"] ?? "any") && (params["instrument_name"] ?? listing.id) === listing.id &&
  (params["kind"] ?? kindOf(listing)) === kindOf(listing) &&
  (params["label"] ?? order.clientOrderId) === order.clientOrderId

const minute = 60_000
const day = 1440 * minute
// For how long ended orders and trades are at hand; later only `historical` finds them.
const recentOrders = 30 * minute
const recentTrades = day
const oldOrders = 2 * day

const isRecent = ({ order: { status, updatedAt } }: Listed, world: World, within = recentOrders): boolean =>
  status === "open" || world.now - updatedAt <= within

const seen = (orders: ReadonlyArray<Engine.Order>, params: Params, world: World): ReadonlyArray<Listed> =>
  listed(orders).filter((one) => world.isVisible(one.order) && keeps(params)(one))

/** @internal */
export const open = (...needed: ReadonlyArray<string>): Answer => (params, world) =>
  Either.gen(function*() {
    for (const name of needed) yield* required(params, name)
    if (needed.includes("instrument_name")) yield* listingOf(params, "invalid_or_unsupported_instrument")
    return [seen(Engine.openOrders(world.engine), params, world).toReversed().map((one) => orderRow(one))]
  })

/** @internal */
export const state: Answer = (params, world) =>
  Either.flatMap(named(params, world), (one) =>
    world.isVisible(one.order) && isRecent(one, world)
      ? Either.right([orderRow(one)])
      : refuse("order_not_found"))

/** @internal */
export const stateByLabel: Answer = (params, world) =>
  Either.gen(function*() {
    yield* required(params, "currency")
    yield* required(params, "label")
    const found = seen(Engine.orders(world.engine), params, world).filter((one) => isRecent(one, world))
    return [found.toReversed().map((one) => orderRow(one))]
  })

/** @internal Ended orders, the one that ended last first. */
export const history = (needed: string): Answer => (params, world) =>
  Either.gen(function*() {
    yield* required(params, needed)
    if (needed === "instrument_name") yield* listingOf(params, "invalid_or_unsupported_instrument")
    const count = yield* integer(params, "count", 20, 1000)
    const offset = yield* integer(params, "offset", 0)
    const reach = flag(params, "historical") ? flag(params, "include_old") ? Infinity : oldOrders : recentOrders
    const ended = seen(Engine.orders(world.engine), params, world)
      .filter(({ order }) => order.status !== "open")
      .filter((one) => isRecent(one, world, reach))
      .filter(({ order }) => flag(params, "include_unfilled") || order.filled.value > 0n)
      .toSorted((left, right) => right.order.updatedAt - left.order.updatedAt || right.order.id - left.order.id)
    return [ended.slice(offset, offset + count).map((one) => orderRow(one))]
  })

/** @internal */
export const trades: Answer = (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params, "invalid_or_unsupported_instrument")
    const page = yield* pageOf(params)
    const since = flag(params, "historical") ? 0 : world.now - recentTrades
    const all = Engine.fills(world.engine, listing.id).filter((fill) => {
      const order = Engine.order(world.engine, fill.orderId)
      return fill.at >= since && order !== undefined && world.isVisible(order)
    })
    return [paged(all, page, fillRow(world.engine, listing))]
  })

/** @internal */
export const tradesByOrder: Answer = (params, world) =>
  Either.map(named(params, world), (one) => [fillRows(world.engine, one)])
