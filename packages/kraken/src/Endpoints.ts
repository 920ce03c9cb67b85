/**
 * Kraken's endpoints, under the names of the documentation.
 *
 * Public endpoints count against the address (`public`), and private endpoints count against the key (`key`). Endpoints
 * that place or amend orders count per pair instead (`trading`). What a cancellation adds there depends on the age of
 * the order, so cancellations are not counted and never wait.
 *
 * Source: docs.kraken.com, Spot REST API.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Row, Wire } from "@effect-exchange/core/adapter"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Schema from "effect/Schema"
import * as Rows from "./Rows.js"

const { isoTime, inputFrom, inputOf } = Endpoint

/**
 * The rate limits of Kraken, whose counters decrease continuously.
 *
 * The counter of a key holds 20 and decreases by 0.5 per second, in the tier "Intermediate". The counter of a pair
 * holds 125 and decreases by 2.34 per second; here all pairs share one. A little of each is left unused, because
 * requests do not arrive as evenly as they leave and other programs may use the key.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  public: Limit.window(1, "1 second"),
  key: Limit.bucket({ burst: 18, perSecond: 0.5 }, { per: "key" }),
  trading: Limit.bucket({ burst: 120, perSecond: 2.3 }, { per: "key" })
}

/**
 * The maximum number of orders or trades per page of a history, and of orders that one request reads or cancels by id.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 50

const shared = { limits, within: "result" } as const

const open = Endpoint.family({ ...shared, capability: "marketData", root: "/0/public/", cost: { public: 1 } })

const own = { ...shared, method: "POST", body: "form", root: "/0/private/" } as const

const read = Endpoint.family({ ...own, capability: "account", cost: { key: 1 } })

const write = Endpoint.family({ ...own, capability: "trading" })

/**
 * Reads the exchange's clock, which has whole seconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const time = open("time", "Time", { answer: Wire.within("unixtime", Wire.seconds) })

/**
 * Reads the status of the exchange.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const systemStatus = open("systemStatus", "SystemStatus", {
  answer: Wire.answer({
    status: Row.statusOrUnknown("status", {
      operational: "online",
      maintenance: "maintenance",
      limited: "cancel_only post_only limit_only"
    }),
    detail: Wire.at("status", Wire.text),
    at: Wire.at("timestamp", Wire.lenient(Wire.isoTime))
  })
})

/**
 * Lists the assets.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const assets = open("assets", "Assets", { answer: Wire.keyed("id", Rows.Asset) })

/**
 * Lists the pairs.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const assetPairs = open("assetPairs", "AssetPairs", { answer: Wire.keyed("id", Rows.Pair) })

/**
 * Reads the ticker of one pair.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ticker = open("ticker", "Ticker", {
  input: inputFrom(({ id }: Market.Market) => ({ pair: id })),
  answer: Wire.sole(Wire.one(Rows.Ticker))
})

/**
 * Reads the tickers of several pairs, separated by commas, or of all pairs without `pair`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "Ticker", {
  // The ids of many pairs would make the URL longer than proxies accept.
  input: inputFrom((markets: ReadonlyArray<Market.Market>) => ({
    pair: markets.length > 100 ? undefined : markets.map(({ id }) => id).join(",")
  })),
  answer: Wire.keyed("market", Rows.TickerOf)
})

/**
 * Reads the order book. `count` is 1 to 500.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const depth = open("depth", "Depth", {
  input: inputFrom(({ id }: Market.Market, count: number) => ({ pair: id, count })),
  answer: Wire.sole(Rows.Book)
})

/**
 * Lists public trades. `count` is 1 to 1000. Without `since`, lists the latest trades. With `since`, lists the first
 * trades after that time, as far back as the pair was traded. `since` is in seconds, or in nanoseconds as given by
 * `last`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = open("trades", "Trades", {
  input: inputFrom(({ id }: Market.Market, count: number, since?: string) => ({ pair: id, count, since })),
  answer: Wire.sole(Wire.list(Rows.Trade), "last")
})

/**
 * Lists the candles that open after `since`, of the latest 720 finished candles and the current one. `interval` is in
 * minutes, and `since` is in seconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ohlc = open("ohlc", "OHLC", {
  input: inputFrom(({ id }: Market.Market, interval: string, { from }: Adapter.Window) => ({
    pair: id,
    interval,
    // Kraken lists candles that open after this time.
    since: Math.max(0, from / 1000 - 1)
  })),
  answer: Wire.sole(Wire.every(Rows.Bar), "last")
})

/**
 * Reads the balance of every asset, under the asset's id. If one of them is not understood, decoding fails for all,
 * because the sum of the others would be wrong.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const balanceEx = read("balanceEx", "BalanceEx", { answer: Wire.every(Rows.Balance, "id") })

/**
 * Reads the permissions of the key. It needs no permission. `validUntil` is zero for a key that does not expire.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getApiKeyInfo = read("getApiKeyInfo", "GetApiKeyInfo", {
  answer: Wire.answer({
    permissions: Wire.at("permissions", Schema.Array(Schema.String)),
    validUntil: Wire.at("validUntil", Wire.seconds),
    ipAllowlist: Wire.at("ipAllowlist", Schema.Array(Schema.Unknown))
  })
})

/**
 * Creates a token for subscriptions to the private channels of the socket. The token must be used within 900 seconds,
 * and is valid as long as the connection lives.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getWebSocketsToken = read("getWebSocketsToken", "GetWebSocketsToken", {
  isSecret: true,
  answer: Wire.within("token", Wire.text)
})

/**
 * Lists the open orders of all pairs, without pages.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const openOrders = read("openOrders", "OpenOrders", {
  input: inputOf<{ cl_ord_id?: string }>(),
  within: "result.open",
  answer: Wire.keyed("id", Rows.Order)
})

/**
 * A page of a history: 50 rows from `ofs` on. `start` is in seconds. Unless `consolidate_taker` is false, the fills of
 * an order that took liquidity are one row with their average price.
 *
 * @since 0.1.0
 * @category models
 */
export type Part = {
  readonly start?: number | undefined
  readonly ofs?: number | undefined
  readonly consolidate_taker?: boolean
}

/**
 * Lists the ended orders of all pairs, latest first.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const closedOrders = read("closedOrders", "ClosedOrders", {
  input: inputOf<Part & { cl_ord_id?: string }>(),
  within: "result.closed",
  answer: Wire.keyed("id", Rows.Order)
})

/**
 * Reads up to 50 orders by their ids, separated by commas.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const queryOrders = read("queryOrders", "QueryOrders", {
  input: inputFrom(({ id }: Declaration.ById) => ({ txid: id })),
  answer: Wire.keyed("id", Rows.Order)
})

/**
 * Lists the fills of all pairs, latest first.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tradesHistory = read("tradesHistory", "TradesHistory", {
  input: inputOf<Part>(),
  within: "result.trades",
  answer: Wire.keyed("id", Rows.Fill),
  cost: { key: 2 }
})

const termsOf = (order: Declaration.NewOrder) => ({
  ordertype: order.type,
  type: order.side,
  volume: order.size,
  price: order.price,
  timeinforce: order.type === "market" ? undefined : order.timeInForce,
  oflags: order.postOnly ? "post" : undefined,
  cl_ord_id: order.clientOrderId
})

/**
 * Returns the parameters of an order. `post` makes the order post-only. Kraken does not carry out the request after its
 * `deadline`, which is 2 to 60 seconds from now.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrder = (order: Declaration.NewOrder) => ({
  pair: order.market.id,
  ...termsOf(order),
  deadline: isoTime(order.until)
})

/**
 * Places an order. The response only acknowledges the order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const addOrder = write.once("addOrder", "AddOrder", {
  input: inputFrom(newOrder),
  answer: Wire.within("txid.0", Wire.text),
  cost: { trading: 1 }
})

/**
 * Returns the parameters of several orders of one pair.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrders = (orders: NonEmptyReadonlyArray<Declaration.NewOrder>) => ({
  pair: orders[0].market.id,
  orders: orders.map(termsOf),
  deadline: isoTime(orders[0].until)
})

/**
 * Places two to 15 orders of one pair. Kraken refuses the whole batch if one of them is malformed.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const addOrderBatch = write.once("addOrderBatch", "AddOrderBatch", {
  body: "json",
  input: inputFrom(newOrders),
  within: "result.orders",
  answer: Wire.every(Rows.BatchRow),
  cost: ({ orders }) => ({ trading: orders.length })
})

const referred = ({ clientOrderId, id }: Adapter.Reference) => ({ txid: id, cl_ord_id: clientOrderId })

/**
 * Returns the parameters of an amendment. `order_qty` is the whole amount, including what is filled.
 *
 * @since 0.1.0
 * @category parameters
 */
export const change = ({ current, price, reference, size, until }: Declaration.Change) => ({
  ...referred(reference),
  order_qty: size,
  limit_price: price,
  post_only: price !== undefined && current.postOnly === true ? true : undefined,
  deadline: isoTime(until)
})

/**
 * Amends an open order. The order keeps its ids and, where possible, its place in the queue. The response only
 * acknowledges the request.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = write.once("amendOrder", "AmendOrder", {
  input: inputFrom(change),
  answer: Wire.within("amend_id", Wire.text),
  cost: { trading: 1 }
})

const count = Wire.within("count", Schema.NonNegativeInt)

/**
 * Cancels an order. Returns the number of canceled orders.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = write.idempotent("cancelOrder", "CancelOrder", { input: inputFrom(referred), answer: count })

/**
 * Cancels up to 50 orders by their ids. Returns the number of canceled orders.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrderBatch = write.idempotent("cancelOrderBatch", "CancelOrderBatch", {
  body: "json",
  input: inputOf<{ orders: ReadonlyArray<string> }>(),
  answer: count
})
