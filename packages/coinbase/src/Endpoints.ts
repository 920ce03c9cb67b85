/**
 * Coinbase's endpoints. Requests without a key count against the address (`ip`), those of an account and its orders against
 * the user (`user`).
 *
 * Source: Coinbase Advanced Trade API (docs.cdp.coinbase.com).
 *
 * @since 0.1.0
 */
import { Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import type * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"
import * as Rows from "./Rows.js"

/**
 * What Coinbase meters, by the second; requests do not arrive as evenly as they left, hence the tenth more.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.window(10, "1100 millis"),
  user: Limit.window(30, "1100 millis", { per: "key", reserved: 3 })
}

/**
 * How many rows a page of a listing has.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 250

const open = Endpoint.family({ capability: "marketData", limits, root: "/api/v3/brokerage", cost: { ip: 1 } })

const read = Endpoint.family({ capability: "account", limits, root: "/api/v3/brokerage", cost: { user: 1 } })

const write = Endpoint.family({
  capability: "trading",
  limits,
  method: "POST",
  body: "json",
  root: "/api/v3/brokerage/orders",
  cost: { user: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", { path: "/time", answer: Wire.within("epochMillis", Wire.millis) })

/**
 * Products: those named, or all of them; `get_all_products` includes those that are not traded.
 *
 * @since 0.1.0
 * @category models
 */
export type Products = {
  readonly product_type: "SPOT"
  readonly product_ids?: ReadonlyArray<string> | undefined
  readonly get_all_products?: boolean
}

/**
 * @since 0.1.0
 * @category endpoints
 */
export const products = open("products", {
  path: "/market/products",
  input: Endpoint.takes<Products>(),
  within: "products",
  answer: Wire.list(Rows.Product)
})

/**
 * The same products, as their tickers.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", {
  path: "/market/products",
  input: Endpoint.takes<Products>(),
  within: "products",
  answer: Wire.list(Rows.Ticker)
})

/**
 * A product, as its ticker.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const product = open("product", {
  path: "/market/products/{product_id}",
  input: Endpoint.takes<{ readonly product_id: string }>(),
  answer: Wire.one(Rows.Ticker)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const productBook = open("productBook", {
  path: "/market/product_book",
  input: Endpoint.takes<{ readonly product_id: string; readonly limit: number }>(),
  within: "pricebook",
  answer: Rows.Book
})

/**
 * The same book, of which only the best is read.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const topOfBook = open("topOfBook", {
  path: "/market/product_book",
  input: Endpoint.takes<{ readonly product_id: string; readonly limit: 1 }>(),
  within: "pricebook",
  answer: Rows.Top
})

/**
 * The latest trades, newest first.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const marketTrades = open("marketTrades", {
  path: "/market/products/{product_id}/ticker",
  input: Endpoint.takes<{ readonly product_id: string; readonly limit: number }>(),
  within: "trades",
  answer: Wire.list(Rows.Trade)
})

/**
 * The candles that open from `start` to `end`, both in seconds and included, newest first.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const candles = open("candles", {
  path: "/market/products/{product_id}/candles",
  input: Endpoint.takes<
    { readonly product_id: string; readonly start: number; readonly end: number; readonly granularity: string }
  >(),
  within: "candles",
  answer: Schema.Array(Wire.one(Rows.Bar))
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const keyPermissions = read("keyPermissions", {
  path: "/key_permissions",
  answer: Wire.answer({
    view: Wire.at("can_view", Schema.Boolean),
    trade: Wire.at("can_trade", Schema.Boolean),
    transfer: Wire.at("can_transfer", Schema.Boolean)
  })
})

/**
 * The wallets. One that is not understood fails all of them, as the sum of the others is not what there is.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const accounts = read("accounts", {
  path: "/accounts",
  input: Endpoint.takes<{ readonly limit: number; readonly cursor: string | undefined }>(),
  answer: Rows.page("accounts", Schema.Array(Wire.one(Rows.Wallet)))
})

/**
 * One order, by the exchange's id.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const order = read("order", {
  path: "/orders/historical/{order_id}",
  input: Endpoint.takes<{ readonly order_id: string }>(),
  within: "order",
  answer: Wire.one(Rows.Order)
})

/**
 * Orders, standing and ended, newest first, from `start_date` on (RFC 3339). `OPEN` goes with no other status, and orders
 * that are `PENDING` or `QUEUED` are not among them.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orders = read("orders", {
  path: "/orders/historical/batch",
  input: Endpoint.takes<{
    readonly product_type: "SPOT"
    readonly product_ids?: ReadonlyArray<string> | undefined
    readonly order_status?: ReadonlyArray<string> | undefined
    readonly start_date?: string | undefined
    readonly limit: number
    readonly cursor: string | undefined
  }>(),
  answer: Rows.page("orders", Wire.list(Rows.Order))
})

/**
 * Fills, newest first, from `start_sequence_timestamp` on (RFC 3339).
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fills = read("fills", {
  path: "/orders/historical/fills",
  input: Endpoint.takes<{
    readonly product_ids: ReadonlyArray<string>
    readonly start_sequence_timestamp: string | undefined
    readonly limit: number
    readonly cursor: string | undefined
  }>(),
  answer: Rows.page("fills", Wire.list(Rows.Entry))
})

/**
 * What is ordered, under exactly one name of its kind.
 *
 * @since 0.1.0
 * @category models
 */
export type Configuration =
  | { readonly market_market_ioc: { readonly base_size: BigDecimal.BigDecimal } }
  | { readonly limit_limit_gtc: Limited & { readonly post_only: boolean } }
  | { readonly limit_limit_fok: Limited }
  | { readonly sor_limit_ioc: Limited }

/**
 * @since 0.1.0
 * @category models
 */
export type Limited = { readonly base_size: BigDecimal.BigDecimal; readonly limit_price: BigDecimal.BigDecimal }

/**
 * Places an order. Under a client order id that exists nothing is created, and the answer is the order that exists: the same
 * request may be sent again.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const createOrder = write("createOrder", {
  path: "",
  input: Endpoint.takes<{
    readonly client_order_id: string
    readonly product_id: string
    readonly side: "BUY" | "SELL"
    readonly order_configuration: Configuration
  }>(),
  answer: Rows.Created,
  idempotency: "idempotent"
})

/**
 * Asks for up to 100 orders to be canceled; what became of each is in the answer. They are canceled a moment later.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrders = write("cancelOrders", {
  path: "/batch_cancel",
  input: Endpoint.takes<{ readonly order_ids: ReadonlyArray<string> }>(),
  within: "results",
  answer: Schema.Array(Wire.one(Rows.Cancellation)),
  idempotency: "idempotent"
})

/**
 * Changes a `GTC` limit order: both fields are needed.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const editOrder = write("editOrder", {
  path: "/edit",
  input: Endpoint.takes<
    { readonly order_id: string; readonly price: BigDecimal.BigDecimal; readonly size: BigDecimal.BigDecimal }
  >(),
  answer: Wire.within("success", Schema.Literal(true)),
  idempotency: "once"
})
