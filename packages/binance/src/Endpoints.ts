/**
 * Binance's endpoints, named as its documents name them. Weights count against the address ("ip"), those of `/sapi`
 * separately, and orders against the account.
 *
 * Source: binance-spot-api-docs, `rest-api.md`.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import { Endpoint, LenientArray } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

const Thousand = Schema.Int.pipe(Schema.between(1, 1000))

/** An order of a symbol, by one of its ids. */
const Reference = Schema.Struct({
  symbol: Schema.String,
  orderId: Schema.optional(Schema.String),
  origClientOrderId: Schema.optional(Schema.String)
})

/** A part of a history: without times or an id to begin with, the latest. The times may be 24 hours apart at most. */
const history = {
  symbol: Schema.String,
  startTime: Schema.optional(Schema.NonNegativeInt),
  endTime: Schema.optional(Schema.NonNegativeInt),
  limit: Thousand
}

/**
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = Endpoint.make({
  capability: "marketData",
  name: "serverTime",
  path: "/api/v3/time",
  input: Endpoint.NoInput,
  response: Schema.pluck(Schema.Struct({ serverTime: Schema.NonNegativeInt }), "serverTime"),
  cost: { ip: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const exchangeInfo = Endpoint.make({
  capability: "marketData",
  name: "exchangeInfo",
  path: "/api/v3/exchangeInfo",
  input: Schema.Struct({ showPermissionSets: Schema.Boolean }),
  response: Schema.pluck(Schema.Struct({ symbols: LenientArray.LenientArray(Wire.SymbolInfo) }), "symbols"),
  cost: { ip: 20 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const ticker24hr = Endpoint.make({
  capability: "marketData",
  name: "ticker24hr",
  path: "/api/v3/ticker/24hr",
  input: Schema.Struct({ symbol: Schema.String }),
  response: Wire.Ticker24hr,
  cost: { ip: 2 }
})

/**
 * Several symbols at once: of 1 to 20 symbols the weight is 2, up to 100 it is 40, beyond it is 80.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers24hr = Endpoint.make({
  capability: "marketData",
  name: "tickers24hr",
  path: "/api/v3/ticker/24hr",
  input: Schema.Struct({ symbols: Schema.parseJson(Schema.Array(Schema.String)) }),
  response: Schema.Array(Wire.Ticker24hr),
  cost: ({ symbols }) => ({ ip: symbols.length <= 20 ? 2 : symbols.length <= 100 ? 40 : 80 })
})

/**
 * Exists on the live exchange only.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const systemStatus = Endpoint.make({
  capability: "marketData",
  name: "systemStatus",
  path: "/sapi/v1/system/status",
  input: Endpoint.NoInput,
  response: Wire.SystemStatus,
  cost: { sapi: 1 }
})

/**
 * The book. Of up to 100 levels the weight is 5, up to 500 it is 25, up to 1000 it is 50, up to 5000, the most, 250.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const depth = Endpoint.make({
  capability: "marketData",
  name: "depth",
  path: "/api/v3/depth",
  input: Schema.Struct({ symbol: Schema.String, limit: Schema.Int.pipe(Schema.between(1, 5000)) }),
  response: Wire.Depth,
  cost: ({ limit }) => ({ ip: limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1000 ? 50 : 250 })
})

/**
 * The latest public trades, 1000 at most.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = Endpoint.make({
  capability: "marketData",
  name: "trades",
  path: "/api/v3/trades",
  input: Schema.Struct({ symbol: Schema.String, limit: Thousand }),
  response: Schema.Array(Wire.Trade),
  cost: { ip: 25 }
})

/**
 * Candles: with `startTime` the oldest from there on, both times included, 1000 at most.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const klines = Endpoint.make({
  capability: "marketData",
  name: "klines",
  path: "/api/v3/klines",
  input: Schema.Struct({
    symbol: Schema.String,
    interval: Schema.String,
    startTime: Schema.optional(Schema.NonNegativeInt),
    endTime: Schema.optional(Schema.NonNegativeInt),
    limit: Thousand
  }),
  response: Schema.Array(Wire.Kline),
  cost: { ip: 2 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const account = Endpoint.make({
  capability: "account",
  name: "account",
  path: "/api/v3/account",
  input: Schema.Struct({ omitZeroBalances: Schema.Boolean }),
  response: Wire.Account,
  cost: { ip: 20 }
})

/**
 * Exists on the live exchange only.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const apiRestrictions = Endpoint.make({
  capability: "account",
  name: "apiRestrictions",
  path: "/sapi/v1/account/apiRestrictions",
  input: Endpoint.NoInput,
  response: Wire.ApiRestrictions,
  cost: { sapi: 1 }
})

/**
 * Of all symbols the weight is 80, of one it is 6.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const openOrders = Endpoint.make({
  capability: "account",
  name: "openOrders",
  path: "/api/v3/openOrders",
  input: Schema.Struct({ symbol: Schema.optional(Schema.String) }),
  response: Schema.Array(Wire.Order),
  cost: ({ symbol }) => ({ ip: symbol === undefined ? 80 : 6 })
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const order = Endpoint.make({
  capability: "account",
  name: "order",
  path: "/api/v3/order",
  input: Reference,
  response: Wire.Order,
  cost: { ip: 4 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const allOrders = Endpoint.make({
  capability: "account",
  name: "allOrders",
  path: "/api/v3/allOrders",
  input: Schema.Struct({ ...history, orderId: Schema.optional(Schema.String) }),
  response: Schema.Array(Wire.Order),
  cost: { ip: 20 }
})

/**
 * Fills; those of one order have the weight 5.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const myTrades = Endpoint.make({
  capability: "account",
  name: "myTrades",
  path: "/api/v3/myTrades",
  input: Schema.Struct({
    ...history,
    orderId: Schema.optional(Schema.String),
    fromId: Schema.optional(Schema.String)
  }),
  response: Schema.Array(Wire.Fill),
  cost: ({ orderId }) => ({ ip: orderId === undefined ? 20 : 5 })
})

/**
 * An order, answered as it stands after matching. Sent once: a client order id is taken again as soon as the order that
 * had it is no longer open. An accepted order has no weight; one that is refused has 1.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const newOrder = Endpoint.make({
  capability: "trading",
  name: "newOrder",
  method: "POST",
  path: "/api/v3/order",
  idempotency: "once",
  input: Schema.Struct({
    symbol: Schema.String,
    side: Schema.Literal("BUY", "SELL"),
    type: Schema.Literal("LIMIT", "LIMIT_MAKER", "MARKET"),
    timeInForce: Schema.optional(Schema.Literal("GTC", "IOC", "FOK")),
    quantity: Decimal.FromString,
    price: Schema.optional(Decimal.FromString),
    newClientOrderId: Schema.String,
    newOrderRespType: Schema.Literal("RESULT")
  }),
  response: Wire.PlacedOrder,
  cost: { ip: 1, orders10s: 1, orders1d: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = Endpoint.make({
  capability: "trading",
  name: "cancelOrder",
  method: "DELETE",
  path: "/api/v3/order",
  idempotency: "idempotent",
  input: Reference,
  response: Wire.CanceledOrder,
  cost: { ip: 1 }
})

/**
 * Fails with `OrderNotFound` when none is open.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOpenOrders = Endpoint.make({
  capability: "trading",
  name: "cancelOpenOrders",
  method: "DELETE",
  path: "/api/v3/openOrders",
  idempotency: "idempotent",
  input: Schema.Struct({ symbol: Schema.String }),
  response: Schema.Array(Wire.Canceled),
  cost: { ip: 1 }
})
