/**
 * BitMEX's endpoints, named after what they return in the documentation.
 *
 * Unsigned requests count against the address (`ip`), and signed requests count against the key (`key`). Requests that
 * place, amend or cancel orders also count against the account's ten orders per second (`order`).
 *
 * Source: the API explorer's definitions, version 1.2.0.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import { lengthOf } from "./Markets.js"
import * as Rows from "./Rows.js"

const { isoTime, inputFrom, inputOf } = Endpoint

/**
 * The capacity of each rate limit when none of it is used.
 *
 * @since 0.1.0
 * @category limits
 */
export const capacity = { ip: 30, key: 120, order: 10 }

/**
 * The rate limits of BitMEX: token buckets that refill continuously, so that capacity returns right after a burst, and
 * a window for orders.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.bucket({ burst: capacity.ip, perSecond: 0.5 }),
  key: Limit.bucket({ burst: capacity.key, perSecond: 2 }, { per: "key", reserved: 10 }),
  order: Limit.window(capacity.order, "1 second", { per: "key" }),
  // Opened sockets. While BitMEX still reported it, a new connection had 40 left. The announced limit was 20 per hour.
  connections: Limit.bucket({ burst: 40, perSecond: 20 / 3600 })
}

/**
 * The maximum number of rows per page: for the tables of an account, and for public trades or candles.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = { account: 500, public: 1000 }

const shared = { limits, root: "/api/v1" }

const open = Endpoint.family({ ...shared, capability: "marketData", cost: { ip: 1 } })

const read = Endpoint.family({ ...shared, capability: "account", cost: { key: 1 } })

const write = Endpoint.family({
  ...shared,
  capability: "trading",
  body: "json",
  decimals: "number",
  cost: { key: 1, order: 1 }
})

/**
 * Reads the exchange's clock. Only the root of the API returns it as a number of milliseconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", "", { answer: Wire.within("timestamp", Schema.NonNegativeInt) })

/**
 * Lists the open instruments, and those that closed in the last day.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrumentsActive = open("instrumentsActive", "/instrument/active", { answer: Wire.list(Rows.Instrument) })

/**
 * Lists the same instruments as tickers.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "/instrument/active", { answer: Wire.list(Rows.Ticker) })

/**
 * Reads one instrument as a ticker. The list is empty if there is no such symbol.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrument = open("instrument", "/instrument", {
  input: inputFrom(([{ id }]: readonly [Market.Market]) => ({ symbol: id })),
  answer: Wire.every(Rows.Ticker)
})

/**
 * Lists urgent announcements to all users. Usually there are none.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const urgentAnnouncements = open("urgentAnnouncements", "/announcement/urgent", {
  answer: Wire.list(Rows.Announcement)
})

/**
 * Reads both sides of the order book, in no order. `depth` is the number of levels per side; 0 means all levels.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderBookL2 = open("orderBookL2", "/orderBook/L2", {
  input: inputFrom(({ id }: Market.Market, depth: number) => ({ symbol: id, depth })),
  answer: Wire.every(Rows.Level)
})

/**
 * Lists public trades, at most 1000. The newest come first if `reverse` is `true`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = open("trades", "/trade", {
  input: inputFrom(({ id }: Market.Market, count: number, reverse: boolean = true) => ({ symbol: id, count, reverse })),
  answer: Wire.list(Rows.Trade)
})

/**
 * Returns the parameters for the intervals of a window. BitMEX compares the times with the end of an interval.
 *
 * @since 0.1.0
 * @category parameters
 */
export const intervals = (
  { id }: Market.Market,
  binSize: string,
  { count = pageSize.public, from, to }: { readonly from: number; readonly to?: number; readonly count?: number }
) => ({
  symbol: id,
  binSize,
  partial: true,
  count,
  startTime: isoTime(from + lengthOf(binSize)),
  endTime: isoTime(to)
})

/**
 * Lists trades by interval (`1m`, `5m`, `1h`, `1d`), at most 1000 rows. `startTime` and `endTime` are compared with the
 * end of an interval, and both are included. `partial` adds the interval that has not ended. Without an end, the
 * response begins with the oldest interval there is.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tradesBucketed = open("tradesBucketed", "/trade/bucketed", {
  input: inputFrom(intervals),
  answer: Wire.every(Rows.Bucket)
})

/**
 * Lists the currencies and the values of their minor units. The endpoint needs no key, but a signed request does not
 * count against the address.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const walletAssets = read("walletAssets", "/wallet/assets", { answer: Wire.list(Rows.WalletAsset) })

/**
 * Reads the margin of one currency, given by its minor unit, or of `all` currencies.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const margin = read("margin", "/user/margin", {
  input: inputFrom((currency: string = "all") => ({ currency })),
  answer: Wire.every(Rows.Margin)
})

/**
 * Lists the keys that this key may see, including itself.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const apiKeys = read("apiKeys", "/apiKey", { answer: Wire.list(Rows.ApiKey) })

/**
 * A page of a table: at most 500 rows from `start` on, newest first if `reverse` is `true`. `startTime` is compared
 * with the last change of a row.
 *
 * @since 0.1.0
 * @category models
 */
export type Query = {
  readonly symbol?: string | undefined
  readonly count: number
  readonly start?: number
  readonly reverse: boolean
  readonly startTime?: string | undefined
  readonly filter?: { readonly open?: boolean; readonly orderID?: string; readonly clOrdID?: string }
}

/**
 * Lists orders, open or not. The list is empty if there is no such order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orders = read("orders", "/order", { input: inputOf<Query>(), answer: Wire.list(Rows.Order) })

/**
 * Lists the account's executions.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tradeHistory = read("tradeHistory", "/execution/tradeHistory", {
  input: inputOf<Query>(),
  answer: Wire.list(Rows.Execution)
})

/**
 * Lists the account's open positions.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const positions = read("positions", "/position", {
  input: inputFrom(() => ({ filter: { isOpen: true } })),
  answer: Wire.list(Rows.Position)
})

const timesInForce = { GTC: "GoodTillCancel", IOC: "ImmediateOrCancel", FOK: "FillOrKill" } as const

/**
 * Returns the parameters of an order.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrder = (order: Declaration.NewOrder) => {
  const isLimit = order.type === "limit"
  const instructions = [order.postOnly ? "ParticipateDoNotInitiate" : "", order.reduceOnly ? "ReduceOnly" : ""]
  return {
    symbol: order.market.id,
    side: order.side === "buy" ? "Buy" : "Sell",
    orderQty: order.size,
    ordType: isLimit ? "Limit" : "Market",
    price: isLimit ? order.price : undefined,
    timeInForce: isLimit ? timesInForce[order.timeInForce] : undefined,
    execInst: instructions.filter((word) => word !== "").join(",") || undefined,
    clOrdID: order.clientOrderId
  }
}

/**
 * Places an order. BitMEX refuses a client order id the second time it is used, but does not document for how long. The
 * request is therefore sent only once.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrder = write.once("placeOrder", "/order", {
  method: "POST",
  input: inputFrom(newOrder),
  answer: Wire.one(Rows.Order)
})

/**
 * Amends an open order. `orderQty` is the whole quantity, including what is filled. The request is sent only once,
 * because a repeated one would be refused for changing nothing.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = write.once("amendOrder", "/order", {
  method: "PUT",
  input: inputFrom(({ current, price, size }: Declaration.Change) => ({ orderID: current.id, price, orderQty: size })),
  answer: Wire.one(Rows.Order)
})

/**
 * Cancels an order. The response is a list, because several orders can be canceled at once. An order that cannot be
 * canceled has an `error` in its row, and the status is still 200.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = write.idempotent("cancelOrder", "/order", {
  method: "DELETE",
  input: inputFrom(({ clientOrderId, id }: Adapter.Reference) => ({ orderID: id, clOrdID: clientOrderId })),
  answer: Wire.list(Rows.Order)
})

/**
 * Cancels the open orders of a market.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelAllOrders = write.idempotent("cancelAllOrders", "/order/all", {
  method: "DELETE",
  input: inputFrom(({ id }: Market.Market) => ({ symbol: id })),
  answer: Wire.list(Rows.Canceled)
})
