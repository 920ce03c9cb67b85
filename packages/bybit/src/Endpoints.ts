/**
 * Bybit's endpoints, named as its documents name them. Every request counts against the address (`ip`); signed ones also
 * against the account, each endpoint by itself, and those that trade once for spot and once for contracts.
 *
 * Source: Bybit API v5 documentation.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import { Endpoint, LenientArray } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as TradingWire from "./TradingWire.js"
import * as Wire from "./Wire.js"

const ip: Endpoint.Cost = { ip: 1 }

const perCategory = (scope: string) => ({ category }: { readonly category: Wire.Category }): Endpoint.Cost => ({
  ...ip,
  [category === "spot" ? `${scope}.spot` : scope]: 1
})

const Text = Schema.optional(Schema.String)
const Count = Schema.optional(Schema.Int)

// --- public data

/**
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = Endpoint.make({
  capability: "marketData",
  name: "serverTime",
  path: "/v5/market/time",
  input: Endpoint.NoInput,
  response: Wire.ServerTime,
  cost: ip
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const systemStatus = Endpoint.make({
  capability: "marketData",
  name: "systemStatus",
  path: "/v5/system/status",
  input: Endpoint.NoInput,
  response: Wire.Timed(Wire.SystemStatus),
  cost: ip
})

/**
 * What trades, unless `status` asks for something else. At most 1000 contracts a page; spot comes whole.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrumentsInfo = Endpoint.make({
  capability: "marketData",
  name: "instrumentsInfo",
  path: "/v5/market/instruments-info",
  input: Schema.Struct({ category: Wire.Category, status: Text, limit: Count, cursor: Text }),
  response: Wire.Result(Wire.Page(LenientArray.LenientArray(Wire.Instrument))),
  cost: ip
})

/**
 * One ticker, or all of a category without `symbol`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = Endpoint.make({
  capability: "marketData",
  name: "tickers",
  path: "/v5/market/tickers",
  input: Schema.Struct({ category: Wire.Category, symbol: Text }),
  response: Wire.Timed(Schema.Struct({ list: LenientArray.LenientArray(Wire.Ticker) })),
  cost: ip
})

/**
 * At most 1000 levels; 1 of spot and 25 of contracts unless `limit` says otherwise.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderbook = Endpoint.make({
  capability: "marketData",
  name: "orderbook",
  path: "/v5/market/orderbook",
  input: Schema.Struct({ category: Wire.Category, symbol: Schema.String, limit: Count }),
  response: Wire.Result(Wire.OrderBook),
  cost: ip
})

/**
 * Newest first: at most 60 of spot, 1000 of contracts.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const recentTrade = Endpoint.make({
  capability: "marketData",
  name: "recentTrade",
  path: "/v5/market/recent-trade",
  input: Schema.Struct({ category: Wire.Category, symbol: Schema.String, limit: Count }),
  response: Wire.Result(Schema.Struct({ list: Schema.Array(Wire.Trade) })),
  cost: ip
})

/**
 * Newest first, at most 1000; those that open from `start` to `end`, both included.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const kline = Endpoint.make({
  capability: "marketData",
  name: "kline",
  path: "/v5/market/kline",
  input: Schema.Struct({
    category: Wire.Category,
    symbol: Schema.String,
    interval: Schema.String,
    start: Count,
    end: Count,
    limit: Count
  }),
  response: Wire.Result(Schema.Struct({ list: Schema.Array(Wire.Kline) })),
  cost: ip
})

// --- the account

/**
 * @since 0.1.0
 * @category endpoints
 */
export const queryApi = Endpoint.make({
  capability: "account",
  name: "queryApi",
  path: "/v5/user/query-api",
  input: Endpoint.NoInput,
  response: Wire.Result(Wire.ApiKey),
  cost: { ...ip, key: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const walletBalance = Endpoint.make({
  capability: "account",
  name: "walletBalance",
  path: "/v5/account/wallet-balance",
  input: Schema.Struct({ accountType: Schema.Literal("UNIFIED"), coin: Text }),
  response: Wire.Result(TradingWire.Wallet),
  cost: { ...ip, wallet: 1 }
})

/**
 * Of linear contracts, `symbol` or `settleCoin` has to be said. At most 200 a page.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const positionList = Endpoint.make({
  capability: "account",
  name: "positionList",
  path: "/v5/position/list",
  input: Schema.Struct({ category: Wire.Category, symbol: Text, settleCoin: Text, limit: Count, cursor: Text }),
  response: Wire.Result(Wire.Page(Schema.Array(TradingWire.Position))),
  cost: { ...ip, positions: 1 }
})

/**
 * The orders that stand; by id also one of the latest 500 that ended, unless Bybit has restarted since. Of linear
 * contracts, `symbol` or `settleCoin` has to be said. At most 50 a page.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderRealtime = Endpoint.make({
  capability: "account",
  name: "orderRealtime",
  path: "/v5/order/realtime",
  input: Schema.Struct({
    category: Wire.Category,
    symbol: Text,
    settleCoin: Text,
    orderId: Text,
    orderLinkId: Text,
    limit: Count,
    cursor: Text
  }),
  response: Wire.Result(Wire.Page(Schema.Array(TradingWire.Order))),
  cost: { ...ip, orders: 1 }
})

/**
 * Newest first, at most 50 a page: of the last seven days, or of a span of seven days at most, of which both ends have to
 * be given. Orders that were not filled are kept for seven days, the others for two years.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderHistory = Endpoint.make({
  capability: "account",
  name: "orderHistory",
  path: "/v5/order/history",
  input: Schema.Struct({
    category: Wire.Category,
    symbol: Schema.String,
    orderId: Text,
    orderLinkId: Text,
    startTime: Count,
    endTime: Count,
    limit: Count,
    cursor: Text
  }),
  response: Wire.Result(Wire.Page(Schema.Array(TradingWire.Order))),
  cost: { ...ip, history: 1 }
})

/**
 * Newest first, at most 100 a page: of the last seven days, or of a span of seven days at most. Kept for two years.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const executionList = Endpoint.make({
  capability: "account",
  name: "executionList",
  path: "/v5/execution/list",
  input: Schema.Struct({
    category: Wire.Category,
    symbol: Schema.String,
    execType: Text,
    startTime: Count,
    endTime: Count,
    limit: Count,
    cursor: Text
  }),
  response: Wire.Result(Wire.Page(Schema.Array(TradingWire.Execution))),
  cost: { ...ip, executions: 1 }
})

// --- orders

/**
 * Acknowledges: the order may be refused a moment later. A second under the same `orderLinkId` is refused, but whether a
 * lost one has come in is found out by asking, as Bybit recommends, not by sending it again.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCreate = Endpoint.make({
  capability: "trading",
  name: "orderCreate",
  method: "POST",
  path: "/v5/order/create",
  body: "json",
  idempotency: "once",
  input: Schema.Struct({ category: Wire.Category, ...TradingWire.NewOrder.fields }),
  response: Wire.Result(TradingWire.Acknowledged),
  cost: perCategory("create")
})

/**
 * One to ten orders of a category, each counted as one.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCreateBatch = Endpoint.make({
  capability: "trading",
  name: "orderCreateBatch",
  method: "POST",
  path: "/v5/order/create-batch",
  body: "json",
  idempotency: "once",
  input: Schema.Struct({ category: Wire.Category, request: Schema.Array(TradingWire.NewOrder) }),
  response: TradingWire.Batch,
  cost: ({ category, request }) => ({ ...ip, [category === "spot" ? "create.spot" : "create"]: request.length })
})

/**
 * Acknowledges. Repeated, it is an error to change nothing: what became of a lost one shows in the order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderAmend = Endpoint.make({
  capability: "trading",
  name: "orderAmend",
  method: "POST",
  path: "/v5/order/amend",
  body: "json",
  idempotency: "once",
  input: Schema.Struct({
    ...TradingWire.Reference.fields,
    qty: Schema.optional(Decimal.FromString),
    price: Schema.optional(Decimal.FromString)
  }),
  response: Wire.Result(TradingWire.Acknowledged),
  cost: perCategory("amend")
})

/**
 * Acknowledges.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCancel = Endpoint.make({
  capability: "trading",
  name: "orderCancel",
  method: "POST",
  path: "/v5/order/cancel",
  body: "json",
  idempotency: "idempotent",
  input: TradingWire.Reference,
  response: Wire.Result(TradingWire.Acknowledged),
  cost: perCategory("cancel")
})

/**
 * Acknowledges: all orders of a symbol, of contracts at most 500 at a time.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCancelAll = Endpoint.make({
  capability: "trading",
  name: "orderCancelAll",
  method: "POST",
  path: "/v5/order/cancel-all",
  body: "json",
  idempotency: "idempotent",
  input: Schema.Struct({ category: Wire.Category, symbol: Schema.String }),
  response: Wire.Result(TradingWire.CanceledAll),
  cost: perCategory("cancelAll")
})
