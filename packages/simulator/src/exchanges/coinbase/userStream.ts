/**
 * The channel of an account in Coinbase's WebSocket: the orders that stand, fifty a message, and then each order as it is whenever
 * it changes. It has neither fills nor balances.
 *
 * What the documentation leaves open is chosen here: of an order that was canceled nothing is left; one that trades at once is
 * told of as it stood before it did.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { iso } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type * as Watch from "../../internal/watch.js"
import type { World } from "../../World.js"
import { completion, ids, portfolio, side, statuses, timesInForce } from "./orders.js"

type Message = { readonly [name: string]: Json }

const batch = 50
const never = "0001-01-01T00:00:00Z"

/** @internal The events in which it is told, each for a message of its own. */
export const say = (
  { events, isFirst, open }: Watch.Change & { readonly _tag: "Executions" },
  { engine }: World
): ReadonlyArray<Message> => {
  const event = (type: string, orders: ReadonlyArray<Json>): Message => ({
    type,
    orders,
    positions: { perpetual_futures_positions: [], expiring_futures_positions: [] }
  })
  if (!isFirst) return events.map(({ fills, order }) => event("update", [orderRow(order, fills)]))
  const rows = open.map((order) => orderRow(order, Engine.fillsOf(engine, order.id)))
  // The last has fewer than fifty, so that one knows that it is the last.
  return Array.from(
    { length: Math.floor(rows.length / batch) + 1 },
    (_, page) => event("snapshot", rows.slice(page * batch, (page + 1) * batch))
  )
}

const orderRow = (order: Engine.Order, fills: ReadonlyArray<Engine.Fill>): Json => {
  const isOpen = order.status === "open"
  const left = isOpen ? BigDecimal.subtract(order.amount, order.filled) : Decimal.zero
  const held = order.side === "buy" ? BigDecimal.multiply(left, order.price ?? Decimal.zero) : left
  return {
    avg_price: Decimal.plain(Decimal.ratio(order.notional, order.filled, 16)),
    cancel_reason: order.closedBecause === "user" ? "User requested cancel" : "",
    client_order_id: order.clientOrderId ?? "",
    completion_percentage: completion(order),
    contract_expiry_type: "UNKNOWN_CONTRACT_EXPIRY_TYPE",
    cumulative_quantity: Decimal.plain(order.filled),
    filled_value: Decimal.plain(order.notional),
    leaves_quantity: Decimal.plain(left),
    limit_price: order.price === undefined ? "0" : Decimal.plain(order.price),
    number_of_fills: String(fills.length),
    order_id: ids.write(order.id),
    order_side: side(order),
    order_type: order.type === "market" ? "Market" : "Limit",
    outstanding_hold_amount: Decimal.plain(held),
    post_only: String(order.postOnly),
    product_id: order.instrument,
    product_type: "SPOT",
    reject_reason: "",
    retail_portfolio_id: portfolio,
    risk_managed_by: "UNKNOWN_RISK_MANAGEMENT_TYPE",
    status: statuses[order.status],
    stop_price: "",
    time_in_force: order.type === "market" ? timesInForce.IOC : timesInForce[order.timeInForce],
    total_fees: Decimal.plain(order.fee),
    total_value_after_fees: Decimal.plain(
      order.side === "buy" ? BigDecimal.sum(order.notional, order.fee) : BigDecimal.subtract(order.notional, order.fee)
    ),
    trigger_status: "INVALID_ORDER_TYPE",
    creation_time: iso(order.createdAt),
    end_time: never,
    start_time: never
  }
}
