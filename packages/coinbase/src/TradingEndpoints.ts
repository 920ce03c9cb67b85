/**
 * Coinbase's endpoints of an account and its orders. They count against the user ("user").
 *
 * Source: Coinbase Advanced Trade API (docs.cdp.coinbase.com).
 *
 * @since 0.1.0
 */
import { Endpoint } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Wire from "./TradingWire.js"
import { blankable, Instant, Side } from "./Wire.js"

const root = "/api/v3/brokerage"

/**
 * @since 0.1.0
 * @category endpoints
 */
export const keyPermissions = Endpoint.make({
  capability: "account",
  name: "keyPermissions",
  path: `${root}/key_permissions`,
  input: Endpoint.NoInput,
  response: Wire.KeyPermissions,
  cost: { user: 1 }
})

const Cursor = Schema.optional(Schema.String)

const page = { cursor: blankable(Schema.String), has_next: Schema.optional(Schema.Boolean) }

/**
 * @since 0.1.0
 * @category endpoints
 */
export const accounts = Endpoint.make({
  capability: "account",
  name: "accounts",
  path: `${root}/accounts`,
  input: Schema.Struct({ limit: Schema.Number, cursor: Cursor }),
  response: Schema.Struct({ accounts: Schema.Array(Wire.Account), ...page }),
  cost: { user: 1 }
})

/**
 * One order, by the exchange's id.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const order = Endpoint.make({
  capability: "account",
  name: "order",
  path: `${root}/orders/historical/{order_id}`,
  input: Schema.Struct({ order_id: Schema.String }),
  response: Schema.pluck(Schema.Struct({ order: Wire.Order }), "order"),
  cost: { user: 1 }
})

/**
 * Orders, standing and ended, from `start_date` on (epoch milliseconds). `OPEN` goes with no other status, and orders that
 * are `PENDING` or `QUEUED` are not among them.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orders = Endpoint.make({
  capability: "account",
  name: "orders",
  path: `${root}/orders/historical/batch`,
  input: Schema.Struct({
    product_type: Schema.Literal("SPOT"),
    product_ids: Schema.optional(Schema.Array(Schema.String)),
    order_status: Schema.optional(Schema.Array(Wire.OrderStatus)),
    start_date: Schema.optional(Instant),
    limit: Schema.Number,
    cursor: Cursor
  }),
  response: Schema.Struct({ orders: Schema.Array(Wire.Order), ...page }),
  cost: { user: 1 }
})

/**
 * Fills from `start_sequence_timestamp` on (epoch milliseconds).
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fills = Endpoint.make({
  capability: "account",
  name: "fills",
  path: `${root}/orders/historical/fills`,
  input: Schema.Struct({
    product_ids: Schema.Array(Schema.String),
    start_sequence_timestamp: Schema.optional(Instant),
    limit: Schema.Number,
    cursor: Cursor
  }),
  response: Schema.Struct({ fills: Schema.Array(Wire.Fill), ...page }),
  cost: { user: 1 }
})

const Limit = Schema.Struct({ base_size: Schema.String, limit_price: Schema.String })

/**
 * Places an order, described under exactly one name of its kind. Under a client order id that exists nothing is created,
 * and the answer is the order that exists: the same request may be sent again.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const createOrder = Endpoint.make({
  capability: "trading",
  name: "createOrder",
  method: "POST",
  path: `${root}/orders`,
  body: "json",
  idempotency: "idempotent",
  input: Schema.Struct({
    client_order_id: Schema.String,
    product_id: Schema.String,
    side: Side,
    order_configuration: Schema.Union(
      Schema.Struct({ market_market_ioc: Schema.Struct({ base_size: Schema.String }) }),
      Schema.Struct({ limit_limit_gtc: Schema.Struct({ ...Limit.fields, post_only: Schema.Boolean }) }),
      Schema.Struct({ limit_limit_fok: Limit }),
      Schema.Struct({ sor_limit_ioc: Limit })
    )
  }),
  response: Wire.Created,
  cost: { user: 1 }
})

/**
 * Asks for up to 100 orders to be canceled; what became of each is in the answer. They are canceled a moment later.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrders = Endpoint.make({
  capability: "trading",
  name: "cancelOrders",
  method: "POST",
  path: `${root}/orders/batch_cancel`,
  body: "json",
  idempotency: "idempotent",
  input: Schema.Struct({ order_ids: Schema.Array(Schema.String) }),
  response: Schema.pluck(Schema.Struct({ results: Schema.Array(Wire.CancelResult) }), "results"),
  cost: { user: 1 }
})

/**
 * Changes a `GTC` limit order: both fields are needed.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const editOrder = Endpoint.make({
  capability: "trading",
  name: "editOrder",
  method: "POST",
  path: `${root}/orders/edit`,
  body: "json",
  idempotency: "once",
  input: Schema.Struct({ order_id: Schema.String, price: Schema.String, size: Schema.String }),
  response: Schema.Struct({ success: Schema.Literal(true) }),
  cost: { user: 1 }
})
