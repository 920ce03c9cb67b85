/**
 * Deribit's methods, under their own names. All of them are `GET` requests, including those that trade.
 *
 * Source: docs.deribit.com, API v2.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Row, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Rows from "./Rows.js"

const { inputFrom, inputOf } = Endpoint

/**
 * The rate limits of Deribit: token buckets that refill continuously. A little of each is left unused, because requests
 * do not arrive as evenly as they leave. The limit of an address without a key is not published, and is assumed to be
 * that of a key.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.bucket({ burst: 90, perSecond: 19 }),
  instruments: Limit.bucket({ burst: 40, perSecond: 0.9 }),
  // A cancellation by client order id first reads the order.
  account: Limit.bucket({ burst: 90, perSecond: 19 }, { per: "key", reserved: 20 }),
  matching: Limit.bucket({ burst: 18, perSecond: 4.8 }, { per: "key" }),
  // Requests to subscribe have a bucket of their own, whatever the number of channels they name.
  subscriptions: Limit.bucket({ burst: 9, perSecond: 3.1 })
}

/**
 * The maximum number of orders or trades in one response.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 1000

const shared = { limits, root: "/api/v2/private/", within: "result" } as const
const open = Endpoint.family({ ...shared, capability: "marketData", root: "/api/v2/public/", cost: { ip: 1 } })
const read = Endpoint.family({ ...shared, capability: "account", cost: { account: 1 } })
const write = Endpoint.family({ ...shared, capability: "trading", cost: { matching: 1 } })
const login = Endpoint.family({ ...shared, capability: "account", root: "/api/v2/public/", cost: { account: 1 } })

/**
 * Returns the parameter that names an instrument.
 *
 * @since 0.1.0
 * @category parameters
 */
export const named = ({ id }: Market.Market) => ({ instrument_name: id })

const ofOne = inputFrom(named)
const byId = inputFrom(({ id }: Declaration.ById) => ({ order_id: id }))
const orders = Wire.list(Rows.Order)

/**
 * Reads the exchange's clock.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getTime = open("get_time", { answer: Wire.millis })

/**
 * Reads which trading is locked: none (`false`), that of some currencies (`partial`), or all (`true`).
 *
 * @since 0.1.0
 * @category endpoints
 */
export const status = open("status", {
  within: "",
  answer: Wire.answer({
    status: Row.statusOrUnknown("result.locked", { operational: "false", limited: "partial", maintenance: "true" }),
    at: Wire.at("usOut", Wire.lenient(Wire.micros))
  })
})

/**
 * Lists the instruments of a kind, of every currency (`any`). It has a rate limit of its own, one request per second.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getInstruments = open("get_instruments", {
  input: inputOf<{ currency: string; kind: string; expired?: boolean }>(),
  answer: Wire.list(Rows.Instrument),
  cost: { ip: 1, instruments: 1 }
})

/**
 * Reads the ticker of one instrument.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ticker = open("ticker", { input: ofOne, answer: Wire.one(Rows.Ticker) })

/**
 * Reads the order book. `depth` is 1, 5, 10, 20, 50, 100, 1000 or 10000.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOrderBook = open("get_order_book", {
  input: inputFrom((market: Market.Market, depth: number) => ({ ...named(market), depth })),
  answer: Rows.Book
})

/**
 * Lists the latest public trades. `count` is at most 1000.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getLastTrades = open("get_last_trades_by_instrument", {
  input: inputFrom((market: Market.Market, count: number, sorting: "asc" | "desc" = "desc") => ({
    ...named(market),
    count,
    sorting
  })),
  within: "result.trades",
  answer: Wire.list(Rows.Trade)
})

/**
 * Lists the candles that open from one time to another, both included.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getChart = open("get_tradingview_chart_data", {
  input: inputFrom((market: Market.Market, resolution: string, { from, to }: Adapter.Window) => ({
    ...named(market),
    resolution,
    start_timestamp: from,
    end_timestamp: to - 1
  })),
  answer: Rows.Chart
})

/**
 * Opens a session. Only the permissions of the key are read from the response.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const auth = login("auth", {
  scheme: "parameters",
  input: inputFrom(() => ({ grant_type: "client_signature" })),
  within: "result.scope",
  answer: Schema.String
})

/**
 * Lists the account's balances.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getAccountSummaries = read("get_account_summaries", {
  within: "result.summaries",
  answer: Wire.every(Rows.Balance)
})

/**
 * Lists the account's positions.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getPositions = read("get_positions", {
  input: inputFrom(() => ({ currency: "any", kind: "future" })),
  answer: Wire.list(Rows.Position)
})

/**
 * Lists the open orders of one kind of market.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOpenOrders = read("get_open_orders", { input: inputFrom((kind: string) => ({ kind })), answer: orders })

/**
 * Lists the open orders of one market.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOpenOrdersByInstrument = read("get_open_orders_by_instrument", { input: ofOne, answer: orders })

/**
 * Reads one order by the exchange's id.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOrderState = read("get_order_state", { input: byId, answer: Wire.one(Rows.Order) })

/**
 * Finds orders by their label. Several orders may have the same label. Deribit forgets it half an hour after an order
 * has ended.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOrderStateByLabel = read("get_order_state_by_label", {
  input: inputOf<{ currency: string; label: string }>(),
  answer: orders
})

/**
 * Lists ended orders, latest first. Without `historical`, lists those of the last half hour. With `historical`, lists
 * those before, as soon as they are archived.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOrderHistory = read("get_order_history_by_instrument", {
  input: inputFrom((market: Market.Market, historical: boolean, count: number, offset: number = 0) => ({
    ...named(market),
    count,
    offset,
    include_old: true,
    include_unfilled: true,
    historical
  })),
  answer: orders
})

/**
 * Returns the parameters of a page of fills, latest first, up to a point in time.
 *
 * @since 0.1.0
 * @category parameters
 */
export const part = (
  end: number | undefined,
  market: Market.Market,
  { limit }: Adapter.History,
  historical: boolean
) => ({
  ...named(market),
  // The fills of the previous page's last millisecond are repeated, and must not fill the page.
  count: end === undefined ? Math.min(limit, pageSize) : pageSize,
  end_timestamp: end,
  sorting: "desc",
  historical
})

/**
 * Lists fills, latest first. Without `historical`, lists those of the last day. With `historical`, lists those before,
 * as soon as they are archived.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getUserTrades = read("get_user_trades_by_instrument", {
  input: inputFrom(part),
  answer: Wire.answer({ fills: Wire.at("trades", Wire.list(Rows.Fill)), hasMore: Wire.at("has_more", Schema.Boolean) })
})

/**
 * Returns the parameters of an order. With `post_only` alone, Deribit would change the price of the order. With
 * `reject_post_only`, it refuses the order instead. A market order on spot has no time in force: those that Deribit
 * matches accept no other than `good_til_cancelled`, and those that it routes to Coinbase accept only
 * `immediate_or_cancel`.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrder = (order: Declaration.NewOrder) => ({
  ...named(order.market),
  amount: order.size,
  type: order.type,
  price: order.price,
  label: order.clientOrderId,
  time_in_force: order.type === "market" && order.market.kind === "spot" ? undefined : timesInForce[order.timeInForce],
  ...postOnly(order),
  reduce_only: order.reduceOnly ? true : undefined,
  valid_until: order.until
})

const timesInForce = { GTC: "good_til_cancelled", IOC: "immediate_or_cancel", FOK: "fill_or_kill" } as const

const postOnly = ({ postOnly }: { readonly postOnly?: boolean | undefined }) =>
  postOnly === true ? { post_only: true, reject_post_only: true } : {}

const placing = { input: inputFrom(newOrder), within: "result.order", answer: Wire.one(Rows.Order) }

/**
 * Places a buy order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const buy = write.once("buy", placing)

/**
 * Places a sell order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const sell = write.once("sell", placing)

/**
 * Returns the parameters of an amendment. `amount` is the whole amount, including what is filled.
 *
 * @since 0.1.0
 * @category parameters
 */
export const change = ({ current, price, size, until }: Declaration.Change) => ({
  order_id: current.id,
  amount: size ?? current.amount,
  price: price ?? current.price,
  ...postOnly(current),
  // It is not documented whether an omitted field keeps its value. Without this field, the order could open a position.
  reduce_only: current.reduceOnly === true ? true : undefined,
  valid_until: until
})

/**
 * Amends an open order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const edit = write.once("edit", { ...placing, input: inputFrom(change) })

/**
 * Cancels an order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancel = write.idempotent("cancel", { input: byId, answer: Wire.one(Rows.Order) })

/**
 * Cancels the open orders of a market. Returns the number of canceled orders.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelAllByInstrument = write.idempotent("cancel_all_by_instrument", {
  input: ofOne,
  answer: Schema.NonNegativeInt
})
