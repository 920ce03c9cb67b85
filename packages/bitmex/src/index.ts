/**
 * @since 0.1.0
 */
export * as BitMex from "./BitMex.js"
export * as BitMexEndpoints from "./Endpoints.js"
export * as BitMexErrors from "./Errors.js"
export * as BitMexMapping from "./Mapping.js"
export * as BitMexOrderMapping from "./OrderMapping.js"
export * as BitMexProtocol from "./Protocol.js"
export * as BitMexTradingEndpoints from "./TradingEndpoints.js"
export * as BitMexTradingWire from "./TradingWire.js"
export * as BitMexWire from "./Wire.js"
