/**
 * Kraken's endpoints, named as its documents name them. Public ones count against the address ("public"), private ones
 * against the key ("key"), except for those that place and change orders, which count for each pair ("trading"). What a
 * cancel adds there depends on how old the order is, so none is counted, and no cancel ever waits.
 *
 * Source: docs.kraken.com, Spot REST API.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import { Endpoint } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

/**
 * How many orders or trades a page of a history has.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 50

/**
 * The exchange's clock, in whole seconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const time = Endpoint.make({
  capability: "marketData",
  name: "time",
  path: "/0/public/Time",
  input: Endpoint.NoInput,
  response: Wire.result(Schema.pluck(Schema.Struct({ unixtime: Wire.Seconds }), "unixtime")),
  cost: { public: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const systemStatus = Endpoint.make({
  capability: "marketData",
  name: "systemStatus",
  path: "/0/public/SystemStatus",
  input: Endpoint.NoInput,
  response: Wire.result(Wire.SystemStatus),
  cost: { public: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const assets = Endpoint.make({
  capability: "marketData",
  name: "assets",
  path: "/0/public/Assets",
  input: Endpoint.NoInput,
  response: Wire.result(Wire.listing(Wire.Asset)),
  cost: { public: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const assetPairs = Endpoint.make({
  capability: "marketData",
  name: "assetPairs",
  path: "/0/public/AssetPairs",
  input: Endpoint.NoInput,
  response: Wire.result(Wire.listing(Wire.AssetPair)),
  cost: { public: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const ticker = Endpoint.make({
  capability: "marketData",
  name: "ticker",
  path: "/0/public/Ticker",
  input: Schema.Struct({ pair: Schema.String }),
  response: Wire.result(Wire.sole(Wire.Ticker)),
  cost: { public: 1 }
})

/**
 * Several pairs at once, separated by commas; all of them without `pair`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = Endpoint.make({
  capability: "marketData",
  name: "tickers",
  path: "/0/public/Ticker",
  input: Schema.Struct({ pair: Schema.optional(Schema.String) }),
  response: Wire.result(Wire.listing(Wire.Ticker)),
  cost: { public: 1 }
})

/**
 * `count` is 1 to 500.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const depth = Endpoint.make({
  capability: "marketData",
  name: "depth",
  path: "/0/public/Depth",
  input: Schema.Struct({ pair: Schema.String, count: Schema.Int }),
  response: Wire.result(Wire.sole(Wire.Depth)),
  cost: { public: 1 }
})

/**
 * `count` is 1 to 1000: the latest, or the first after `since` (seconds, or the nanoseconds that `last` gives) as far
 * back as the pair was traded.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = Endpoint.make({
  capability: "marketData",
  name: "trades",
  path: "/0/public/Trades",
  input: Schema.Struct({ pair: Schema.String, count: Schema.Int, since: Schema.optional(Schema.String) }),
  response: Wire.result(Wire.sole(Schema.Array(Wire.Trade))),
  cost: { public: 1 }
})

/**
 * `interval` is in minutes, `since` in seconds: candles that open after it, of the latest 720 that are finished and the
 * one that is open.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ohlc = Endpoint.make({
  capability: "marketData",
  name: "ohlc",
  path: "/0/public/OHLC",
  input: Schema.Struct({ pair: Schema.String, interval: Schema.Int, since: Schema.NonNegativeInt }),
  response: Wire.result(Wire.sole(Schema.Array(Wire.Candle))),
  cost: { public: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const balanceEx = Endpoint.make({
  capability: "account",
  name: "balanceEx",
  method: "POST",
  path: "/0/private/BalanceEx",
  body: "form",
  idempotency: "safe",
  input: Endpoint.NoInput,
  response: Wire.result(Wire.Balances),
  cost: { key: 1 }
})

/**
 * Needs no permission.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getApiKeyInfo = Endpoint.make({
  capability: "account",
  name: "getApiKeyInfo",
  method: "POST",
  path: "/0/private/GetApiKeyInfo",
  body: "form",
  idempotency: "safe",
  input: Endpoint.NoInput,
  response: Wire.result(Wire.ApiKeyInfo),
  cost: { key: 1 }
})

/**
 * Of all pairs, without pages.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const openOrders = Endpoint.make({
  capability: "account",
  name: "openOrders",
  method: "POST",
  path: "/0/private/OpenOrders",
  body: "form",
  idempotency: "safe",
  input: Schema.Struct({ cl_ord_id: Schema.optional(Schema.String) }),
  response: Wire.result(Schema.pluck(Schema.Struct({ open: Wire.Orders }), "open")),
  cost: { key: 1 }
})

/**
 * Of all pairs, the latest first, a page of 50 from `ofs` on. `start` is in seconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const closedOrders = Endpoint.make({
  capability: "account",
  name: "closedOrders",
  method: "POST",
  path: "/0/private/ClosedOrders",
  body: "form",
  idempotency: "safe",
  input: Schema.Struct({
    cl_ord_id: Schema.optional(Schema.String),
    start: Schema.optional(Schema.NonNegativeInt),
    ofs: Schema.optional(Schema.NonNegativeInt)
  }),
  response: Wire.result(Schema.pluck(Schema.Struct({ closed: Wire.Orders }), "closed")),
  cost: { key: 1 }
})

/**
 * Up to 50 ids, separated by commas.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const queryOrders = Endpoint.make({
  capability: "account",
  name: "queryOrders",
  method: "POST",
  path: "/0/private/QueryOrders",
  body: "form",
  idempotency: "safe",
  input: Schema.Struct({ txid: Schema.String }),
  response: Wire.result(Wire.Orders),
  cost: { key: 1 }
})

/**
 * Of all pairs, the latest first, a page of 50 from `ofs` on. `start` is in seconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tradesHistory = Endpoint.make({
  capability: "account",
  name: "tradesHistory",
  method: "POST",
  path: "/0/private/TradesHistory",
  body: "form",
  idempotency: "safe",
  input: Schema.Struct({
    start: Schema.optional(Schema.NonNegativeInt),
    ofs: Schema.optional(Schema.NonNegativeInt)
  }),
  response: Wire.result(Schema.pluck(Schema.Struct({ trades: Wire.Fills }), "trades")),
  cost: { key: 2 }
})

/**
 * Only acknowledges. `deadline` (RFC 3339, 2 to 60 seconds from now) is after when the order is no longer taken.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const addOrder = Endpoint.make({
  capability: "trading",
  name: "addOrder",
  method: "POST",
  path: "/0/private/AddOrder",
  body: "form",
  idempotency: "once",
  input: Schema.Struct({ pair: Schema.String, ...Wire.NewOrder.fields, deadline: Schema.String }),
  response: Wire.result(Schema.pluck(Schema.Struct({ txid: Schema.NonEmptyArray(Schema.NonEmptyString) }), "txid")),
  cost: { trading: 1 }
})

/**
 * Two to 15 orders of one pair. The whole batch is refused when one of them is not well-formed.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const addOrderBatch = Endpoint.make({
  capability: "trading",
  name: "addOrderBatch",
  method: "POST",
  path: "/0/private/AddOrderBatch",
  body: "json",
  idempotency: "once",
  input: Schema.Struct({ pair: Schema.String, orders: Schema.Array(Wire.NewOrder), deadline: Schema.String }),
  response: Wire.result(Schema.pluck(Schema.Struct({ orders: Schema.Array(Wire.BatchRow) }), "orders")),
  cost: ({ orders }) => ({ trading: orders.length })
})

/**
 * Changes an order where it stands: it keeps its ids and, where it can, its place in the queue. `order_qty` is the whole
 * amount, with what is filled. Only acknowledges.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = Endpoint.make({
  capability: "trading",
  name: "amendOrder",
  method: "POST",
  path: "/0/private/AmendOrder",
  body: "form",
  idempotency: "once",
  input: Schema.Struct({
    txid: Schema.optional(Schema.String),
    cl_ord_id: Schema.optional(Schema.String),
    order_qty: Schema.optional(Decimal.FromString),
    limit_price: Schema.optional(Decimal.FromString),
    post_only: Schema.optional(Schema.Boolean),
    deadline: Schema.String
  }),
  response: Wire.result(Schema.pluck(Schema.Struct({ amend_id: Schema.String }), "amend_id")),
  cost: { trading: 1 }
})

const Count = Wire.result(Schema.pluck(Schema.Struct({ count: Schema.NonNegativeInt }), "count"))

/**
 * How many were canceled.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = Endpoint.make({
  capability: "trading",
  name: "cancelOrder",
  method: "POST",
  path: "/0/private/CancelOrder",
  body: "form",
  idempotency: "idempotent",
  input: Schema.Struct({ txid: Schema.optional(Schema.String), cl_ord_id: Schema.optional(Schema.String) }),
  response: Count,
  cost: {}
})

/**
 * Cancels up to 50 orders by their ids: how many were.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrderBatch = Endpoint.make({
  capability: "trading",
  name: "cancelOrderBatch",
  method: "POST",
  path: "/0/private/CancelOrderBatch",
  body: "json",
  idempotency: "idempotent",
  input: Schema.Struct({ orders: Schema.Array(Schema.String) }),
  response: Count,
  cost: {}
})
