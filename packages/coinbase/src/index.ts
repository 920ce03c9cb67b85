/**
 * @since 0.1.0
 */
export * as Coinbase from "./Coinbase.js"
export * as CoinbaseEndpoints from "./Endpoints.js"
export * as CoinbaseErrors from "./Errors.js"
export * as CoinbaseMapping from "./Mapping.js"
export * as CoinbaseOrderMapping from "./OrderMapping.js"
export * as CoinbaseProtocol from "./Protocol.js"
export * as CoinbaseTradingEndpoints from "./TradingEndpoints.js"
export * as CoinbaseTradingWire from "./TradingWire.js"
export * as CoinbaseWire from "./Wire.js"
