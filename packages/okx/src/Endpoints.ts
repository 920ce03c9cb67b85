/**
 * OKX's endpoints, named as its documents name them. Each is metered by itself: those of public data for the address, the
 * others for the user of the key.
 *
 * Source: OKX API v5 documentation.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import * as Rows from "./Rows.js"

const { madeBy } = Endpoint

// OKX counts in rolling windows of 2 seconds by its own clock: a little more keeps requests that travel at different speeds
// from meeting in one.
const window = "2100 millis"
const address = (count: number) => Limit.window(count, window)
const user = (count: number) => Limit.window(count, window, { per: "key" })

/**
 * What OKX meters. Orders are metered for each instrument by itself, the list of instruments for each type; here they are for
 * all together, which never allows more. The limit of 1000 new or changed orders of an account in 2 seconds cannot be reached
 * below these.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ...Limit.each(["serverTime", "booksFull"], address(10)),
  ...Limit.each(["instruments", "ticker", "tickers", "historyCandles"], address(20)),
  ...Limit.each(["books", "candles"], address(40)),
  trades: address(100),
  status: Limit.window(1, "5100 millis"),
  accountConfig: user(5),
  ...Limit.each(["balance", "positions", "fillsHistory"], user(10)),
  ordersHistoryArchive: user(20),
  ordersHistory: user(40),
  ...Limit.each(["order", "ordersPending", "fills", "placeOrder", "cancelOrder", "amendOrder"], user(60)),
  ...Limit.each(["placeOrders", "cancelOrders"], user(300)),
  connections: Limit.window(3, "1100 millis")
}

/**
 * How many orders or fills a page has.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 100

/**
 * How many candles a page has.
 *
 * @since 0.1.0
 * @category constants
 */
export const candlePage = 300

const shared = { limits, root: "/api/v5/", within: "data", own: true } as const

const open = Endpoint.family({ ...shared, capability: "marketData" })

const read = Endpoint.family({ ...shared, capability: "account" })

const write = Endpoint.family({ ...shared, capability: "trading", method: "POST", body: "json" })

/**
 * OKX's words for the kinds of markets.
 *
 * @since 0.1.0
 * @category constants
 */
export const instTypes = { spot: "SPOT", perpetual: "SWAP", future: "FUTURES" } as const

const byKind = madeBy((kind: Market.Kind) => ({ instType: instTypes[kind] }))

/**
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", "public/time", { answer: Wire.sole(Wire.within("ts", Wire.millis)) })

/**
 * @since 0.1.0
 * @category endpoints
 */
export const status = open("status", "system/status", { answer: Wire.list(Rows.Maintenance) })

/**
 * @since 0.1.0
 * @category endpoints
 */
export const instruments = open("instruments", "public/instruments", {
  input: byKind,
  answer: Wire.list(Rows.Instrument)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const ticker = open("ticker", "market/ticker", {
  input: madeBy(({ id }: Market.Market) => ({ instId: id })),
  answer: Wire.sole(Wire.one(Rows.Ticker))
})

/**
 * All tickers of a type: OKX takes no list of names.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "market/tickers", { input: byKind, answer: Wire.list(Rows.Ticker) })

const book = {
  input: madeBy(({ id }: Market.Market, sz: number) => ({ instId: id, sz })),
  answer: Wire.sole(Rows.Book)
}

/**
 * Up to 400 levels a side.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const books = open("books", "market/books", book)

/**
 * Up to 5000 levels a side.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const booksFull = open("booksFull", "market/books-full", book)

/**
 * The latest, newest first, up to 500.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = open("trades", "market/trades", {
  input: madeBy(({ id }: Market.Market, limit: number) => ({ instId: id, limit })),
  answer: Wire.list(Rows.Trade)
})

// Newer than `before` and older than `after`, which are left out themselves.
const bars = {
  input: madeBy(({ id }: Market.Market, bar: string, { from, to }: Adapter.Window) => ({
    instId: id,
    bar,
    after: to,
    before: from - 1,
    limit: candlePage
  })),
  answer: Wire.every(Rows.Bar)
}

/**
 * The latest 1440 candles, the open one included; newest first, up to 300 at once.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const candles = open("candles", "market/candles", bars)

/**
 * Candles of years; newest first, up to 300 at once.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const historyCandles = open("historyCandles", "market/history-candles", bars)

/**
 * @since 0.1.0
 * @category endpoints
 */
export const accountConfig = read("accountConfig", "account/config", { answer: Wire.sole(Rows.AccountConfig) })

/**
 * Without currencies of which there is nothing.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const balance = read("balance", "account/balance", {
  answer: Wire.sole(Wire.within("details", Wire.every(Rows.Balance)))
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const positions = read("positions", "account/positions", { input: byKind, answer: Wire.list(Rows.Position) })

// By one of its ids; `ordId` counts where both are given.
const named = ({ clientOrderId, id, market }: Adapter.Reference) => ({
  instId: market.id,
  ordId: id,
  clOrdId: clientOrderId
})

type Named = Endpoint.Made<ReturnType<typeof named>>

const byName = madeBy(named)
const Orders = Wire.list(Rows.Order)

/**
 * A canceled order of which nothing was filled is forgotten after two hours.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const order = read("order", "trade/order", { input: byName, answer: Orders })

/**
 * Orders that stand, newest first, up to 100: older than the one named `after`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersPending = read("ordersPending", "trade/orders-pending", {
  input: madeBy((after: string | undefined, market?: Market.Market) => ({
    instId: market?.id,
    after,
    limit: pageSize
  })),
  answer: Orders
})

/**
 * Names a page of a history: older than what is named `after`, an order or a bill.
 *
 * @since 0.1.0
 * @category parameters
 */
export const part = (after: string | undefined, { id, kind }: Market.Market, { since }: Adapter.History) => ({
  instType: instTypes[kind],
  instId: id,
  // Whether the instant itself is included OKX does not say.
  begin: since === undefined ? undefined : Math.max(0, since - 1),
  after,
  limit: pageSize
})

const ended = { input: madeBy(part), answer: Orders }

/**
 * Orders of 7 days that have ended, newest first, up to 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersHistory = read("ordersHistory", "trade/orders-history", ended)

/**
 * Orders of 3 months that have ended, newest first, up to 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersHistoryArchive = read("ordersHistoryArchive", "trade/orders-history-archive", ended)

const bills = { input: madeBy(part), answer: Wire.list(Rows.Bill) }

/**
 * Fills of 3 days, newest first, up to 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fills = read("fills", "trade/fills", bills)

/**
 * Fills of 3 months, newest first, up to 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fillsHistory = read("fillsHistory", "trade/fills-history", bills)

/**
 * A new order in OKX's words: of spot from what the account has (`cash`), of contracts on cross margin and net positions. A
 * market order of spot says that its size is in the base currency, which OKX would not take a buy's for.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrder = (order: Declaration.NewOrder) => {
  const isSpot = order.market.kind === "spot"
  return {
    instId: order.market.id,
    tdMode: isSpot ? "cash" : "cross",
    side: order.side,
    ordType: typeOf(order),
    sz: order.size,
    px: order.price,
    clOrdId: order.clientOrderId,
    tgtCcy: isSpot && order.type === "market" ? "base_ccy" : undefined,
    reduceOnly: order.reduceOnly ? true : undefined
  }
}

type NewOrder = Endpoint.Made<ReturnType<typeof newOrder>>

const typeOf = ({ postOnly, timeInForce, type }: Declaration.NewOrder) => {
  if (type === "market") return "market"
  if (postOnly) return "post_only"
  return timeInForce === "GTC" ? "limit" : timeInForce === "IOC" ? "ioc" : "fok"
}

const Ack = Wire.sole(Wire.one(Rows.Ack))
const Acks = Wire.every(Rows.Ack)

/**
 * Sent once: OKX frees the name of an order that was canceled unfilled.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrder = write.once("placeOrder", "trade/order", {
  scheme: "expiring",
  input: madeBy(newOrder),
  answer: Ack
})

/**
 * Up to 20 orders; metered by their number, but one alone as one without a batch.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrders = write.once("placeOrders", "trade/batch-orders", {
  body: { whole: "orders" },
  scheme: "expiring",
  input: madeBy((orders: ReadonlyArray<Declaration.NewOrder>) => ({
    orders: orders.map((order): NewOrder => newOrder(order))
  })),
  answer: Acks,
  cost: ({ orders }) => orders.length === 1 ? { placeOrder: 1 } : { placeOrders: orders.length }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = write.idempotent("cancelOrder", "trade/cancel-order", { input: byName, answer: Ack })

/**
 * Up to 20 orders; metered by their number, but one alone as one without a batch.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrders = write.idempotent("cancelOrders", "trade/cancel-batch-orders", {
  body: { whole: "orders" },
  input: madeBy((market: Market.Market, ids: ReadonlyArray<string>) => ({
    orders: ids.map((id): Named => named({ market, id }))
  })),
  answer: Acks,
  cost: ({ orders }) => orders.length === 1 ? { cancelOrder: 1 } : { cancelOrders: orders.length }
})

/**
 * Changes an order: `newSz` is its whole new size, what is filled included. Sent once: a second one could undo what was
 * changed in between.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = write.once("amendOrder", "trade/amend-order", {
  scheme: "expiring",
  input: madeBy(({ price, reference, size }: Declaration.Change) => ({
    ...named(reference),
    newSz: size,
    newPx: price
  })),
  answer: Ack
})
