import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { matching } from "../../internal/fields.js"
import type { Input } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type { Listed } from "../../internal/listed.js"
import type { World } from "../../World.js"
import * as Markets from "./markets.js"
import { byName, currency, flag, integer, label, type Needed, page, refuse, shows, traded } from "./params.js"

const [firstOrder, firstTrade] = [104_819_327_000, 403_691_824]

type One = Listed<Markets.DeribitListing>

/** @internal */
export const idOf = ({ id, instrument }: Engine.Order): string => Markets.idOf(instrument, firstOrder + id)

const words = { GTC: "good_til_cancelled", IOC: "immediate_or_cancel", FOK: "fill_or_kill" } as const
const states = { open: "open", filled: "filled", canceled: "cancelled" } as const

const termsOf = (one: One) => {
  const { clientOrderId, postOnly, reduceOnly, side, type } = one.order
  const ids = { order_id: idOf(one.order), instrument_name: one.listing.id, label: clientOrderId ?? "" }
  const flags = { post_only: postOnly, reduce_only: reduceOnly, api: true, mmp: false, risk_reducing: false }
  return { ...ids, direction: side, order_type: type, ...flags }
}

/** @internal */
export const orderRow = (one: One, replaced = false): Json => {
  const { listing, order: { amount, closeReason, createdAt, filled, notional, price, status, timeInForce } } = one
  const state = { order_state: states[status], time_in_force: words[timeInForce], replaced, reject_post_only: false }
  const sizes = { amount, contracts: Markets.contracts(listing, amount), filled_amount: filled }
  const prices = { price: price ?? "market_price", average_price: Decimal.ratio(notional, filled, 8) }
  const times = { creation_timestamp: createdAt, last_update_timestamp: one.order.updatedAt }
  const cancel_reason = closeReason === "user" ? "user_request" : undefined
  const usual = { user_id: 96103, is_liquidation: false, web: false }
  return { ...termsOf(one), ...state, ...sizes, ...prices, ...times, cancel_reason, ...usual }
}

/** @internal */
export const fillRow = (one: One & { readonly fill: Engine.Fill }): Json => {
  const { amount, at, fee, feeAsset, id, liquidity, price } = one.fill
  const ids = { trade_id: Markets.idOf(one.listing.id, firstTrade + id), trade_seq: id, matching_id: null }
  const prices = { price, index_price: price, mark_price: price, tick_direction: 1 }
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

const shown = byName(
  "order_id",
  (id, world) => Markets.orders(world).find((one) => idOf(one.order) === id && isRecent(one, world)),
  unknown
)

/** @internal Filters orders by the instrument, the currency, the kind and the label of a request. */
export const keeps = matching<One>({ ...Markets.marketOf, label: ({ order }) => order.clientOrderId })

// How long closed orders and trades stay available. Older ones are only found with `historical`.
const [recently, old, day] = [1_800_000, 172_800_000, 86_400_000]

const isRecent = ({ order: { status, updatedAt } }: One, { now }: World, within = recently): boolean =>
  status === "open" || now - updatedAt <= within

const isOpen = ({ order }: One): boolean => order.status === "open"

const rows = (orders: ReadonlyArray<One>) => orders.map((one) => orderRow(one))

const seen = (world: World, input: Input) => Markets.orders(world).filter(keeps(input)).toReversed()

/** @internal */
export const open = <A>(needed: Needed<A>) =>
  shows(needed, (_, world, input) => rows(seen(world, input).filter(isOpen)))

/** @internal */
export const state = shows({ one: shown }, ({ one }) => orderRow(one))

/** @internal */
export const stateByLabel = shows(
  { currency, label },
  (_, world, input) => rows(seen(world, input).filter((one) => isRecent(one, world)))
)

const past = {
  count: integer("count", 20, 1000),
  offset: integer("offset", 0),
  isOld: flag("historical"),
  isOlder: flag("include_old"),
  withUnfilled: flag("include_unfilled")
}

/** @internal Returns the closed orders, most recently closed first. */
export const history = <A>(needed: Needed<A>) =>
  shows({ ...past, ...needed }, ({ count, isOld, isOlder, offset, withUnfilled }, world, input) => {
    const reach = isOld ? isOlder ? Infinity : old : recently
    const ended = seen(world, input).filter((one) =>
      !isOpen(one) && isRecent(one, world, reach) && (withUnfilled || one.order.filled.value > 0n)
    )
    return rows(ended.toSorted((a, b) => b.order.updatedAt - a.order.updatedAt).slice(offset, offset + count))
  })

/** @internal */
export const trades = shows({ listing: traded, page, isOld: flag("historical") }, ({ isOld, listing, page }, world) => {
  const since = isOld ? 0 : world.now - day
  return page(Markets.fills(world).filter((one) => one.listing === listing && one.at >= since), fillRow)
})

/** @internal */
export const tradesByOrder = shows({ one: named }, ({ one }, world) => fillRows(world.engine, one))
