/**
 * BitMEX's endpoints for orders, executions and positions. Those that place, change and cancel count twice: against the
 * key ("key") and against the ten a second of them that an account may send ("order").
 *
 * Source: the API explorer's definitions, version 1.2.0.
 *
 * @since 0.1.0
 */
import { Endpoint } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Wire from "./TradingWire.js"

const page = {
  symbol: Schema.optional(Schema.String),
  count: Schema.Int,
  start: Schema.optional(Schema.NonNegativeInt),
  reverse: Schema.Boolean,
  startTime: Schema.optional(Schema.DateTimeUtc)
}

/**
 * Orders, open or not, at most 500, the newest first when `reverse` is `true`. `startTime` is held against the last
 * change. An empty list when there is no such order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orders = Endpoint.make({
  capability: "account",
  name: "orders",
  path: "/api/v1/order",
  input: Schema.Struct({
    ...page,
    filter: Schema.optional(Schema.Struct({
      open: Schema.optional(Schema.Boolean),
      orderID: Schema.optional(Schema.String),
      clOrdID: Schema.optional(Schema.String)
    }))
  }),
  response: Schema.Array(Wire.Order),
  cost: { key: 1 }
})

/**
 * Executions, at most 500, the newest first when `reverse` is `true`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tradeHistory = Endpoint.make({
  capability: "account",
  name: "tradeHistory",
  path: "/api/v1/execution/tradeHistory",
  input: Schema.Struct(page),
  response: Schema.Array(Wire.Execution),
  cost: { key: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const positions = Endpoint.make({
  capability: "account",
  name: "positions",
  path: "/api/v1/position",
  input: Schema.Struct({ filter: Schema.Struct({ isOpen: Schema.Boolean }) }),
  response: Schema.Array(Wire.Position),
  cost: { key: 1 }
})

const ordering = { key: 1, order: 1 }

/**
 * A client order id is refused the second time it is seen, but nobody says for how long: placing is not repeated on the
 * strength of that.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrder = Endpoint.make({
  capability: "trading",
  name: "placeOrder",
  method: "POST",
  path: "/api/v1/order",
  body: "json",
  idempotency: "once",
  input: Wire.NewOrder,
  response: Wire.Order,
  cost: ordering
})

/**
 * Repeated, it would be refused for changing nothing.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = Endpoint.make({
  capability: "trading",
  name: "amendOrder",
  method: "PUT",
  path: "/api/v1/order",
  body: "json",
  idempotency: "once",
  input: Wire.Amendment,
  response: Wire.Order,
  cost: ordering
})

/**
 * A list, as several can be canceled at once. One that cannot be canceled has an `error` in its row and status 200.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = Endpoint.make({
  capability: "trading",
  name: "cancelOrder",
  method: "DELETE",
  path: "/api/v1/order",
  body: "json",
  idempotency: "idempotent",
  input: Schema.Struct({ orderID: Schema.optional(Schema.String), clOrdID: Schema.optional(Schema.String) }),
  response: Schema.Array(Wire.Order),
  cost: ordering
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const cancelAllOrders = Endpoint.make({
  capability: "trading",
  name: "cancelAllOrders",
  method: "DELETE",
  path: "/api/v1/order/all",
  body: "json",
  idempotency: "idempotent",
  input: Schema.Struct({ symbol: Schema.String }),
  response: Schema.Array(Wire.Canceled),
  cost: ordering
})
