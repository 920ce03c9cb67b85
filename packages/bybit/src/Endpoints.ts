/**
 * Bybit's endpoints, named as its documents name them. Every request counts against the address (`ip`); signed ones also
 * against the account, each endpoint by itself, and those that trade once for spot and once for contracts.
 *
 * Source: Bybit API v5 documentation.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import { type Category, categoryOf, type Named, named } from "./Markets.js"
import * as Rows from "./Rows.js"

export type { Category, Named } from "./Markets.js"

const { madeBy, takes } = Endpoint

const account = (count: number) => Limit.window(count, "1 second", { per: "key" })

/**
 * What Bybit meters: requests of an address, and each endpoint of an account by itself. An address may send 600 in 5 seconds,
 * and one too many costs ten minutes: requests that leave evenly may arrive in a bunch.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.window(500, "5 seconds", { reserved: 40 }),
  connections: Limit.window(500, "5 minutes"),
  ...Limit.each(["queryApi", "create", "amend", "amend.spot", "cancel", "cancelAll"], account(10)),
  ...Limit.each(["create.spot", "cancel.spot", "cancelAll.spot"], account(20)),
  ...Limit.each(["walletBalance", "positionList", "orderRealtime", "orderHistory", "executionList"], account(50))
}

const shared = { limits, root: "/v5/", within: "result", cost: { ip: 1 } } as const

const open = Endpoint.family({ ...shared, capability: "marketData" })

const read = Endpoint.family({ ...shared, capability: "account", own: true })

const write = Endpoint.family({ ...shared, capability: "trading", method: "POST", body: "json", decimals: "shortest" })

/**
 * Rows of a market, of those that settle in a coin, or of a category. Of linear contracts one of the first two has to be
 * said.
 *
 * @since 0.1.0
 * @category models
 */
export type Scope = { readonly category: Category; readonly symbol?: string; readonly settleCoin?: string }

/**
 * One page: the first without a cursor.
 *
 * @since 0.1.0
 * @category models
 */
export type Part = { readonly limit?: number; readonly cursor?: string | undefined }

const of = (scope: "create" | "amend" | "cancel" | "cancelAll") => ({ category, request }: Counted) => ({
  ip: 1,
  [category === "spot" ? `${scope}.spot` : scope]: request?.length ?? 1
})

const latest = madeBy((market: Market.Market, limit?: number) => ({ ...named(market), limit }))

type Counted = { readonly category: Category; readonly request?: ReadonlyArray<unknown> }

// ---- public data

/**
 * The exchange's clock, which every answer carries.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", "market/time", {
  within: "",
  answer: Wire.within("time", Schema.NonNegativeInt)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const systemStatus = open("systemStatus", "system/status", {
  answer: Wire.within("list", Wire.list(Rows.Interruption))
})

/**
 * What trades, unless `status` asks for something else. At most 1000 contracts a page; spot comes whole.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrumentsInfo = open("instrumentsInfo", "market/instruments-info", {
  input: takes<Part & { category: Category; status?: string | undefined }>(),
  answer: Rows.page(Rows.Instrument)
})

/**
 * One ticker, or all of a category without `symbol`, and the instant of the answer.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "market/tickers", {
  within: "",
  input: takes<Scope>(),
  answer: Wire.answer({ at: Wire.at("time", Wire.millis), list: Wire.at("result.list", Wire.list(Rows.Ticker)) })
})

/**
 * At most 1000 levels; 1 of spot and 25 of contracts unless `limit` says otherwise.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderbook = open("orderbook", "market/orderbook", {
  input: latest,
  answer: Rows.Book
})

/**
 * Newest first: at most 60 of spot, 1000 of contracts.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const recentTrade = open("recentTrade", "market/recent-trade", {
  input: latest,
  answer: Wire.within("list", Wire.list(Rows.Trade))
})

/**
 * How many candles a request gives at most.
 *
 * @since 0.1.0
 * @category constants
 */
export const candlePage = 1000

/**
 * Newest first; those that open from `start` to `end`, both included.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const kline = open("kline", "market/kline", {
  input: madeBy((market: Market.Market, interval: string, { from, to }: Adapter.Window) => ({
    ...named(market),
    interval,
    start: from,
    end: to - 1,
    limit: candlePage
  })),
  answer: Wire.within("list", Wire.every(Rows.Bar))
})

// ---- the account

/**
 * The key in use, and what it may do.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const queryApi = read("queryApi", "user/query-api", { answer: Rows.ApiKey })

/**
 * The coins of each account of a type.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const walletBalance = read("walletBalance", "account/wallet-balance", {
  input: madeBy(() => ({ accountType: "UNIFIED" })),
  answer: Wire.within("list", Schema.Array(Wire.within("coin", Wire.every(Rows.Balance))))
})

/**
 * At most 200 a page.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const positionList = read("positionList", "position/list", {
  input: takes<Scope & Part>(),
  answer: Rows.page(Rows.Position)
})

const Orders = Rows.page(Rows.Order)

/**
 * An order by one of its ids.
 *
 * @since 0.1.0
 * @category models
 */
export type Ids = { readonly orderId?: string | undefined; readonly orderLinkId?: string | undefined }

/**
 * Names an order.
 *
 * @since 0.1.0
 * @category parameters
 */
export const referred = ({ clientOrderId, id, market }: Adapter.Reference) => ({
  ...named(market),
  orderId: id,
  orderLinkId: clientOrderId
})

/**
 * The orders that stand; by id also one of the latest 500 that ended, unless Bybit has restarted since. At most 50 a page.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderRealtime = read("orderRealtime", "order/realtime", {
  input: takes<Scope & Ids & Part>(),
  answer: Orders
})

/**
 * A span of a history, of seven days at most; without one the last seven days.
 *
 * @since 0.1.0
 * @category models
 */
export type Span = { readonly startTime?: number; readonly endTime?: number }

/**
 * Newest first, at most 50 a page. Orders that were not filled are kept for seven days, the others for two years.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderHistory = read("orderHistory", "order/history", {
  input: takes<Named & Ids & Span & Part>(),
  answer: Orders
})

/**
 * Newest first, at most 100 a page, and kept for two years: what was bought and sold, and what was paid for funding.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const executionList = read("executionList", "execution/list", {
  input: takes<Named & Span & Part>(),
  answer: Rows.page(Rows.Execution)
})

// ---- orders

const termsOf = (order: Declaration.NewOrder) => ({
  symbol: order.market.id,
  side: order.side === "buy" ? "Buy" : "Sell",
  orderType: order.type === "limit" ? "Limit" : "Market",
  qty: order.size,
  price: order.price,
  timeInForce: order.postOnly ? "PostOnly" : order.timeInForce,
  orderLinkId: order.clientOrderId,
  reduceOnly: order.reduceOnly ? true : undefined,
  marketUnit: order.market.kind === "spot" && order.type === "market" ? "baseCoin" : undefined
})

/**
 * An order in Bybit's words. Zeros at the end of a number would count as decimals, and are not sent. `marketUnit` is said for
 * every market order on spot, as buys are in the quote coin otherwise.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrder = (order: Declaration.NewOrder) => ({ category: categoryOf(order.market), ...termsOf(order) })

/**
 * Orders of one category in Bybit's words.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrders = (orders: ReadonlyArray<Declaration.NewOrder>) => ({
  category: orders[0] === undefined ? "spot" as const : categoryOf(orders[0].market),
  request: orders.map(termsOf)
})

/**
 * Acknowledges: the order may be refused a moment later. A second under the same `orderLinkId` is refused, but whether a
 * lost one has come in is found out by asking, as Bybit recommends, not by sending it again.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCreate = write.once("orderCreate", "order/create", {
  input: madeBy(newOrder),
  answer: Rows.Taken,
  cost: of("create")
})

/**
 * One to ten orders of a category, each counted as one.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCreateBatch = write.once("orderCreateBatch", "order/create-batch", {
  within: "",
  input: madeBy(newOrders),
  answer: Rows.Batch,
  cost: of("create")
})

/**
 * Acknowledges. Repeated, it is an error to change nothing: what became of a lost one shows in the order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderAmend = write.once("orderAmend", "order/amend", {
  input: madeBy(({ price, reference, size }: Declaration.Change) => ({ ...referred(reference), qty: size, price })),
  answer: Rows.Taken,
  cost: of("amend")
})

/**
 * Acknowledges.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCancel = write.idempotent("orderCancel", "order/cancel", {
  input: madeBy(referred),
  answer: Rows.Taken,
  cost: of("cancel")
})

/**
 * Acknowledges: all orders of a market, of contracts at most 500 at a time.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCancelAll = write.idempotent("orderCancelAll", "order/cancel-all", {
  input: madeBy(named),
  answer: Rows.CanceledAll,
  cost: of("cancelAll")
})
