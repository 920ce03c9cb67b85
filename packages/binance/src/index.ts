/**
 * @since 0.1.0
 */
export * as Binance from "./Binance.js"
export * as BinanceEndpoints from "./Endpoints.js"
export * as BinanceErrors from "./Errors.js"
export * as BinanceMapping from "./Mapping.js"
export * as BinanceOrderMapping from "./OrderMapping.js"
export * as BinanceProtocol from "./Protocol.js"
export * as BinanceWire from "./Wire.js"
