/**
 * Coinbase's endpoints. Requests without a key count against the address (`ip`). Requests about an account and its
 * orders count against the user (`user`).
 *
 * Source: Coinbase Advanced Trade API (docs.cdp.coinbase.com).
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Adapter, type Declaration, Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import type * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"
import * as Rows from "./Rows.js"

const { inputFrom, inputOf } = Endpoint

/**
 * The rate limits of Coinbase, which counts per second. The windows here are a tenth longer, because requests do not
 * arrive as evenly as they leave.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.window(10, "1100 millis"),
  connections: Limit.window(8, "1100 millis"),
  /** The messages of all connections. */
  messages: Limit.window(8, "1100 millis"),
  user: Limit.window(30, "1100 millis", { per: "key", reserved: 3 })
}

/**
 * The maximum number of rows per page of a listing.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 250

const shared = { limits, root: "/api/v3/brokerage" }

const open = Endpoint.family({ ...shared, capability: "marketData", cost: { ip: 1 } })

const read = Endpoint.family({ ...shared, capability: "account", cost: { user: 1 } })

const write = Endpoint.family({ ...shared, capability: "trading", method: "POST", body: "json", cost: { user: 1 } })

/**
 * Reads the exchange's clock.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = open("serverTime", "/time", { answer: Wire.within("epochMillis", Wire.millis) })

const latest = inputFrom(({ id }: Market.Market, limit: number) => ({ product_id: id, limit }))

/**
 * Lists the spot products: those that are traded, or all of them.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const products = open("products", "/market/products", {
  input: inputFrom((get_all_products?: boolean) => ({ product_type: "SPOT", get_all_products })),
  within: "products",
  answer: Wire.list(Rows.Product)
})

/**
 * Lists the same products as tickers.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = open("tickers", "/market/products", {
  // For many products, requesting the whole listing is shorter than naming each of them.
  input: inputFrom((markets: ReadonlyArray<Market.Market>) => ({
    product_type: "SPOT",
    get_all_products: true,
    product_ids: markets.length > 100 ? undefined : markets.map(({ id }) => id)
  })),
  within: "products",
  answer: Wire.list(Rows.Ticker)
})

/**
 * Reads a product as a ticker.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const product = open("product", "/market/products/{product_id}", {
  input: inputFrom(({ id }: Market.Market) => ({ product_id: id })),
  answer: Wire.one(Rows.Ticker)
})

/**
 * Reads the order book.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const productBook = open("productBook", "/market/product_book", {
  input: latest,
  within: "pricebook",
  answer: Rows.Book
})

/**
 * Lists the latest public trades, newest first.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const marketTrades = open("marketTrades", "/market/products/{product_id}/ticker", {
  input: latest,
  within: "trades",
  answer: Wire.list(Rows.Trade)
})

/**
 * Lists the candles that open from `start` to `end`, newest first. Both times are in seconds, and both are included.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const candles = open("candles", "/market/products/{product_id}/candles", {
  input: inputFrom((market: Market.Market, granularity: string, { from, to }: Adapter.Window) => ({
    product_id: market.id,
    start: from / 1000,
    // The end is included, so a candle that opens there would be one too many.
    end: to / 1000 - 1,
    granularity
  })),
  within: "candles",
  answer: Wire.every(Rows.Bar)
})

/**
 * Reads the permissions of the key.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const keyPermissions = read("keyPermissions", "/key_permissions", {
  answer: Wire.answer({
    read: Wire.at("can_view", Schema.Boolean),
    trade: Wire.at("can_trade", Schema.Boolean),
    withdraw: Wire.at("can_transfer", Schema.Boolean),
    ipRestricted: Wire.always("unknown")
  })
})

/**
 * Lists the wallets. If one of them is not understood, decoding fails for all, because the sum of the others would be
 * wrong.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const accounts = read("accounts", "/accounts", {
  input: inputFrom((cursor: string | undefined) => ({ limit: pageSize, cursor })),
  answer: Rows.page("accounts", Wire.every(Rows.Wallet))
})

/**
 * Reads one order by the exchange's id.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const order = read("order", "/orders/historical/{order_id}", {
  input: inputFrom(({ id }: Declaration.ById) => ({ order_id: id })),
  within: "order",
  answer: Wire.one(Rows.Order)
})

/**
 * A filter for the listing of orders.
 *
 * @since 0.1.0
 * @category models
 */
export type Wanted = {
  readonly product_ids?: ReadonlyArray<string> | undefined
  readonly order_status?: ReadonlyArray<string> | undefined
  readonly start_date?: string | undefined
}

/**
 * Lists orders, open and ended, newest first, from `start_date` on (RFC 3339). `OPEN` cannot be combined with other
 * statuses. `PENDING` and `QUEUED` orders are not listed unless their status is requested.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orders = read("orders", "/orders/historical/batch", {
  input: inputOf<Wanted & { product_type: string; limit: number; cursor: string | undefined }>(),
  answer: Rows.page("orders", Wire.list(Rows.Order))
})

/**
 * Lists fills, newest first, from `start_sequence_timestamp` on (RFC 3339).
 *
 * @since 0.1.0
 * @category endpoints
 */
export const fills = read("fills", "/orders/historical/fills", {
  input: inputFrom((
    cursor: string | undefined,
    market: Market.Market | undefined,
    { limit, since }: Adapter.History
  ) => ({
    product_ids: market && [market.id],
    start_sequence_timestamp: Endpoint.isoTime(since),
    limit: Math.min(limit, pageSize),
    cursor
  })),
  answer: Rows.page("fills", Wire.list(Rows.Entry))
})

/**
 * Returns the parameters of an order. Its terms are in exactly one field, named after its kind.
 *
 * @since 0.1.0
 * @category parameters
 */
export const newOrder = (order: Declaration.NewOrder) => ({
  client_order_id: order.clientOrderId,
  product_id: order.market.id,
  side: order.side === "buy" ? "BUY" : "SELL",
  order_configuration: configuration(order)
})

const configuration = ({ postOnly, price, size: base_size, timeInForce }: Declaration.NewOrder) => {
  if (price === undefined) return { market_market_ioc: { base_size } }
  const limit = { base_size, limit_price: price }
  if (timeInForce === "FOK") return { limit_limit_fok: limit }
  return timeInForce === "IOC" ? { sor_limit_ioc: limit } : { limit_limit_gtc: { ...limit, post_only: postOnly } }
}

/**
 * Places an order. If the client order id already exists, Coinbase creates nothing and returns the existing order. The
 * same request may therefore be sent again.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const createOrder = write.idempotent("createOrder", "/orders", {
  input: inputFrom(newOrder),
  answer: Rows.Created
})

/**
 * Requests the cancellation of up to 100 orders, which are canceled a moment later. The response has the outcome of
 * each.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelOrders = write.idempotent("cancelOrders", "/orders/batch_cancel", {
  input: inputFrom((_: Market.Market, order_ids: ReadonlyArray<string>) => ({ order_ids })),
  within: "results",
  answer: Wire.every(Rows.Cancellation)
})

/**
 * Amends a `GTC` limit order. The price and the size are both required.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const editOrder = write.once("editOrder", "/orders/edit", {
  input: inputOf<{ order_id: string; price: BigDecimal.BigDecimal; size: BigDecimal.BigDecimal }>(),
  answer: Wire.within("success", Schema.Literal(true))
})
