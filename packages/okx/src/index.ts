/**
 * @since 0.1.0
 */
export * as OkxEndpoints from "./Endpoints.js"
export * as OkxErrors from "./Errors.js"
export * as OkxMapping from "./Mapping.js"
export * as Okx from "./Okx.js"
export * as OkxOrderMapping from "./OrderMapping.js"
export * as OkxProtocol from "./Protocol.js"
export * as OkxTradingEndpoints from "./TradingEndpoints.js"
export * as OkxTradingWire from "./TradingWire.js"
export * as OkxWire from "./Wire.js"
