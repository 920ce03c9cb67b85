/**
 * BitMEX's endpoints, named as its documents name what they give.
 *
 * Requests without a signature count against the address (`ip`), signed ones against the key (`key`); those that place,
 * change and cancel orders count against the ten a second of an account as well (`order`).
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

const { isoTime, madeBy, takes } = Endpoint

/**
 * How much of each limit there is when nothing of it is used.
 *
 * @since 0.1.0
 * @category limits
 */
export const capacity = { ip: 30, key: 120, order: 10 }

/**
 * What BitMEX meters: buckets that fill all the time, where after a burst there is room again at once, and orders in a
 * window.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.bucket(capacity.ip, 0.5),
  key: Limit.bucket(capacity.key, 2, { per: "key", reserved: 10 }),
  order: Limit.window(capacity.order, "1 second", { per: "key" }),
  // Sockets opened: 40 were left to a new one, when BitMEX still said so, and 20 an hour were announced.
  connections: Limit.bucket(40, 20 / 3600)
}

/**
 * How many rows a page of an account's tables has at most, and one of public trades or candles.
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
 * The root answers with the exchange's clock, the one place where it is a number of milliseconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", "", { answer: Wire.within("timestamp", Schema.NonNegativeInt) })

/**
 * Every open instrument, and those that closed in the last day.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrumentsActive = open("instrumentsActive", "/instrument/active", { answer: Wire.list(Rows.Instrument) })

/**
 * The same as tickers.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "/instrument/active", { answer: Wire.list(Rows.Ticker) })

/**
 * One instrument as a ticker; an empty list when there is no such symbol.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrument = open("instrument", "/instrument", {
  input: madeBy(([market]: ReadonlyArray<Market.Market>) => ({ symbol: market?.id ?? "" })),
  answer: Wire.every(Rows.Ticker)
})

/**
 * What the exchange has to say at once to everybody; as a rule nothing.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const urgentAnnouncements = open("urgentAnnouncements", "/announcement/urgent", {
  answer: Wire.list(Rows.Announcement)
})

/**
 * Both sides of the book in no order; `depth` levels of each, all of them when it is 0.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderBookL2 = open("orderBookL2", "/orderBook/L2", {
  input: madeBy(({ id }: Market.Market, depth: number) => ({ symbol: id, depth })),
  answer: Wire.every(Rows.Level)
})

/**
 * Public trades, at most 1000, the newest first when `reverse` is `true`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = open("trades", "/trade", {
  input: madeBy(({ id }: Market.Market, count: number, reverse: boolean = true) => ({ symbol: id, count, reverse })),
  answer: Wire.list(Rows.Trade)
})

/**
 * Names the intervals of a window. Its instants are held against the end of an interval.
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
 * Trades by interval (`1m`, `5m`, `1h`, `1d`), at most 1000 rows. `startTime` and `endTime` are held against the end of an
 * interval, both included; `partial` adds the one that has not ended. Without an end the answer begins with the oldest
 * there is.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tradesBucketed = open("tradesBucketed", "/trade/bucketed", {
  input: madeBy(intervals),
  answer: Wire.every(Rows.Bucket)
})

/**
 * The currencies there are and what their minor units are worth. Anybody may ask; signed, it does not count against the
 * address.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const walletAssets = read("walletAssets", "/wallet/assets", { answer: Wire.list(Rows.WalletAsset) })

/**
 * Of one currency by its minor unit, or of `all`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const margin = read("margin", "/user/margin", {
  input: madeBy((currency: string = "all") => ({ currency })),
  answer: Wire.every(Rows.Margin)
})

/**
 * Every key the account lets this one see, itself among them.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const apiKeys = read("apiKeys", "/apiKey", { answer: Wire.list(Rows.ApiKey) })

/**
 * A page of a table: at most 500 rows from `start` on, the newest first when `reverse` is `true`. `startTime` is held
 * against the last change.
 *
 * @since 0.1.0
 * @category models
 */
export type Query = {
  readonly symbol?: string
  readonly count: number
  readonly start?: number
  readonly reverse: boolean
  readonly startTime?: string | undefined
  readonly filter?: { readonly open?: boolean; readonly orderID?: string; readonly clOrdID?: string }
}

/**
 * Orders, open or not. An empty list when there is no such order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orders = read("orders", "/order", { input: takes<Query>(), answer: Wire.list(Rows.Order) })

/**
 * @since 0.1.0
 * @category endpoints
 */
export const tradeHistory = read("tradeHistory", "/execution/tradeHistory", {
  input: takes<Query>(),
  answer: Wire.list(Rows.Execution)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const positions = read("positions", "/position", {
  input: madeBy(() => ({ filter: { isOpen: true } })),
  answer: Wire.list(Rows.Position)
})

const timesInForce = { GTC: "GoodTillCancel", IOC: "ImmediateOrCancel", FOK: "FillOrKill" } as const

/**
 * An order in BitMEX's words.
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
 * A client order id is refused the second time it is seen, but nobody says for how long: placing is not repeated on the
 * strength of that.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrder = write.once("placeOrder", "/order", {
  method: "POST",
  input: madeBy(newOrder),
  answer: Wire.one(Rows.Order)
})

/**
 * Changes an order that stands: `orderQty` is all of it, what is filled included. Repeated, it would be refused for
 * changing nothing.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = write.once("amendOrder", "/order", {
  method: "PUT",
  input: takes<{ orderID: string } & Record<"price" | "orderQty", Declaration.Change["price"]>>(),
  answer: Wire.one(Rows.Order)
})

/**
 * A list, as several can be canceled at once. One that cannot be canceled has an `error` in its row and status 200.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = write.idempotent("cancelOrder", "/order", {
  method: "DELETE",
  input: madeBy(({ clientOrderId, id }: Adapter.Reference) => ({ orderID: id, clOrdID: clientOrderId })),
  answer: Wire.list(Rows.Order)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const cancelAllOrders = write.idempotent("cancelAllOrders", "/order/all", {
  method: "DELETE",
  input: madeBy(({ id }: Market.Market) => ({ symbol: id })),
  answer: Wire.list(Rows.Canceled)
})
