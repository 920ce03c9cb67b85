/**
 * @since 0.1.0
 */
export * as Coinbase from "./Coinbase.js"
export * as CoinbaseEndpoints from "./Endpoints.js"
