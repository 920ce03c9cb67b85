/**
 * OKX's endpoints, under the names of the documentation. Each has a rate limit of its own. Endpoints of public data
 * count against the address, and the others count against the user of the key.
 *
 * Source: OKX API v5 documentation.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import * as Rows from "./Rows.js"

const { inputFrom } = Endpoint

// OKX counts in rolling windows of 2 seconds by its own clock. A slightly longer window keeps requests that travel at
// different speeds from meeting in one of those.
const window = "2100 millis"
const address = (count: number) => Limit.window(count, window)
const user = (count: number) => Limit.window(count, window, { per: "key" })

/**
 * The rate limits of OKX.
 *
 * OKX counts orders per instrument, and the list of instruments per type. Here each limit covers all of them together,
 * which never allows more. OKX's limit of 1000 new or amended orders of an account in 2 seconds cannot be reached
 * within these limits.
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
 * The maximum number of orders or fills per page.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 100

/**
 * The maximum number of candles in one response.
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
 * OKX's names for the kinds of markets.
 *
 * @since 0.1.0
 * @category constants
 */
export const instTypes = { spot: "SPOT", perpetual: "SWAP", future: "FUTURES" } as const

const byKind = inputFrom((kind: Market.Kind) => ({ instType: instTypes[kind] }))

/**
 * Reads the exchange's clock.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", "public/time", { answer: Wire.sole(Wire.within("ts", Wire.millis)) })

/**
 * Lists the announced maintenances.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const status = open("status", "system/status", { answer: Wire.list(Rows.Maintenance) })

/**
 * Lists the instruments of one kind.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instruments = open("instruments", "public/instruments", {
  input: byKind,
  answer: Wire.list(Rows.Instrument)
})

/**
 * Reads the ticker of one instrument.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ticker = open("ticker", "market/ticker", {
  input: inputFrom(({ id }: Market.Market) => ({ instId: id })),
  answer: Wire.sole(Wire.one(Rows.Ticker))
})

/**
 * Reads the tickers of all instruments of one kind. OKX does not accept a list of instruments.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "market/tickers", { input: byKind, answer: Wire.list(Rows.Ticker) })

const book = {
  input: inputFrom(({ id }: Market.Market, sz: number) => ({ instId: id, sz })),
  answer: Wire.sole(Rows.Book)
}

/**
 * Reads the order book, up to 400 levels per side.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const books = open("books", "market/books", book)

/**
 * Reads the order book, up to 5000 levels per side.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const booksFull = open("booksFull", "market/books-full", book)

/**
 * Lists the latest public trades, newest first, at most 500.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = open("trades", "market/trades", {
  input: inputFrom(({ id }: Market.Market, limit: number) => ({ instId: id, limit })),
  answer: Wire.list(Rows.Trade)
})

// OKX lists candles newer than `before` and older than `after`, both excluded. It refuses a negative instant.
const bars = {
  input: inputFrom(({ id }: Market.Market, bar: string, { from, to }: Adapter.Window) => ({
    instId: id,
    bar,
    after: to,
    before: from > 0 ? from - 1 : undefined,
    limit: candlePage
  })),
  answer: Wire.every(Rows.Bar)
}

/**
 * Lists the latest 1440 candles, including the current one, newest first, at most 300 per request.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const candles = open("candles", "market/candles", bars)

/**
 * Lists the candles of past years, newest first, at most 300 per request.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const historyCandles = open("historyCandles", "market/history-candles", bars)

/**
 * Reads the permissions of the key.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const accountConfig = read("accountConfig", "account/config", { answer: Wire.sole(Rows.AccountConfig) })

/**
 * Lists the account's balances, without those that are zero.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const balance = read("balance", "account/balance", {
  answer: Wire.sole(Wire.within("details", Wire.every(Rows.Balance)))
})

/**
 * Lists the account's positions in one kind of market.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const positions = read("positions", "account/positions", { input: byKind, answer: Wire.list(Rows.Position) })

// Identifies an order by one of its ids. `ordId` takes precedence if both are given.
const referred = ({ clientOrderId, id, market }: Adapter.Reference) => ({
  instId: market.id,
  ordId: id,
  clOrdId: clientOrderId
})

type Referred = Endpoint.Made<ReturnType<typeof referred>>

const ofOrder = inputFrom(referred)
const Orders = Wire.list(Rows.Order)

/**
 * Reads one order. OKX forgets a canceled order after two hours if nothing of it was filled.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const order = read("order", "trade/order", { input: ofOrder, answer: Orders })

/**
 * Lists the open orders, newest first, at most 100. With `after`, lists orders older than the one with that id.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersPending = read("ordersPending", "trade/orders-pending", {
  input: inputFrom((after: string | undefined, market?: Market.Market) => ({
    instId: market?.id,
    after,
    limit: pageSize
  })),
  answer: Orders
})

/**
 * Returns the parameters of a page of a history. With `after`, the page is older than the order or bill with that id.
 *
 * @since 0.1.0
 * @category parameters
 */
export const part = (
  after: string | undefined,
  { id, kind }: Pick<Market.Market, "kind"> & { readonly id?: string },
  { since }: Adapter.History
) => ({
  instType: instTypes[kind],
  instId: id,
  // OKX does not document whether the time itself is included.
  begin: since === undefined ? undefined : Math.max(0, since - 1),
  after,
  limit: pageSize
})

const ended = { input: inputFrom(part), answer: Orders }

/**
 * Lists the ended orders of the last 7 days, newest first, at most 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersHistory = read("ordersHistory", "trade/orders-history", ended)

/**
 * Lists the ended orders of the last 3 months, newest first, at most 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const ordersHistoryArchive = read("ordersHistoryArchive", "trade/orders-history-archive", ended)

const bills = { input: inputFrom(part), answer: Wire.list(Rows.Bill) }

/**
 * Lists the fills of the last 3 days, newest first, at most 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fills = read("fills", "trade/fills", bills)

/**
 * Lists the fills of the last 3 months, newest first, at most 100.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fillsHistory = read("fillsHistory", "trade/fills-history", bills)

/**
 * Returns the parameters of an order. Spot orders use the account's own funds (`cash`). Orders for contracts use cross
 * margin and net positions. A market order on spot states that its size is in the base currency, because OKX would
 * otherwise size a buy in the quote currency, and that OKX must not change it, because OKX would otherwise reduce an
 * order for which the balance does not suffice instead of refusing it.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrder = (order: Declaration.NewOrder) => {
  const isSpot = order.market.kind === "spot"
  const isSpotMarket = isSpot && order.type === "market"
  return {
    instId: order.market.id,
    tdMode: isSpot ? "cash" : "cross",
    side: order.side,
    ordType: typeOf(order),
    sz: order.size,
    px: order.price,
    clOrdId: order.clientOrderId,
    tgtCcy: isSpotMarket ? "base_ccy" : undefined,
    banAmend: isSpotMarket ? true : undefined,
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
 * Places an order. The request is sent only once, because OKX frees the client order id of an order that was canceled
 * unfilled.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrder = write.once("placeOrder", "trade/order", {
  scheme: "expiring",
  input: inputFrom(newOrder),
  answer: Ack
})

/**
 * Places up to 20 orders. The batch counts once per order, but a batch of one order counts as a single placement.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const placeOrders = write.once("placeOrders", "trade/batch-orders", {
  body: { whole: "orders" },
  scheme: "expiring",
  input: inputFrom((orders: ReadonlyArray<Declaration.NewOrder>) => ({
    orders: orders.map((order): NewOrder => newOrder(order))
  })),
  answer: Acks,
  cost: ({ orders }) => orders.length === 1 ? { placeOrder: 1 } : { placeOrders: orders.length }
})

/**
 * Cancels an order.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrder = write.idempotent("cancelOrder", "trade/cancel-order", { input: ofOrder, answer: Ack })

/**
 * Cancels up to 20 orders. The batch counts once per order, but a batch of one order counts as a single cancellation.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrders = write.idempotent("cancelOrders", "trade/cancel-batch-orders", {
  body: { whole: "orders" },
  input: inputFrom((market: Market.Market, ids: ReadonlyArray<string>) => ({
    orders: ids.map((id): Referred => referred({ market, id }))
  })),
  answer: Acks,
  cost: ({ orders }) => orders.length === 1 ? { cancelOrder: 1 } : { cancelOrders: orders.length }
})

/**
 * Amends an order. `newSz` is the whole new size, including what is filled. The request is sent only once, because a
 * second one could undo what was changed in between.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const amendOrder = write.once("amendOrder", "trade/amend-order", {
  scheme: "expiring",
  input: inputFrom(({ price, reference, size }: Declaration.Change) => ({
    ...referred(reference),
    newSz: size,
    newPx: price
  })),
  answer: Ack
})
