/**
 * The account channel of Coinbase's WebSocket: the open orders, fifty per message, and then each order whenever it
 * changes. It has neither fills nor balances.
 *
 * Where the documentation is silent, this simulator decides: a canceled order has nothing left, and an order that
 * trades immediately is first sent in its state before the trade.
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

/** @internal Returns the events of a change. Each is sent in its own message. */
export const eventsOf = (
  { events, isFirst, open }: Watch.ChangeOf<"Executions">,
  { engine }: World
): ReadonlyArray<Message> => {
  const event = (type: string, orders: ReadonlyArray<Json>): Message => ({
    type,
    orders,
    positions: { perpetual_futures_positions: [], expiring_futures_positions: [] }
  })
  if (!isFirst) return events.map(({ fills, order }) => event("update", [orderRow(order, fills)]))
  const rows = open.map((order) => orderRow(order, Engine.fillsOf(engine, order.id)))
  // The last page has fewer than fifty orders, which marks it as the last.
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
    avg_price: Decimal.ratio(order.notional, order.filled, 16),
    cancel_reason: order.closeReason === "user" ? "User requested cancel" : "",
    client_order_id: order.clientOrderId ?? "",
    completion_percentage: completion(order),
    contract_expiry_type: "UNKNOWN_CONTRACT_EXPIRY_TYPE",
    cumulative_quantity: order.filled,
    filled_value: order.notional,
    leaves_quantity: left,
    limit_price: order.price ?? "0",
    number_of_fills: String(fills.length),
    order_id: ids.write(order.id),
    order_side: side(order),
    order_type: order.type === "market" ? "Market" : "Limit",
    outstanding_hold_amount: held,
    post_only: String(order.postOnly),
    product_id: order.instrument,
    product_type: "SPOT",
    reject_reason: "",
    retail_portfolio_id: portfolio,
    risk_managed_by: "UNKNOWN_RISK_MANAGEMENT_TYPE",
    status: statuses[order.status],
    stop_price: "",
    time_in_force: order.type === "market" ? timesInForce.IOC : timesInForce[order.timeInForce],
    total_fees: order.fee,
    total_value_after_fees: order.side === "buy"
      ? BigDecimal.sum(order.notional, order.fee)
      : BigDecimal.subtract(order.notional, order.fee),
    trigger_status: "INVALID_ORDER_TYPE",
    creation_time: iso(order.createdAt),
    end_time: never,
    start_time: never
  }
}
