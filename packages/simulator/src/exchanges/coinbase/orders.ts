import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { matching } from "../../internal/fields.js"
import { sideNumber, uuids } from "../../internal/ids.js"
import { iso, list, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { fills as ownFills } from "./markets.js"
import { type Answering, does, instant, invalid, mapped, page, refuse, shows } from "./params.js"

/** @internal */
export const portfolio = "4d3c2b1a-0f9e-4d8c-8b7a-6f5e4d3c2b1a"
/** @internal */
export const user = "7a6b5c4d-3e2f-4a1b-8c9d-0e1f2a3b4c5d"

/** @internal */
export const ids = uuids("coinbase/order")
const [entries, trades] = [uuids("coinbase/entry"), uuids("coinbase/trade")]

/** @internal Finds an order of the account by its UUID. */
export const named = (engine: Engine.Engine, id: string): Engine.Order | undefined => {
  const number = ids.read(id)
  return number === undefined ? undefined : Engine.order(engine, number)
}

type Terms = Pick<
  Engine.NewOrder,
  "type" | "price" | "amount" | "quoteAmount" | "timeInForce" | "postOnly"
>

/** @internal Encodes the terms of an order as an `order_configuration`. */
export const configurationOf = (order: Terms): Json => {
  if (order.type === "market") {
    return {
      market_market_ioc: order.quoteAmount === undefined
        ? { base_size: order.amount }
        : { quote_size: order.quoteAmount }
    }
  }
  const limit = { base_size: order.amount, limit_price: order.price }
  switch (order.timeInForce) {
    case "FOK":
      return { limit_limit_fok: limit }
    case "IOC":
      return { sor_limit_ioc: limit }
    default:
      return { limit_limit_gtc: { ...limit, post_only: order.postOnly ?? false } }
  }
}

/** @internal */
export const statuses = { open: "OPEN", filled: "FILLED", canceled: "CANCELLED" } as const

/** @internal */
export const timesInForce = { GTC: "GOOD_UNTIL_CANCELLED", IOC: "IMMEDIATE_OR_CANCEL", FOK: "FILL_OR_KILL" } as const

/** @internal */
export const side = (order: { readonly side: Engine.Side }): "BUY" | "SELL" => order.side === "buy" ? "BUY" : "SELL"

const hundred = Decimal.literal("100")

/** @internal Returns the filled part of an order in percent. */
export const completion = (order: Engine.Order): BigDecimal.BigDecimal =>
  order.quoteAmount === undefined
    ? Decimal.ratio(BigDecimal.multiply(order.filled, hundred), order.amount, 2)
    : Decimal.ratio(BigDecimal.multiply(order.notional, hundred), order.quoteAmount, 2)

/** @internal Encodes an order as the order history returns it. */
export const orderRow = (engine: Engine.Engine, order: Engine.Order): Json => {
  const fills = Engine.fillsOf(engine, order.id)
  const last = fills.at(-1)
  const open = order.status === "open"
  const remaining = BigDecimal.subtract(order.amount, order.filled)
  const held = order.side === "buy" ? BigDecimal.multiply(remaining, order.price ?? Decimal.zero) : remaining
  return {
    order_id: ids.write(order.id),
    product_id: order.instrument,
    user_id: user,
    order_configuration: configurationOf(order),
    side: side(order),
    client_order_id: order.clientOrderId ?? "",
    status: statuses[order.status],
    time_in_force: order.type === "market" ? timesInForce.IOC : timesInForce[order.timeInForce],
    created_time: iso(order.createdAt),
    completion_percentage: completion(order),
    filled_size: order.filled,
    average_filled_price: Decimal.ratio(order.notional, order.filled, 16),
    fee: "",
    number_of_fills: String(fills.length),
    filled_value: order.notional,
    pending_cancel: false,
    size_in_quote: order.quoteAmount !== undefined,
    total_fees: order.fee,
    size_inclusive_of_fees: order.quoteAmount !== undefined,
    total_value_after_fees: order.side === "buy"
      ? BigDecimal.sum(order.notional, order.fee)
      : BigDecimal.subtract(order.notional, order.fee),
    trigger_status: "INVALID_ORDER_TYPE",
    order_type: order.type === "market" ? "MARKET" : "LIMIT",
    reject_reason: "REJECT_REASON_UNSPECIFIED",
    settled: order.status === "filled",
    product_type: "SPOT",
    reject_message: "",
    cancel_message: order.closeReason === "user" ? "User requested cancel" : "",
    order_placement_source: "RETAIL_ADVANCED",
    outstanding_hold_amount: open ? held : "0",
    is_liquidation: false,
    last_fill_time: last === undefined ? null : iso(last.at),
    leverage: "",
    margin_type: "UNKNOWN_MARGIN_TYPE",
    retail_portfolio_id: portfolio,
    originating_order_id: "",
    attached_order_id: ""
  }
}

/** @internal */
export const order: Answering = (input, { engine, isVisible }) => {
  const found = named(engine, text(input, "id") ?? "")
  return found === undefined || !isVisible(found)
    ? refuse(404, "unknown", "order with this orderID was not found")
    : Either.right([{ order: orderRow(engine, found) }])
}

const within = (from: string, to: string) =>
  mapped(
    { start: instant(from), end: instant(to) },
    ({ end = Infinity, start = -Infinity }) => (at: number) => start <= at && at < end
  )

const isAsked = matching<Engine.Order>({
  order_status: ({ status }) => statuses[status],
  product_ids: ({ instrument }) => instrument,
  order_ids: ({ id }) => ids.write(id),
  order_side: side,
  product_type: () => "SPOT"
}, list)

const history = { within: within("start_date", "end_date"), page: page(1000, 1000) }

/** @internal Returns the orders, newest first. */
export const orders = does(history, ({ page, within }, { engine, isVisible }, input) => {
  const wanted = list(input, "order_status")
  if (wanted.includes("OPEN") && wanted.length > 1) return invalid("Cannot pair OPEN orders with other order types")
  const known = Engine.orders(engine).filter((order) => isVisible(order) && within(order.createdAt))
  const { cursor, rows } = page(known.filter(isAsked(input)).toReversed())
  const orders = rows.map((order) => orderRow(engine, order))
  return Either.right([{ orders, sequence: "0", has_next: cursor !== "", cursor }])
})

const fillRow = (fill: Engine.Fill): Json => ({
  entry_id: entries.write(sideNumber(fill)),
  trade_id: trades.write(fill.id),
  order_id: ids.write(fill.orderId),
  trade_time: iso(fill.at),
  trade_type: "FILL",
  price: fill.price,
  size: fill.amount,
  commission: fill.fee,
  product_id: fill.instrument,
  sequence_timestamp: iso(fill.at),
  liquidity_indicator: fill.liquidity === "maker" ? "MAKER" : "TAKER",
  size_in_quote: false,
  user_id: user,
  side: side(fill),
  retail_portfolio_id: portfolio
})

const isAskedFill = matching<{ readonly fill: Engine.Fill }>({
  order_ids: ({ fill }) => ids.write(fill.orderId),
  trade_ids: ({ fill }) => trades.write(fill.id),
  product_ids: ({ fill }) => fill.instrument
}, list)

const past = { within: within("start_sequence_timestamp", "end_sequence_timestamp"), page: page(100, 1000) }

/** @internal Returns the fills, newest first. */
export const fills = shows(past, ({ page, within }, world, input) => {
  const known = ownFills(world).filter(({ at }) => within(at)).filter(isAskedFill(input))
  const { cursor, rows } = page(known.toReversed())
  return { fills: rows.map(({ fill }) => fillRow(fill)), cursor }
})
