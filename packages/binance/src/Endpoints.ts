/**
 * Binance's endpoints, named as its documents name them. Weights count against the address (`ip`), those of `/sapi`
 * separately, and orders against the account.
 *
 * Source: binance-spot-api-docs, `rest-api.md`.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Row, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Rows from "./Rows.js"

const { madeBy, takes } = Endpoint

/**
 * What Binance meters. It counts in minutes of the clock; what fits a sliding minute fits each of those. Its other limit,
 * 300,000 requests in 5 minutes, cannot be reached below this one. Orders are those that were placed and are not filled:
 * one that fills leaves the exchange's count and stays in ours. Connections to its streams are counted apart.
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
 * How many trades, candles or rows of a history there are at once.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 1000

const shared = { limits, root: "/api/v3/" }
const open = Endpoint.family({ ...shared, capability: "marketData" })
const read = Endpoint.family({ ...shared, capability: "account" })
const write = Endpoint.family({ ...shared, capability: "trading", cost: { ip: 1 } })

// These exist on the live exchange only.
const sapi = { limits, root: "/sapi/v1/", cost: { sapi: 1 } }
const openSapi = Endpoint.family({ ...sapi, capability: "marketData" })
const readSapi = Endpoint.family({ ...sapi, capability: "account" })

/**
 * Tells the exchange's clock.
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
 * @since 0.1.0
 * @category endpoints
 */
export const exchangeInfo = open("exchangeInfo", {
  input: madeBy(() => ({ showPermissionSets: false })),
  within: "symbols",
  answer: Wire.list(Rows.Market),
  cost: { ip: 20 }
})

const ofOne = madeBy(({ id }: Market.Market) => ({ symbol: id }))

/**
 * @since 0.1.0
 * @category endpoints
 */
export const ticker24hr = open("ticker24hr", "ticker/24hr", {
  input: ofOne,
  answer: Wire.one(Rows.Ticker),
  cost: { ip: 2 }
})

/**
 * Several symbols at once: of 1 to 20 symbols the weight is 2, up to 100 it is 40, beyond and of all, without `symbols`, it
 * is 80.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers24hr = Endpoint.make({
  capability: "marketData",
  name: "tickers24hr",
  path: "/api/v3/ticker/24hr",
  // A list of ours would repeat its name; theirs is JSON.
  input: Schema.Struct({ symbols: Schema.UndefinedOr(Schema.parseJson(Schema.Array(Schema.String))) }),
  response: Wire.list(Rows.Ticker),
  cost: ({ symbols: { length } = { length: Number.POSITIVE_INFINITY } }) => ({
    ip: length <= 20 ? 2 : length <= 100 ? 40 : 80
  })
})

/**
 * 0 is normal, 1 maintenance.
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

const byLimit = madeBy(({ id }: Market.Market, limit: number) => ({ symbol: id, limit }))

/**
 * The book. Of up to 100 levels the weight is 5, up to 500 it is 25, up to 1000 it is 50, up to 5000, the most, 250.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const depth = open("depth", { input: byLimit, answer: Rows.Book, cost: depthCost })

/**
 * The same book with its levels as they were sent, for one that is kept by the updates that follow.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const depthSnapshot = open("depthSnapshot", "depth", {
  input: byLimit,
  answer: Rows.BookSnapshot,
  cost: depthCost
})

/**
 * The latest public trades, 1000 at most.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = open("trades", { input: byLimit, answer: Wire.list(Rows.Trade), cost: { ip: 25 } })

/**
 * Candles: with `startTime` the oldest from there on, both times included, 1000 at most.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const klines = open("klines", {
  input: takes<Part & { interval: string }>(),
  answer: Wire.every(Rows.Bar),
  cost: { ip: 2 }
})

/**
 * A part of a history, 1000 rows at most: without times or an id to begin with, the latest. The times may be 24 hours apart
 * at most, but for candles.
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
 * @since 0.1.0
 * @category endpoints
 */
export const account = read("account", {
  input: madeBy(() => ({ omitZeroBalances: true })),
  within: "balances",
  answer: Wire.every(Rows.Balance),
  cost: { ip: 20 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const apiRestrictions = readSapi("apiRestrictions", "account/apiRestrictions", { answer: Rows.Restrictions })

/**
 * Of all symbols the weight is 80, of one it is 6.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const openOrders = read("openOrders", {
  input: madeBy((market?: Market.Market) => ({ symbol: market?.id })),
  answer: Wire.list(Rows.Order),
  cost: ({ symbol }) => ({ ip: symbol === undefined ? 80 : 6 })
})

// By one of its ids.
const named = madeBy(({ clientOrderId, id, market }: Adapter.Reference) => ({
  symbol: market.id,
  orderId: id,
  origClientOrderId: clientOrderId
}))

/**
 * @since 0.1.0
 * @category endpoints
 */
export const order = read("order", { input: named, answer: Wire.one(Rows.Order), cost: { ip: 4 } })

/**
 * Those that stand among them.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const allOrders = read("allOrders", {
  input: takes<Part & { orderId?: string | undefined }>(),
  answer: Wire.list(Rows.Order),
  cost: { ip: 20 }
})

/**
 * Fills; those of one order have the weight 5.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const myTrades = read("myTrades", {
  input: takes<Part & { orderId?: string | undefined; fromId?: string | undefined }>(),
  answer: Wire.list(Rows.Fill),
  cost: ({ orderId }) => ({ ip: orderId === undefined ? 20 : 5 })
})

/**
 * An order in Binance's words. A post-only one is a `LIMIT_MAKER`; only a `LIMIT` has a time in force.
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
 * An order, answered as it stands after matching. Sent once: a client order id is taken again as soon as the order that
 * had it is no longer open. An accepted order has no weight; one that is refused has 1.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const newOrder = write.once("newOrder", "order", {
  method: "POST",
  input: madeBy(orderOf),
  answer: Wire.one(Rows.Placed),
  cost: { ip: 1, orders10s: 1, orders1d: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = write.idempotent("cancelOrder", "order", {
  method: "DELETE",
  input: named,
  answer: Wire.one(Rows.Canceled)
})

/**
 * Cancels what stands in a symbol. Fails with `OrderNotFound` when nothing does.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOpenOrders = write.idempotent("cancelOpenOrders", "openOrders", {
  method: "DELETE",
  input: ofOne,
  answer: Rows.CanceledAll
})
