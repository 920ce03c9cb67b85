import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import * as Markets from "./markets.js"
import {
  type Answer,
  flag,
  integer,
  listingOf,
  needed,
  page,
  type Params,
  type Read,
  refuse,
  required
} from "./params.js"

const firstOrder = 104_819_327_000
const firstTrade = 403_691_824

interface Listed {
  readonly order: Engine.Order
  readonly listing: Markets.DeribitListing
}

/** @internal */
export const listed = (orders: ReadonlyArray<Engine.Order>): ReadonlyArray<Listed> =>
  orders.flatMap((order) => {
    const listing = Markets.find(order.instrument)
    return listing === undefined ? [] : [{ order, listing }]
  })

/** @internal */
export const idOf = ({ listing, order }: Listed): string => Markets.idOf(listing, firstOrder + order.id)

const words = { GTC: "good_til_cancelled", IOC: "immediate_or_cancel", FOK: "fill_or_kill" } as const
const states = { open: "open", filled: "filled", canceled: "cancelled" } as const

/** @internal The engine's words for Deribit's. */
export const timesInForce: Readonly<Record<string, Engine.TimeInForce>> = {
  good_til_cancelled: "GTC",
  immediate_or_cancel: "IOC",
  fill_or_kill: "FOK"
}

const manual = { api: true, mmp: false, risk_reducing: false }

const termsOf = ({ listing, order: { clientOrderId, id, postOnly, reduceOnly, side, status, type } }: Listed) => ({
  order_id: Markets.idOf(listing, firstOrder + id),
  instrument_name: listing.id,
  label: clientOrderId ?? "",
  direction: side,
  order_type: type,
  post_only: postOnly,
  reduce_only: reduceOnly,
  state: states[status],
  ...manual
})

/** @internal */
export const orderRow = (one: Listed, replaced = false): Json => {
  const { listing, order: { amount, closedBecause, createdAt, filled, notional, price, timeInForce, updatedAt } } = one
  const { state, ...terms } = termsOf(one)
  return {
    ...terms,
    order_state: state,
    time_in_force: words[timeInForce],
    price: price ?? "market_price",
    amount,
    contracts: Markets.contracts(listing, amount),
    filled_amount: filled,
    average_price: Decimal.ratio(notional, filled, 8),
    reject_post_only: false,
    creation_timestamp: createdAt,
    last_update_timestamp: updatedAt,
    cancel_reason: closedBecause === "user" ? "user_request" : undefined,
    replaced,
    user_id: 96103,
    is_liquidation: false,
    web: false
  }
}

const fillRow = (one: Listed) => ({ amount, at, fee, feeAsset, id, liquidity, price }: Engine.Fill): Json => {
  const { listing } = one
  const ids = { trade_id: Markets.idOf(listing, firstTrade + id), trade_seq: id, matching_id: null }
  const prices = { price, index_price: price, mark_price: price, tick_direction: 1 }
  const sizes = { amount, contracts: Markets.contracts(listing, amount), fee, fee_currency: feeAsset }
  const role = { liquidity: liquidity === "maker" ? "M" : "T", self_trade: false }
  return { ...termsOf(one), ...ids, ...prices, ...sizes, ...role, timestamp: at }
}

/** @internal The fills of an order but the first few, as `buy`, `sell` and `edit` show them. */
export const fillRows = (engine: Engine.Engine, one: Listed, skipped = 0): Json =>
  Engine.fillsOf(engine, one.order.id).slice(skipped).map(fillRow(one))

/** @internal The account's order with the id that is given. */
export const named = (params: Params, world: World): Read<Listed> =>
  Either.flatMap(required(params, "order_id"), (id) => {
    const order = Engine.order(world.engine, Number(id.replace(/^[A-Z]+-/, "")) - firstOrder)
    const [found] = listed(order === undefined ? [] : [order])
    return found !== undefined && idOf(found) === id
      ? Either.right(found)
      : refuse(10004, "order_not_found")
  })

/** @internal Keeps the orders of the instrument, currency, kind and label that are named, where they are. */
export const keeps = (params: Params) => ({ listing, order }: Listed): boolean =>
  Markets.isOf(listing, params["currency"] ?? "any") && (params["instrument_name"] ?? listing.id) === listing.id &&
  (params["kind"] ?? Markets.kindOf(listing)) === Markets.kindOf(listing) &&
  (params["label"] ?? order.clientOrderId) === order.clientOrderId

const minute = 60_000
const day = 1440 * minute
// For how long ended orders and trades are at hand; later only `historical` finds them.
const recentOrders = 30 * minute
const oldOrders = 2 * day

const isRecent = ({ order: { status, updatedAt } }: Listed, world: World, within = recentOrders): boolean =>
  status === "open" || world.now - updatedAt <= within

const rows = (orders: ReadonlyArray<Listed>): [Json] => [orders.map((one) => orderRow(one))]

const seen = (orders: ReadonlyArray<Engine.Order>, params: Params, world: World): ReadonlyArray<Listed> =>
  listed(orders).filter((one) => world.isVisible(one.order) && keeps(params)(one)).toReversed()

/** @internal */
export const open = (...names: ReadonlyArray<string>): Answer => (params, world) =>
  Either.map(needed(params, names), () => rows(seen(Engine.openOrders(world.engine), params, world)))

/** @internal */
export const state: Answer = (params, world) =>
  Either.flatMap(named(params, world), (one) =>
    world.isVisible(one.order) && isRecent(one, world)
      ? Either.right([orderRow(one)])
      : refuse(10004, "order_not_found"))

/** @internal */
export const stateByLabel: Answer = (params, world) =>
  Either.map(
    needed(params, ["currency", "label"]),
    () => rows(seen(Engine.orders(world.engine), params, world).filter((one) => isRecent(one, world)))
  )

/** @internal Ended orders, the one that ended last first. */
export const history = (name: string): Answer => (params, world) =>
  Either.gen(function*() {
    yield* needed(params, [name])
    const count = yield* integer(params, "count", 20, 1000)
    const offset = yield* integer(params, "offset", 0)
    const reach = flag(params, "historical") ? flag(params, "include_old") ? Infinity : oldOrders : recentOrders
    const ended = seen(Engine.orders(world.engine), params, world).filter((one) =>
      one.order.status !== "open" && isRecent(one, world, reach) &&
      (flag(params, "include_unfilled") || one.order.filled.value > 0n)
    )
    return rows(ended.toSorted((a, b) => b.order.updatedAt - a.order.updatedAt).slice(offset, offset + count))
  })

/** @internal */
export const trades: Answer = (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params, "traded")
    const since = flag(params, "historical") ? 0 : world.now - day
    const all = Engine.fills(world.engine, listing.id).flatMap((fill) => {
      const order = Engine.order(world.engine, fill.orderId)
      return order === undefined || !world.isVisible(order) || fill.at < since ? [] : [{ ...fill, order }]
    })
    return yield* page(params, all, (fill) => fillRow({ listing, order: fill.order })(fill))
  })

/** @internal */
export const tradesByOrder: Answer = (params, world) =>
  Either.map(named(params, world), (one) => [fillRows(world.engine, one)])
