/**
 * The account's balances, positions, orders and fills.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { matching } from "../../internal/fields.js"
import { type Holding, holding, holdings } from "../../internal/holdings.js"
import type { Input } from "../../internal/inputs.js"
import { columns, type Json } from "../../internal/json.js"
import type { Listed } from "../../internal/listed.js"
import type { World } from "../../World.js"
import * as Markets from "./markets.js"
import * as Params from "./params.js"

const { currency, page, read, refuse, traded } = Params
const { byName, checked, flag, integer, required, routing } = Params.readers

const { shows: account } = routing({ meter: "ordinary", needs: "account:read" })

/** @internal Encodes the balance of a currency. */
export const summary = ({ asset, equity, free, locked, margin, total, unrealized }: Holding) => ({
  currency: asset,
  balance: total,
  ...columns("equity margin_balance", equity),
  available_funds: BigDecimal.sum(free, unrealized),
  available_withdrawal_funds: free,
  initial_margin: locked,
  maintenance_margin: margin
})

const nothing = { amount: Decimal.zero, margin: Decimal.zero, unrealizedPnl: 0, entryPrice: 0 }

const directionOf = (size: BigDecimal.BigDecimal): string => {
  if (BigDecimal.isZero(size)) return "zero"
  return BigDecimal.isNegative(size) ? "sell" : "buy"
}

const positionRow = (listing: Markets.DeribitListing, world: World): Json => {
  const held = Markets.positions(world).find((position) => position.listing === listing) ?? nothing
  const { last } = world.quote(listing)
  return {
    instrument_name: listing.id,
    kind: "future",
    direction: directionOf(held.amount),
    size: held.amount,
    size_currency: listing.terms.inverse ? Decimal.ratio(held.amount, last, 8) : held.amount,
    average_price: held.entryPrice,
    ...columns("mark_price index_price", last),
    estimated_liquidation_price: null,
    leverage: 10,
    ...columns("initial_margin maintenance_margin", held.margin),
    ...columns("floating_profit_loss total_profit_loss", held.unrealizedPnl)
  }
}

type One = Listed<Markets.DeribitListing>

const [firstOrder, firstTrade] = [104_819_327_000, 403_691_824]

/** @internal */
export const idOf = ({ id, instrument }: Engine.Order): string => Markets.idOf(instrument, firstOrder + id)

const times = { GTC: "good_til_cancelled", IOC: "immediate_or_cancel", FOK: "fill_or_kill" } as const
const states = { open: "open", filled: "filled", canceled: "cancelled" } as const

const termsOf = ({ listing, order }: One) => ({
  order_id: idOf(order),
  instrument_name: listing.id,
  label: order.clientOrderId ?? "",
  direction: order.side,
  order_type: order.type,
  post_only: order.postOnly,
  reduce_only: order.reduceOnly
})

/** @internal */
export const orderRow = (one: One): Json => {
  const { amount, closeReason, createdAt, filled, notional, price, status, timeInForce, updatedAt } = one.order
  return {
    ...termsOf(one),
    order_state: states[status],
    cancel_reason: closeReason === "user" ? "user_request" : undefined,
    time_in_force: times[timeInForce],
    price: price ?? "market_price",
    amount,
    filled_amount: filled,
    average_price: Decimal.ratio(notional, filled, 8),
    creation_timestamp: createdAt,
    last_update_timestamp: updatedAt
  }
}

/** @internal */
export const fillRow = ({ fill, ...one }: One & { readonly fill: Engine.Fill }): Json => {
  const { amount, at, fee, feeAsset, id, liquidity, price } = fill
  return {
    ...termsOf(one),
    trade_id: Markets.idOf(one.listing.id, firstTrade + id),
    trade_seq: id,
    price,
    amount,
    fee,
    fee_currency: feeAsset,
    liquidity: liquidity === "maker" ? "M" : "T",
    timestamp: at
  }
}

const unknown = refuse(10004, "order_not_found")

/** @internal Reads the order that `order_id` names, even if look-ups do not show it. */
export const named = byName("order_id", (id, { engine }) => {
  const found = Markets.order(engine, Number(id.replace(/^[A-Z]+-/, "")) - firstOrder)
  return found !== undefined && idOf(found.order) === id ? found : undefined
}, unknown)

// How long closed orders are found: without `historical`, with it, and with `include_old` as well.
const [recent, historical, old] = [Bars.hour / 2, 2 * Bars.day, Infinity]

const isWithin = (reach: number, { now }: World) => ({ order: { status, updatedAt } }: One): boolean =>
  status === "open" || now - updatedAt <= reach

const seen = checked(
  { named },
  ({ named }, world) => world.isVisible(named.order) && isWithin(recent, world)(named) ? Either.right(named) : unknown
)

/** @internal Filters orders by the instrument, the currency, the kind and the label of a request. */
export const keeps = matching<One>({ ...Markets.marketOf, label: ({ order }) => order.clientOrderId })

const isOpen = ({ order }: One): boolean => order.status === "open"

const asked = (world: World, input: Input) => Markets.orders(world).filter(keeps(input)).toReversed()

const openOrders = <A>(needed: Params.Needed<A>) =>
  read(needed, (_, world, input) => asked(world, input).filter(isOpen).map(orderRow))

const past = {
  traded,
  count: integer("count", 20, 1000),
  offset: integer("offset", 0),
  isHistorical: flag("historical"),
  isOlder: flag("include_old"),
  withUnfilled: flag("include_unfilled")
}

/** @internal The positions are those that are open, and closed ones with size zero. */
export const routes = {
  "private/get_account_summary": account({ currency }, ({ currency }, world) => summary(holding(world, currency))),
  "private/get_account_summaries": account({}, (_, world) => ({ summaries: holdings(world).map(summary) })),
  "private/get_positions": read({}, (_, world, input) => {
    const held = new Set([...Markets.positions(world), ...Markets.fills(world)].map(({ listing }) => listing))
    const meant = Markets.asked({ kind: "future", ...input }).filter((listing) => held.has(listing))
    return meant.map((listing) => positionRow(listing, world))
  }),
  "private/get_open_orders": openOrders({}),
  "private/get_open_orders_by_currency": openOrders({ currency }),
  "private/get_open_orders_by_instrument": openOrders({ traded }),
  "private/get_order_state": read({ seen }, ({ seen }) => orderRow(seen)),
  "private/get_order_state_by_label": read(
    { currency, label: required("label") },
    (_, world, input) => asked(world, input).filter(isWithin(recent, world)).map(orderRow)
  ),
  "private/get_order_history_by_instrument": read(past, (asking, world, input) => {
    const { count, isHistorical, isOlder, offset, withUnfilled } = asking
    const reach = isHistorical ? isOlder ? old : historical : recent
    const ended = asked(world, input).filter(isWithin(reach, world)).filter((one) =>
      !isOpen(one) && (withUnfilled || one.order.filled.value > 0n)
    )
    // The order that closed last comes first.
    const latest = ended.toSorted((a, b) => b.order.updatedAt - a.order.updatedAt)
    return latest.slice(offset, offset + count).map(orderRow)
  }),
  "private/get_user_trades_by_instrument": read(
    { traded, page, isHistorical: past.isHistorical },
    ({ isHistorical, page, traded }, world) => {
      const since = isHistorical ? 0 : world.now - Bars.day
      return page(Markets.fills(world).filter(({ at, listing }) => listing === traded && at >= since), fillRow)
    }
  )
}
