import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { type Fields, flag } from "../../internal/fields.js"
import type { Json } from "../../internal/json.js"
import { type Listed, visibleFills, withListings } from "../../internal/listed.js"
import * as Markets from "./markets.js"
import { type Answering, integer, needed, page, type Read, refuse, required, traded } from "./params.js"

const [firstOrder, firstTrade] = [104_819_327_000, 403_691_824]

type One = Listed<Markets.DeribitListing>

/** @internal */
export const idOf = ({ listing, order }: One): string => Markets.idOf(listing, firstOrder + order.id)

/** @internal */
export const listed = (orders: ReadonlyArray<Engine.Order>) => withListings(orders, Markets.find)

const words = { GTC: "good_til_cancelled", IOC: "immediate_or_cancel", FOK: "fill_or_kill" } as const
const states = { open: "open", filled: "filled", canceled: "cancelled" } as const

const termsOf = (one: One) => {
  const { clientOrderId, postOnly, reduceOnly, side, type } = one.order
  const ids = { order_id: idOf(one), instrument_name: one.listing.id, label: clientOrderId ?? "" }
  const flags = { post_only: postOnly, reduce_only: reduceOnly, api: true, mmp: false, risk_reducing: false }
  return { ...ids, direction: side, order_type: type, ...flags }
}

/** @internal */
export const orderRow = (one: One, replaced = false): Json => {
  const { listing, order: { amount, closedBecause, createdAt, filled, notional, price, status, timeInForce } } = one
  const state = { order_state: states[status], time_in_force: words[timeInForce], replaced, reject_post_only: false }
  const sizes = { amount, contracts: Markets.contracts(listing, amount), filled_amount: filled }
  const prices = { price: price ?? "market_price", average_price: Decimal.ratio(notional, filled, 8) }
  const times = { creation_timestamp: createdAt, last_update_timestamp: one.order.updatedAt }
  const cancel_reason = closedBecause === "user" ? "user_request" : undefined
  const usual = { user_id: 96103, is_liquidation: false, web: false }
  return { ...termsOf(one), ...state, ...sizes, ...prices, ...times, cancel_reason, ...usual }
}

/** @internal */
export const fillRow = (one: One) => ({ amount, at, fee, feeAsset, id, liquidity, price }: Engine.Fill): Json => {
  const ids = { trade_id: Markets.idOf(one.listing, firstTrade + id), trade_seq: id, matching_id: null }
  const prices = { price, index_price: price, mark_price: price, tick_direction: 1 }
  const sizes = { amount, contracts: Markets.contracts(one.listing, amount), fee, fee_currency: feeAsset }
  const role = { liquidity: liquidity === "maker" ? "M" : "T", self_trade: false, state: states[one.order.status] }
  return { ...termsOf(one), ...ids, ...prices, ...sizes, ...role, timestamp: at }
}

/** @internal The fills of an order but the first few, as `buy`, `sell` and `edit` show them. */
export const fillRows = (engine: Engine.Engine, one: One, skipped = 0): Json =>
  Engine.fillsOf(engine, one.order.id).slice(skipped).map(fillRow(one))

const unknown = refuse(10004, "order_not_found")

/** @internal The account's order with the id that is given. */
export const named = (params: Fields, world: World): Read<One> =>
  Either.flatMap(required(params, "order_id"), (id) => {
    const order = Engine.order(world.engine, Number(id.replace(/^[A-Z]+-/, "")) - firstOrder)
    const [found] = listed(order === undefined ? [] : [order])
    return found !== undefined && idOf(found) === id ? Either.right(found) : unknown
  })

/** @internal Keeps the orders of the instrument, currency, kind and label that are named, where they are. */
export const keeps = ({ currency, instrument_name, kind, label }: Fields) => ({ listing, order }: One): boolean =>
  Markets.isOf(listing, currency, kind) && (instrument_name ?? listing.id) === listing.id &&
  (label ?? order.clientOrderId) === order.clientOrderId

// For how long ended orders and trades are at hand; later only `historical` finds them.
const [recently, old, day] = [1_800_000, 172_800_000, 86_400_000]

const isRecent = ({ order: { status, updatedAt } }: One, world: World, within = recently): boolean =>
  status === "open" || world.now - updatedAt <= within

const seen = (orders: ReadonlyArray<Engine.Order>, params: Fields, world: World): ReadonlyArray<One> =>
  listed(orders).filter((one) => world.isVisible(one.order) && keeps(params)(one)).toReversed()

const rows = (orders: ReadonlyArray<One>): readonly [Json] => [orders.map((one) => orderRow(one))]

/** @internal */
export const open = (...names: ReadonlyArray<string>): Answering => (params, world) =>
  Either.map(needed(params, names), () => rows(seen(Engine.openOrders(world.engine), params, world)))

/** @internal */
export const state: Answering = (params, world) =>
  Either.flatMap(
    named(params, world),
    (one) => world.isVisible(one.order) && isRecent(one, world) ? Either.right([orderRow(one)]) : unknown
  )

/** @internal */
export const stateByLabel: Answering = (params, world) =>
  Either.map(
    needed(params, ["currency", "label"]),
    () => rows(seen(Engine.orders(world.engine), params, world).filter((one) => isRecent(one, world)))
  )

/** @internal Ended orders, the one that ended last first. */
export const history = (name: string): Answering => (params, world) =>
  Either.gen(function*() {
    yield* needed(params, [name])
    const [count, offset] = [yield* integer(params, "count", 20, 1000), yield* integer(params, "offset", 0)]
    const reach = flag(params, "historical") ? flag(params, "include_old") ? Infinity : old : recently
    const ended = seen(Engine.orders(world.engine), params, world).filter((one) =>
      one.order.status !== "open" && isRecent(one, world, reach) &&
      (flag(params, "include_unfilled") || one.order.filled.value > 0n)
    )
    return rows(ended.toSorted((a, b) => b.order.updatedAt - a.order.updatedAt).slice(offset, offset + count))
  })

/** @internal */
export const trades: Answering = (params, world) =>
  Either.flatMap(traded(params), ({ id }) => {
    const since = flag(params, "historical") ? 0 : world.now - day
    const own = visibleFills(world, Markets.find).filter(({ at, listing }) => listing.id === id && at >= since)
    return page(params, own, (one) => fillRow(one)(one.fill))
  })

/** @internal */
export const tradesByOrder: Answering = (params, world) =>
  Either.map(named(params, world), (one) => [fillRows(world.engine, one)])
