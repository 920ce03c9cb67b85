/**
 * @since 0.1.0
 */
export * as Bybit from "./Bybit.js"
export * as BybitEndpoints from "./Endpoints.js"
export * as BybitErrors from "./Errors.js"
export * as BybitMapping from "./Mapping.js"
export * as BybitOrderMapping from "./OrderMapping.js"
export * as BybitProtocol from "./Protocol.js"
export * as BybitTradingWire from "./TradingWire.js"
export * as BybitWire from "./Wire.js"
