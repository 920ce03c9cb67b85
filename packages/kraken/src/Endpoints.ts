/**
 * Kraken's endpoints, named as its documents name them.
 *
 * Public ones count against the address (`public`), private ones against the key (`key`), except for those that place and
 * change orders, which count for each pair (`trading`). What a cancel adds there depends on how old the order is, so none
 * is counted, and no cancel ever waits.
 *
 * Source: docs.kraken.com, Spot REST API.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Row, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Rows from "./Rows.js"

const { isoTime, madeBy, takes } = Endpoint

/**
 * What Kraken meters. Its counters fall all the time: that of a key takes 20 and falls by 0.5 a second, in the tier
 * "Intermediate", and that of a pair takes 125 and falls by 2.34; here all pairs share one. Some of each is left, as
 * requests do not arrive as evenly as they leave and other programs may use the key.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  public: Limit.window(1, "1 second"),
  key: Limit.bucket(18, 0.5, { per: "key" }),
  trading: Limit.bucket(120, 2.3, { per: "key" })
}

/**
 * How many orders or trades a page of a history has, and how many orders can be asked for or canceled by their ids at once.
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
 * Tells the exchange's clock, in whole seconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const time = open("time", "Time", { answer: Wire.within("unixtime", Wire.seconds) })

/**
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
    at: Wire.at("timestamp", Wire.readable(Wire.isoTime))
  })
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const assets = open("assets", "Assets", { answer: Wire.keyed("id", Rows.Asset) })

/**
 * @since 0.1.0
 * @category endpoints
 */
export const assetPairs = open("assetPairs", "AssetPairs", { answer: Wire.keyed("id", Rows.Pair) })

/**
 * @since 0.1.0
 * @category endpoints
 */
export const ticker = open("ticker", "Ticker", {
  input: madeBy(({ id }: Market.Market) => ({ pair: id })),
  answer: Wire.sole(Wire.one(Rows.Ticker))
})

/**
 * Several pairs at once, separated by commas; all of them without `pair`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "Ticker", {
  // The names of many pairs would make a longer URL than proxies take.
  input: madeBy((markets: ReadonlyArray<Market.Market>) => ({
    pair: markets.length > 100 ? undefined : markets.map(({ id }) => id).join(",")
  })),
  answer: Wire.keyed("market", Rows.TickerOf)
})

/**
 * `count` is 1 to 500.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const depth = open("depth", "Depth", {
  input: madeBy(({ id }: Market.Market, count: number) => ({ pair: id, count })),
  answer: Wire.sole(Rows.Book)
})

/**
 * `count` is 1 to 1000: the latest, or the first after `since` (seconds, or the nanoseconds that `last` gives) as far
 * back as the pair was traded.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = open("trades", "Trades", {
  input: madeBy(({ id }: Market.Market, count: number, since?: string) => ({ pair: id, count, since })),
  answer: Wire.sole(Wire.list(Rows.Trade), "last")
})

/**
 * `interval` is in minutes, `since` in seconds: candles that open after it, of the latest 720 that are finished and the
 * one that is open.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ohlc = open("ohlc", "OHLC", {
  input: madeBy(({ id }: Market.Market, interval: string, { from }: Adapter.Window) => ({
    pair: id,
    interval,
    // Those that open after it.
    since: Math.max(0, from / 1000 - 1)
  })),
  answer: Wire.sole(Wire.every(Rows.Bar), "last")
})

/**
 * What there is under each id. One that is not understood fails all of them, as the sum of the others is not what there is.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const balanceEx = read("balanceEx", "BalanceEx", { answer: Wire.every(Rows.Balance, "id") })

/**
 * Needs no permission. `validUntil` is zero for a key that does not expire.
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
 * Gives a token that subscribes to what is private on the socket. It has to be used within 900 seconds, and is good for as long as
 * the connection lives.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getWebSocketsToken = read("getWebSocketsToken", "GetWebSocketsToken", {
  answer: Wire.within("token", Wire.text)
})

/**
 * Of all pairs, without pages.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const openOrders = read("openOrders", "OpenOrders", {
  input: takes<{ cl_ord_id?: string }>(),
  within: "result.open",
  answer: Wire.keyed("id", Rows.Order)
})

/**
 * Of all pairs, the latest first, a page of 50 from `ofs` on. `start` is in seconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const closedOrders = read("closedOrders", "ClosedOrders", {
  input: takes<{ cl_ord_id?: string; start?: number | undefined; ofs?: number | undefined }>(),
  within: "result.closed",
  answer: Wire.keyed("id", Rows.Order)
})

/**
 * Up to 50 ids, separated by commas.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const queryOrders = read("queryOrders", "QueryOrders", {
  input: madeBy(({ id }: Declaration.ById) => ({ txid: id })),
  answer: Wire.keyed("id", Rows.Order)
})

/**
 * Of all pairs, the latest first, a page of 50 from `ofs` on. `start` is in seconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tradesHistory = read("tradesHistory", "TradesHistory", {
  input: takes<{ start?: number | undefined; ofs?: number | undefined }>(),
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
 * An order in Kraken's words. `post` makes it post-only, and after its `deadline`, 2 to 60 seconds from now, nothing is done
 * any more.
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
 * Only acknowledges.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const addOrder = write.once("addOrder", "AddOrder", {
  input: madeBy(newOrder),
  answer: Wire.within("txid.0", Wire.text),
  cost: { trading: 1 }
})

/**
 * Orders of one pair in Kraken's words.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrders = (orders: ReadonlyArray<Declaration.NewOrder>) => ({
  pair: orders[0]?.market.id ?? "",
  orders: orders.map(termsOf),
  deadline: isoTime(orders[0]?.until)
})

/**
 * Two to 15 orders of one pair. The whole batch is refused when one of them is not well-formed.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const addOrderBatch = write.once("addOrderBatch", "AddOrderBatch", {
  body: "json",
  input: madeBy(newOrders),
  within: "result.orders",
  answer: Wire.every(Rows.BatchRow),
  cost: ({ orders }) => ({ trading: orders.length })
})

const named = ({ clientOrderId, id }: Adapter.Reference) => ({ txid: id, cl_ord_id: clientOrderId })

/**
 * A change in Kraken's words. `order_qty` is the whole amount, with what is filled.
 *
 * @since 0.1.0
 * @category parameters
 */
export const change = ({ current, price, reference, size, until }: Declaration.Change) => ({
  ...named(reference),
  order_qty: size,
  limit_price: price,
  post_only: price !== undefined && current.postOnly === true ? true : undefined,
  deadline: isoTime(until)
})

/**
 * Changes an order where it stands: it keeps its ids and, where it can, its place in the queue. Only acknowledges.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = write.once("amendOrder", "AmendOrder", {
  input: madeBy(change),
  answer: Wire.within("amend_id", Wire.text),
  cost: { trading: 1 }
})

const count = Wire.within("count", Schema.NonNegativeInt)

/**
 * How many were canceled.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = write.idempotent("cancelOrder", "CancelOrder", { input: madeBy(named), answer: count })

/**
 * Cancels up to 50 orders by their ids: how many were.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrderBatch = write.idempotent("cancelOrderBatch", "CancelOrderBatch", {
  body: "json",
  input: takes<{ orders: ReadonlyArray<string> }>(),
  answer: count
})
