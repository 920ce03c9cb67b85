/**
 * Coinbase's endpoints of public data. Requests without a key count against the address ("ip").
 *
 * Source: Coinbase Advanced Trade API, public endpoints (docs.cdp.coinbase.com).
 *
 * @since 0.1.0
 */
import { Endpoint, LenientArray } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

const root = "/api/v3/brokerage"

/**
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = Endpoint.make({
  capability: "marketData",
  name: "serverTime",
  path: `${root}/time`,
  input: Endpoint.NoInput,
  response: Schema.pluck(Wire.Time, "epochMillis"),
  cost: { ip: 1 }
})

/**
 * The products named, or all of them: `get_all_products` includes those that are not traded.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const products = Endpoint.make({
  capability: "marketData",
  name: "products",
  path: `${root}/market/products`,
  input: Schema.Struct({
    product_type: Schema.Literal("SPOT"),
    product_ids: Schema.optional(Schema.Array(Schema.String)),
    get_all_products: Schema.optional(Schema.Boolean)
  }),
  response: Schema.pluck(Schema.Struct({ products: LenientArray.LenientArray(Wire.Product) }), "products"),
  cost: { ip: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const product = Endpoint.make({
  capability: "marketData",
  name: "product",
  path: `${root}/market/products/{product_id}`,
  input: Schema.Struct({ product_id: Schema.String }),
  response: Wire.Product,
  cost: { ip: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const productBook = Endpoint.make({
  capability: "marketData",
  name: "productBook",
  path: `${root}/market/product_book`,
  input: Schema.Struct({ product_id: Schema.String, limit: Schema.Number }),
  response: Schema.pluck(Schema.Struct({ pricebook: Wire.PriceBook }), "pricebook"),
  cost: { ip: 1 }
})

/**
 * The latest trades, newest first.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const marketTrades = Endpoint.make({
  capability: "marketData",
  name: "marketTrades",
  path: `${root}/market/products/{product_id}/ticker`,
  input: Schema.Struct({ product_id: Schema.String, limit: Schema.Number }),
  response: Schema.pluck(Schema.Struct({ trades: Schema.Array(Wire.MarketTrade) }), "trades"),
  cost: { ip: 1 }
})

/**
 * The candles that open from `start` to `end`, both in seconds and included, newest first.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const candles = Endpoint.make({
  capability: "marketData",
  name: "candles",
  path: `${root}/market/products/{product_id}/candles`,
  input: Schema.Struct({
    product_id: Schema.String,
    start: Schema.Number,
    end: Schema.Number,
    granularity: Schema.String
  }),
  response: Schema.pluck(Schema.Struct({ candles: Schema.Array(Wire.Candle) }), "candles"),
  cost: { ip: 1 }
})
