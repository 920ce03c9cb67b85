/**
 * OKX's endpoints about orders and fills, named as its documents name them.
 *
 * Source: OKX API v5 documentation, "Order Book Trading".
 *
 * @since 0.1.0
 */
import { Endpoint } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as TradingWire from "./TradingWire.js"
import * as Wire from "./Wire.js"

/**
 * A canceled order of which nothing was filled is forgotten after two hours.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const order = Endpoint.make({
  capability: "account",
  name: "order",
  path: "/api/v5/trade/order",
  input: TradingWire.Named,
  response: Wire.row(TradingWire.Order),
  cost: { order: 1 }
})

/**
 * Orders that stand, newest first, up to 100: older than the one named `after`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersPending = Endpoint.make({
  capability: "account",
  name: "ordersPending",
  path: "/api/v5/trade/orders-pending",
  input: Schema.Struct({
    instType: Schema.optional(Schema.String),
    instId: Schema.optional(Schema.String),
    after: Schema.optional(Schema.String),
    limit: Schema.Number
  }),
  response: Wire.rows(TradingWire.Order),
  cost: { ordersPending: 1 }
})

const HistoryInput = Schema.Struct({
  instType: Schema.String,
  instId: Schema.String,
  begin: Schema.optional(Schema.Number),
  after: Schema.optional(Schema.String),
  limit: Schema.Number
})

/**
 * Orders of 7 days that have ended, newest first, up to 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersHistory = Endpoint.make({
  capability: "account",
  name: "ordersHistory",
  path: "/api/v5/trade/orders-history",
  input: HistoryInput,
  response: Wire.rows(TradingWire.Order),
  cost: { ordersHistory: 1 }
})

/**
 * Orders of 3 months that have ended, newest first, up to 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersHistoryArchive = Endpoint.make({
  capability: "account",
  name: "ordersHistoryArchive",
  path: "/api/v5/trade/orders-history-archive",
  input: HistoryInput,
  response: Wire.rows(TradingWire.Order),
  cost: { ordersHistoryArchive: 1 }
})

/**
 * Fills of 3 days, newest first, up to 100: older than the one whose bill is `after`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fills = Endpoint.make({
  capability: "account",
  name: "fills",
  path: "/api/v5/trade/fills",
  input: HistoryInput,
  response: Wire.rows(TradingWire.Fill),
  cost: { fills: 1 }
})

/**
 * Fills of 3 months, newest first, up to 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fillsHistory = Endpoint.make({
  capability: "account",
  name: "fillsHistory",
  path: "/api/v5/trade/fills-history",
  input: HistoryInput,
  response: Wire.rows(TradingWire.Fill),
  cost: { fillsHistory: 1 }
})

/**
 * Sent once: OKX frees the name of an order that was canceled unfilled.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrder = Endpoint.make({
  capability: "trading",
  name: "placeOrder",
  method: "POST",
  path: "/api/v5/trade/order",
  body: "json",
  idempotency: "once",
  input: TradingWire.NewOrder,
  response: Wire.row(TradingWire.Accepted),
  cost: { placeOrder: 1 }
})

// The batch of one counts as one without a batch.
const several = (single: string, batch: string) => ({ orders }: { readonly orders: ReadonlyArray<unknown> }) =>
  orders.length === 1 ? { [single]: 1 } : { [batch]: orders.length }

/**
 * Up to 20 orders; metered by their number.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrders = Endpoint.make({
  capability: "trading",
  name: "placeOrders",
  method: "POST",
  path: "/api/v5/trade/batch-orders",
  body: { whole: "orders" },
  idempotency: "once",
  input: Schema.Struct({ orders: Schema.Array(TradingWire.NewOrder) }),
  response: TradingWire.Acks,
  cost: several("placeOrder", "placeOrders")
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = Endpoint.make({
  capability: "trading",
  name: "cancelOrder",
  method: "POST",
  path: "/api/v5/trade/cancel-order",
  body: "json",
  idempotency: "idempotent",
  input: TradingWire.Named,
  response: Wire.row(TradingWire.Accepted),
  cost: { cancelOrder: 1 }
})

/**
 * Up to 20 orders; metered by their number.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrders = Endpoint.make({
  capability: "trading",
  name: "cancelOrders",
  method: "POST",
  path: "/api/v5/trade/cancel-batch-orders",
  body: { whole: "orders" },
  idempotency: "idempotent",
  input: Schema.Struct({ orders: Schema.Array(TradingWire.Named) }),
  response: TradingWire.Acks,
  cost: several("cancelOrder", "cancelOrders")
})

/**
 * Sent once: a second one could undo what was changed in between.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = Endpoint.make({
  capability: "trading",
  name: "amendOrder",
  method: "POST",
  path: "/api/v5/trade/amend-order",
  body: "json",
  idempotency: "once",
  input: TradingWire.Amendment,
  response: Wire.row(TradingWire.Accepted),
  cost: { amendOrder: 1 }
})
