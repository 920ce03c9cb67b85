/**
 * @since 0.1.0
 */
export * as Binance from "./Binance.js"
export * as BinanceEndpoints from "./Endpoints.js"
