/**
 * Binance's endpoints, under the names of the documentation. Weights count against the address (`ip`), weights of
 * `/sapi` count separately, and orders count against the account.
 *
 * Source: binance-spot-api-docs, `rest-api.md`.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Row, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Rows from "./Rows.js"

const { inputFrom, inputOf } = Endpoint

/**
 * The rate limits of Binance.
 *
 * Binance counts in whole minutes of its clock. Requests that fit a sliding minute also fit each of those. Its limit of
 * 300,000 requests in 5 minutes cannot be reached within these limits. Connections to the streams are counted
 * separately.
 *
 * Order limits count orders that were placed and are not filled. An order that fills leaves the exchange's count, but
 * stays in the count kept here.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.window(6000, "1 minute", { reserved: 300 }),
  sapi: Limit.window(6000, "1 minute"),
  connections: Limit.window(300, "5 minutes"),
  orders10s: Limit.window(100, "10 seconds", { per: "key" }),
  orders1d: Limit.window(200_000, "1 day", { per: "key" })
}

/**
 * The maximum number of trades, candles or rows of a history in one response.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 1000

const shared = { limits, root: "/api/v3/" }
const open = Endpoint.family({ ...shared, capability: "marketData" })
const read = Endpoint.family({ ...shared, capability: "account" })
const write = Endpoint.family({ ...shared, capability: "trading", cost: { ip: 1 } })

// These exist only on the live exchange.
const sapi = { limits, root: "/sapi/v1/", cost: { sapi: 1 } }
const openSapi = Endpoint.family({ ...sapi, capability: "marketData" })
const readSapi = Endpoint.family({ ...sapi, capability: "account" })

/**
 * Reads the exchange's clock.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", "time", {
  within: "serverTime",
  answer: Schema.NonNegativeInt,
  cost: { ip: 1 }
})

/**
 * Lists the markets.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const exchangeInfo = open("exchangeInfo", {
  input: inputFrom(() => ({ showPermissionSets: false })),
  within: "symbols",
  answer: Wire.list(Rows.Market),
  cost: { ip: 20 }
})

const ofOne = inputFrom(({ id }: Market.Market) => ({ symbol: id }))

/**
 * Reads the ticker of one market.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ticker24hr = open("ticker24hr", "ticker/24hr", {
  input: ofOne,
  answer: Wire.one(Rows.Ticker),
  cost: { ip: 2 }
})

/**
 * Reads the tickers of several markets, or of all markets if `symbols` is `undefined`. The weight is 2 for 1 to 20
 * symbols, 40 for up to 100, and 80 for more or for all.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers24hr = Endpoint.make({
  capability: "marketData",
  name: "tickers24hr",
  path: "/api/v3/ticker/24hr",
  // The engine encodes a list by repeating the parameter's name; Binance expects JSON.
  input: Schema.Struct({ symbols: Schema.UndefinedOr(Schema.parseJson(Schema.Array(Schema.String))) }),
  response: Wire.list(Rows.Ticker),
  cost: ({ symbols: { length } = { length: Number.POSITIVE_INFINITY } }) => ({
    ip: length <= 20 ? 2 : length <= 100 ? 40 : 80
  })
})

/**
 * Reads the status of the system. Status 0 is normal, 1 is maintenance.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const systemStatus = openSapi("systemStatus", "system/status", {
  answer: Wire.answer({
    status: Row.statusOrUnknown("status", { operational: "0", maintenance: "1" }),
    detail: Wire.at("msg", Wire.blank(Wire.text))
  })
})

const depthCost = ({ limit }: { readonly limit: number }) => ({
  ip: limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1000 ? 50 : 250
})

const latest = inputFrom(({ id }: Market.Market, limit: number) => ({ symbol: id, limit }))

/**
 * Reads the order book, up to 5000 levels. The weight is 5 for up to 100 levels, 25 for up to 500, 50 for up to 1000,
 * and 250 for more.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const depth = open("depth", { input: latest, answer: Rows.Book, cost: depthCost })

/**
 * Reads the same order book with its levels as they were sent, for a local book that the stream's updates keep current.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const depthSnapshot = open("depthSnapshot", "depth", {
  input: latest,
  answer: Rows.BookSnapshot,
  cost: depthCost
})

/**
 * Lists the latest public trades, at most 1000.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = open("trades", { input: latest, answer: Wire.list(Rows.Trade), cost: { ip: 25 } })

/**
 * Lists candles, at most 1000. With `startTime`, lists the oldest candles from that time on. Both times are included.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const klines = open("klines", {
  input: inputOf<Part & { interval: string }>(),
  answer: Wire.every(Rows.Bar),
  cost: { ip: 2 }
})

/**
 * A part of a history, at most 1000 rows. Without times or a first id, the part is the latest rows. The times may be at
 * most 24 hours apart, except for candles.
 *
 * @since 0.1.0
 * @category models
 */
export type Part = {
  readonly symbol: string
  readonly startTime?: number | undefined
  readonly endTime?: number | undefined
  readonly limit: number
}

/**
 * Lists the account's balances, without those that are zero.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const account = read("account", {
  input: inputFrom(() => ({ omitZeroBalances: true })),
  within: "balances",
  answer: Wire.every(Rows.Balance),
  cost: { ip: 20 }
})

/**
 * Reads the permissions of the key.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const apiRestrictions = readSapi("apiRestrictions", "account/apiRestrictions", { answer: Rows.Restrictions })

/**
 * Lists the open orders of one market, or of all markets. The weight is 6 for one market and 80 for all.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const openOrders = read("openOrders", {
  input: inputFrom((market?: Market.Market) => ({ symbol: market?.id })),
  answer: Wire.list(Rows.Order),
  cost: ({ symbol }) => ({ ip: symbol === undefined ? 80 : 6 })
})

// Identifies an order by one of its ids.
const referred = inputFrom(({ clientOrderId, id, market }: Adapter.Reference) => ({
  symbol: market.id,
  orderId: id,
  origClientOrderId: clientOrderId
}))

/**
 * Reads one order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const order = read("order", { input: referred, answer: Wire.one(Rows.Order), cost: { ip: 4 } })

/**
 * Lists the orders of a market, open orders included.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const allOrders = read("allOrders", {
  input: inputOf<Part & { orderId?: string | undefined }>(),
  answer: Wire.list(Rows.Order),
  cost: { ip: 20 }
})

/**
 * Lists the account's fills. The weight is 20, or 5 for the fills of one order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const myTrades = read("myTrades", {
  input: inputOf<Part & { orderId?: string | undefined; fromId?: string | undefined }>(),
  answer: Wire.list(Rows.Fill),
  cost: ({ orderId }) => ({ ip: orderId === undefined ? 20 : 5 })
})

/**
 * Returns the parameters of an order. A post-only order is a `LIMIT_MAKER`. Only a `LIMIT` order has a time in force.
 *
 * @since 0.1.0
 * @category parameters
 */
export const orderOf = (order: Declaration.NewOrder) => ({
  symbol: order.market.id,
  side: order.side === "buy" ? "BUY" : "SELL",
  type: order.type === "market" ? "MARKET" : order.postOnly ? "LIMIT_MAKER" : "LIMIT",
  timeInForce: order.type === "market" || order.postOnly ? undefined : order.timeInForce,
  quantity: order.size,
  price: order.price,
  newClientOrderId: order.clientOrderId,
  newOrderRespType: "RESULT"
})

/**
 * Places an order, and returns it as it stands after matching. The request is sent only once, because Binance accepts a
 * client order id again as soon as the order that used it is no longer open. An accepted order has no weight; a refused
 * order has a weight of 1.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const newOrder = write.once("newOrder", "order", {
  method: "POST",
  input: inputFrom(orderOf),
  answer: Wire.one(Rows.Placed),
  cost: { ip: 1, orders10s: 1, orders1d: 1 }
})

/**
 * Cancels an order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = write.idempotent("cancelOrder", "order", {
  method: "DELETE",
  input: referred,
  answer: Wire.one(Rows.Canceled)
})

/**
 * Cancels the open orders of a market. Fails with `OrderNotFound` if there are none.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOpenOrders = write.idempotent("cancelOpenOrders", "openOrders", {
  method: "DELETE",
  input: ofOne,
  answer: Rows.CanceledAll
})
