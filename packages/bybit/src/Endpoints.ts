/**
 * Bybit's endpoints, under the names of the documentation. Every request counts against the address (`ip`). A signed
 * request also counts against the account, separately for each endpoint. Trading endpoints count spot and contracts
 * separately.
 *
 * Source: Bybit API v5 documentation.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Schema from "effect/Schema"
import { type Category, categoryOf, named } from "./Markets.js"
import * as Rows from "./Rows.js"

export type { Category, Named } from "./Markets.js"

const { inputFrom, inputOf } = Endpoint

const account = (count: number) => Limit.window(count, "1 second", { per: "key" })

/**
 * The rate limits of Bybit: of an address, and of each endpoint of an account. An address may send 600 requests in 5
 * seconds, and one more leads to a ban of ten minutes. The limit here is lower, because requests that leave evenly may
 * arrive in a burst.
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
 * The rows of one market, of the contracts that settle in one coin, or of a category. For linear contracts, either
 * `symbol` or `settleCoin` is required.
 *
 * @since 0.1.0
 * @category models
 */
export type Scope = { readonly category: Category; readonly symbol?: string; readonly settleCoin?: string }

/**
 * One page. The first page has no cursor.
 *
 * @since 0.1.0
 * @category models
 */
export type Part = { readonly limit?: number; readonly cursor?: string | undefined }

type Counted = { readonly category: Category; readonly request?: ReadonlyArray<unknown> }

const costOf = (scope: "create" | "amend" | "cancel" | "cancelAll") => ({ category, request }: Counted) => ({
  ip: 1,
  [category === "spot" ? `${scope}.spot` : scope]: request?.length ?? 1
})

const latest = inputFrom((market: Market.Market, limit?: number) => ({ ...named(market), limit }))

// ---- public data

/**
 * Reads the exchange's clock, which every response contains.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", "market/time", {
  within: "",
  answer: Wire.within("time", Schema.NonNegativeInt)
})

/**
 * Lists the announced interruptions.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const systemStatus = open("systemStatus", "system/status", {
  answer: Wire.within("list", Wire.list(Rows.Interruption))
})

/**
 * Lists the markets that trade, or those with another `status`. A page has at most 1000 contracts; spot is not paged.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrumentsInfo = open("instrumentsInfo", "market/instruments-info", {
  input: inputOf<Part & { category: Category; status?: string | undefined }>(),
  answer: Rows.page(Rows.Instrument)
})

/**
 * Reads one ticker, or all tickers of a category without `symbol`, and the time of the response.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "market/tickers", {
  within: "",
  input: inputOf<Scope>(),
  answer: Wire.answer({ at: Wire.at("time", Wire.millis), list: Wire.at("result.list", Wire.list(Rows.Ticker)) })
})

/**
 * Reads the order book, at most 1000 levels. Without `limit`, it has 1 level for spot and 25 for contracts.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderbook = open("orderbook", "market/orderbook", { input: latest, answer: Rows.Book })

/**
 * Lists the latest public trades, newest first: at most 60 for spot and 1000 for contracts.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const recentTrade = open("recentTrade", "market/recent-trade", {
  input: latest,
  answer: Wire.within("list", Wire.list(Rows.Trade))
})

/**
 * The maximum number of candles in one response.
 *
 * @since 0.1.0
 * @category constants
 */
export const candlePage = 1000

/**
 * Lists the candles that open from `start` to `end`, newest first. Both times are included.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const kline = open("kline", "market/kline", {
  input: inputFrom((market: Market.Market, interval: string, { from, to }: Adapter.Window) => ({
    ...named(market),
    interval,
    start: from,
    end: to - 1,
    limit: candlePage
  })),
  answer: Wire.within("list", Wire.every(Rows.Bar))
})

// ---- account

/**
 * Reads the key in use and its permissions.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const queryApi = read("queryApi", "user/query-api", { answer: Rows.ApiKey })

/**
 * Lists the coins of the unified account.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const walletBalance = read("walletBalance", "account/wallet-balance", {
  input: inputFrom(() => ({ accountType: "UNIFIED" })),
  answer: Wire.within("list", Schema.Array(Rows.Wallet))
})

/**
 * Lists the account's positions, at most 200 per page.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const positionList = read("positionList", "position/list", {
  input: inputOf<Scope & Part>(),
  answer: Rows.page(Rows.Position)
})

const Orders = Rows.page(Rows.Order)

/**
 * The ids by which an order can be requested.
 *
 * @since 0.1.0
 * @category models
 */
export type Ids = { readonly orderId?: string | undefined; readonly orderLinkId?: string | undefined }

/**
 * Returns the parameters that identify an order.
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
 * Lists the open orders, at most 50 per page. By id, it also finds one of the latest 500 orders that ended, unless
 * Bybit has restarted since.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderRealtime = read("orderRealtime", "order/realtime", {
  input: inputOf<Scope & Ids & Part>(),
  answer: Orders
})

/**
 * A time span of a history, at most seven days. Defaults to the last seven days.
 *
 * @since 0.1.0
 * @category models
 */
export type Span = { readonly startTime?: number; readonly endTime?: number }

/**
 * Lists the history of orders, newest first, at most 50 per page. Unfilled orders are kept for seven days, all others
 * for two years.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderHistory = read("orderHistory", "order/history", {
  input: inputOf<Scope & Ids & Span & Part>(),
  answer: Orders
})

/**
 * Lists executions, newest first, at most 100 per page: trades and funding payments. They are kept for two years.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const executionList = read("executionList", "execution/list", {
  input: inputOf<Scope & Span & Part>(),
  answer: Rows.page(Rows.Execution)
})

// ---- trading

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
 * Returns the parameters of an order. Trailing zeros of a number would count as decimals, so they are not sent.
 * `marketUnit` is set for every market order on spot, because buys are otherwise sized in the quote coin.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrder = (order: Declaration.NewOrder) => ({ category: categoryOf(order.market), ...termsOf(order) })

/**
 * Returns the parameters of several orders of one category.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrders = (orders: NonEmptyReadonlyArray<Declaration.NewOrder>) => ({
  category: categoryOf(orders[0].market),
  request: orders.map(termsOf)
})

/**
 * Places an order. The response only acknowledges the order, which may still be refused a moment later. Bybit refuses a
 * second order with the same `orderLinkId`. After a lost response, the order is nevertheless looked up and not sent
 * again, as Bybit recommends.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCreate = write.once("orderCreate", "order/create", {
  input: inputFrom(newOrder),
  answer: Rows.Taken,
  cost: costOf("create")
})

/**
 * Places one to ten orders of a category. Each of them counts as one request.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCreateBatch = write.once("orderCreateBatch", "order/create-batch", {
  within: "",
  input: inputFrom(newOrders),
  answer: Rows.Batch,
  cost: costOf("create")
})

/**
 * Amends an order. The response only acknowledges the request. A repeated request would fail, because it changes
 * nothing. After a lost response, the order itself shows the outcome.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderAmend = write.once("orderAmend", "order/amend", {
  input: inputFrom(({ price, reference, size }: Declaration.Change) => ({ ...referred(reference), qty: size, price })),
  answer: Rows.Taken,
  cost: costOf("amend")
})

/**
 * Cancels an order. On spot, `orderFilter` is the kind of the order. Without it, only a plain order is found. The
 * response only acknowledges the request.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCancel = write.idempotent("orderCancel", "order/cancel", {
  input: inputFrom((reference: Adapter.Reference, orderFilter?: Rows.Kind) => ({
    ...referred(reference),
    orderFilter
  })),
  answer: Rows.Taken,
  cost: costOf("cancel")
})

/**
 * Cancels all orders of a market, for contracts at most 500 at a time. On spot, only orders of one kind are canceled:
 * without `orderFilter`, plain orders. The response only acknowledges the request.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderCancelAll = write.idempotent("orderCancelAll", "order/cancel-all", {
  input: inputFrom((market: Market.Market, orderFilter?: Rows.Kind) => ({ ...named(market), orderFilter })),
  answer: Rows.CanceledAll,
  cost: costOf("cancelAll")
})
