import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns } from "../../internal/columns.js"
import { matching } from "../../internal/fields.js"
import type { Input } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type { Listed } from "../../internal/listed.js"
import type { World } from "../../World.js"
import * as Markets from "./markets.js"
import { byName, currency, flag, integer, label, type Needed, page, read, refuse, traded } from "./params.js"

const [firstOrder, firstTrade] = [104_819_327_000, 403_691_824]

type One = Listed<Markets.DeribitListing>

/** @internal */
export const idOf = ({ id, instrument }: Engine.Order): string => Markets.idOf(instrument, firstOrder + id)

const words = { GTC: "good_til_cancelled", IOC: "immediate_or_cancel", FOK: "fill_or_kill" } as const
const states = { open: "open", filled: "filled", canceled: "cancelled" } as const

const termsOf = (one: One) => {
  const { clientOrderId, postOnly, reduceOnly, side, type } = one.order
  const ids = { order_id: idOf(one.order), instrument_name: one.listing.id, label: clientOrderId ?? "" }
  const flags = { post_only: postOnly, reduce_only: reduceOnly, api: true, ...columns("mmp risk_reducing", false) }
  return { ...ids, direction: side, order_type: type, ...flags }
}

/** @internal */
export const orderRow = (one: One, replaced = false): Json => {
  const { listing, order: { amount, closeReason, createdAt, filled, notional, price, status, timeInForce } } = one
  const state = { order_state: states[status], time_in_force: words[timeInForce], replaced }
  const sizes = { amount, contracts: Markets.contracts(listing, amount), filled_amount: filled }
  const prices = { price: price ?? "market_price", average_price: Decimal.ratio(notional, filled, 8) }
  const times = { creation_timestamp: createdAt, last_update_timestamp: one.order.updatedAt }
  const cancel_reason = closeReason === "user" ? "user_request" : undefined
  const usual = { user_id: 96103, ...columns("reject_post_only is_liquidation web", false) }
  return { ...termsOf(one), ...state, ...sizes, ...prices, ...times, cancel_reason, ...usual }
}

/** @internal */
export const fillRow = (one: One & { readonly fill: Engine.Fill }): Json => {
  const { amount, at, fee, feeAsset, id, liquidity, price } = one.fill
  const ids = { trade_id: Markets.idOf(one.listing.id, firstTrade + id), trade_seq: id, matching_id: null }
  const prices = { ...columns("price index_price mark_price", price), tick_direction: 1 }
  const sizes = { amount, contracts: Markets.contracts(one.listing, amount), fee, fee_currency: feeAsset }
  const role = { liquidity: liquidity === "maker" ? "M" : "T", self_trade: false, state: states[one.order.status] }
  return { ...termsOf(one), ...ids, ...prices, ...sizes, ...role, timestamp: at }
}

/** @internal Encodes the fills of an order after the first `skipped`, as `buy`, `sell` and `edit` return them. */
export const fillRows = (engine: Engine.Engine, one: One, skipped = 0): ReadonlyArray<Json> =>
  Engine.fillsOf(engine, one.order.id).slice(skipped).map((fill) => fillRow({ ...one, fill }))

const find = (id: string, { engine }: World): One | undefined => {
  const found = Markets.order(engine, Number(id.replace(/^[A-Z]+-/, "")) - firstOrder)
  return found && idOf(found.order) === id ? found : undefined
}

const unknown = refuse(10004, "order_not_found")

/** @internal Reads the order that `order_id` names. */
export const named = byName("order_id", find, unknown)

const seen = byName("order_id", (id, world) => {
  const one = find(id, world)
  return one && world.isVisible(one.order) && isRecent(one, world) ? one : undefined
}, unknown)

/** @internal Filters orders by the instrument, the currency, the kind and the label of a request. */
export const keeps = matching<One>({ ...Markets.marketOf, label: ({ order }) => order.clientOrderId })

// How long closed orders and trades are found without `historical`.
const orderMillis = 1_800_000
const tradeMillis = 86_400_000

// How long closed orders are found with `historical`, but without `include_old`.
const historicalMillis = 172_800_000

const isRecent = ({ order: { status, updatedAt } }: One, { now }: World, within = orderMillis): boolean =>
  status === "open" || now - updatedAt <= within

const rows = (orders: ReadonlyArray<One>) => orders.map((one) => orderRow(one))

const asked = (world: World, input: Input) => Markets.orders(world).filter(keeps(input)).toReversed()

const open = <A>(needed: Needed<A>) =>
  read(needed, (_, world, input) => rows(asked(world, input).filter(({ order }) => order.status === "open")))

const isHistorical = flag("historical")
const past = {
  count: integer("count", 20, 1000),
  offset: integer("offset", 0),
  isHistorical,
  isOlder: flag("include_old"),
  withUnfilled: flag("include_unfilled")
}

// The order that closed last comes first.
const history = <A>(needed: Needed<A>) =>
  read({ ...past, ...needed }, ({ count, isHistorical, isOlder, offset, withUnfilled }, world, input) => {
    const oldest = isOlder ? Infinity : historicalMillis
    const reach = isHistorical ? oldest : orderMillis
    const ended = asked(world, input).filter((one) =>
      one.order.status !== "open" && isRecent(one, world, reach) && (withUnfilled || one.order.filled.value > 0n)
    )
    return rows(ended.toSorted((a, b) => b.order.updatedAt - a.order.updatedAt).slice(offset, offset + count))
  })

/** @internal */
export const routes = {
  "private/get_open_orders": open({}),
  "private/get_open_orders_by_currency": open({ currency }),
  "private/get_open_orders_by_instrument": open({ traded }),
  "private/get_open_orders_by_label": open({ currency, label }),
  "private/get_order_state": read({ seen }, ({ seen }) => orderRow(seen)),
  "private/get_order_state_by_label": read(
    { currency, label },
    (_, world, input) => rows(asked(world, input).filter((one) => isRecent(one, world)))
  ),
  "private/get_order_history_by_currency": history({ currency }),
  "private/get_order_history_by_instrument": history({ traded }),
  "private/get_user_trades_by_instrument": read(
    { traded, page, isHistorical },
    ({ isHistorical, page, traded }, world) => {
      const since = isHistorical ? 0 : world.now - tradeMillis
      return page(Markets.fills(world).filter(({ at, listing }) => listing === traded && at >= since), fillRow)
    }
  ),
  "private/get_user_trades_by_order": read({ named }, ({ named }, world) => fillRows(world.engine, named))
}
