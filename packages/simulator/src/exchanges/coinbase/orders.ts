import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { all, type Answer, instant, invalid, iso, page, refuse } from "./params.js"

/** @internal */
export const portfolio = "4d3c2b1a-0f9e-4d8c-8b7a-6f5e4d3c2b1a"
const user = "7a6b5c4d-3e2f-4a1b-8c9d-0e1f2a3b4c5d"

const uuid = (family: string, id: number): string => `${family}-4000-8000-${id.toString(16).padStart(12, "0")}`

/** @internal An order's id as Coinbase writes it: a UUID, the number in its last group. */
export const orderUuid = (id: number): string => uuid("0a1b2c3d-5e6f", id)

/** @internal The account's order with a UUID. */
export const orderByUuid = (engine: Engine.Engine, id: string): Engine.Order | undefined => {
  const digits = /^0a1b2c3d-5e6f-4000-8000-([0-9a-f]{12})$/.exec(id)?.[1]
  const order = digits === undefined ? undefined : Engine.order(engine, Number.parseInt(digits, 16))
  return order?.owner === "account" ? order : undefined
}

type Terms = Pick<
  Engine.NewOrder,
  "type" | "price" | "amount" | "quoteAmount" | "timeInForce" | "postOnly"
>

/** @internal The `order_configuration` that asks for such an order. */
export const configurationOf = (order: Terms): Json => {
  if (order.type === "market") {
    return {
      market_market_ioc: order.quoteAmount === undefined
        ? { base_size: plain(order.amount) }
        : { quote_size: plain(order.quoteAmount) }
    }
  }
  const limit = { base_size: plain(order.amount), limit_price: plain(order.price) }
  switch (order.timeInForce) {
    case "FOK":
      return { limit_limit_fok: limit }
    case "IOC":
      return { sor_limit_ioc: limit }
    default:
      return { limit_limit_gtc: { ...limit, post_only: order.postOnly ?? false } }
  }
}

const plain = (value: BigDecimal.BigDecimal | undefined): string => value === undefined ? "" : Decimal.plain(value)

const statuses = { open: "OPEN", filled: "FILLED", canceled: "CANCELLED" } as const

const timesInForce = { GTC: "GOOD_UNTIL_CANCELLED", IOC: "IMMEDIATE_OR_CANCEL", FOK: "FILL_OR_KILL" } as const

const side = (order: { readonly side: Engine.Side }): "BUY" | "SELL" => order.side === "buy" ? "BUY" : "SELL"

const hundred = Decimal.literal("100")

const completion = (order: Engine.Order): string =>
  order.quoteAmount === undefined
    ? Decimal.plain(Decimal.ratio(BigDecimal.multiply(order.filled, hundred), order.amount, 2))
    : Decimal.plain(Decimal.ratio(BigDecimal.multiply(order.notional, hundred), order.quoteAmount, 2))

/** @internal An order as the history shows it. */
export const orderRow = (engine: Engine.Engine, order: Engine.Order): Json => {
  const fills = Engine.fillsOf(engine, order.id)
  const fees = BigDecimal.sumAll(fills.map(({ fee }) => fee))
  const last = fills.at(-1)
  const open = order.status === "open"
  const remaining = BigDecimal.subtract(order.amount, order.filled)
  const held = order.side === "buy" ? BigDecimal.multiply(remaining, order.price ?? Decimal.zero) : remaining
  return {
    order_id: orderUuid(order.id),
    product_id: order.instrument,
    user_id: user,
    order_configuration: configurationOf(order),
    side: side(order),
    client_order_id: order.clientOrderId ?? "",
    status: statuses[order.status],
    time_in_force: order.type === "market" ? timesInForce.IOC : timesInForce[order.timeInForce],
    created_time: iso(order.createdAt),
    completion_percentage: completion(order),
    filled_size: Decimal.plain(order.filled),
    average_filled_price: Decimal.plain(Decimal.ratio(order.notional, order.filled, 16)),
    fee: "",
    number_of_fills: String(fills.length),
    filled_value: Decimal.plain(order.notional),
    pending_cancel: false,
    size_in_quote: order.quoteAmount !== undefined,
    total_fees: Decimal.plain(fees),
    size_inclusive_of_fees: order.quoteAmount !== undefined,
    total_value_after_fees: Decimal.plain(
      order.side === "buy" ? BigDecimal.sum(order.notional, fees) : BigDecimal.subtract(order.notional, fees)
    ),
    trigger_status: "INVALID_ORDER_TYPE",
    order_type: order.type === "market" ? "MARKET" : "LIMIT",
    reject_reason: "REJECT_REASON_UNSPECIFIED",
    settled: order.status === "filled",
    product_type: "SPOT",
    reject_message: "",
    cancel_message: order.closedBecause === "user" ? "User requested cancel" : "",
    order_placement_source: "RETAIL_ADVANCED",
    outstanding_hold_amount: open ? Decimal.plain(held) : "0",
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
export const order = (id: string, { engine, isVisible }: World): Answer => {
  const found = orderByUuid(engine, id)
  return found === undefined || !isVisible(found)
    ? refuse(404, "unknown", "order with this orderID was not found")
    : Either.right({ order: orderRow(engine, found) })
}

// Nothing asked for means everything.
const among = (wanted: ReadonlyArray<string>, value: string): boolean => wanted.length === 0 || wanted.includes(value)

/** @internal Newest first. */
export const orders = (query: URLSearchParams, { engine, isVisible }: World): Answer =>
  Either.gen(function*() {
    const wanted = all(query, "order_status")
    if (wanted.includes("OPEN") && wanted.length > 1) {
      return yield* invalid("Cannot pair OPEN orders with other order types")
    }
    const from = yield* instant(query, "start_date")
    const to = yield* instant(query, "end_date")
    const known = Engine.orders(engine).toReversed().filter((order) =>
      isVisible(order) &&
      among(wanted, statuses[order.status]) &&
      among(all(query, "product_ids"), order.instrument) &&
      among(all(query, "order_ids"), orderUuid(order.id)) &&
      among(all(query, "order_side"), side(order)) &&
      among(all(query, "product_type"), "SPOT") &&
      (from === undefined || order.createdAt >= from) &&
      (to === undefined || order.createdAt < to)
    )
    const { cursor, rows } = yield* page(known, query, 1000, 1000)
    return {
      orders: rows.map((order) => orderRow(engine, order)),
      sequence: "0",
      has_next: cursor !== "",
      cursor
    }
  })

const fillRow = (fill: Engine.Fill): Json => ({
  entry_id: uuid("1b2c3d4e-6f70", fill.id),
  trade_id: uuid("2c3d4e5f-7081", fill.id),
  order_id: orderUuid(fill.orderId),
  trade_time: iso(fill.at),
  trade_type: "FILL",
  price: Decimal.plain(fill.price),
  size: Decimal.plain(fill.amount),
  commission: Decimal.plain(fill.fee),
  product_id: fill.instrument,
  sequence_timestamp: iso(fill.at),
  liquidity_indicator: fill.liquidity === "maker" ? "MAKER" : "TAKER",
  size_in_quote: false,
  user_id: user,
  side: side(fill),
  retail_portfolio_id: portfolio
})

/** @internal Newest first. */
export const fills = (query: URLSearchParams, { engine, isVisible }: World): Answer =>
  Either.gen(function*() {
    const from = yield* instant(query, "start_sequence_timestamp")
    const to = yield* instant(query, "end_sequence_timestamp")
    const known = Engine.fills(engine).toReversed().filter((fill) => {
      const order = Engine.order(engine, fill.orderId)
      return order !== undefined && isVisible(order) &&
        among(all(query, "order_ids"), orderUuid(fill.orderId)) &&
        among(all(query, "trade_ids"), uuid("2c3d4e5f-7081", fill.id)) &&
        among(all(query, "product_ids"), fill.instrument) &&
        (from === undefined || fill.at >= from) &&
        (to === undefined || fill.at < to)
    })
    const { cursor, rows } = yield* page(known, query, 100, 1000)
    return { fills: rows.map(fillRow), cursor }
  })
