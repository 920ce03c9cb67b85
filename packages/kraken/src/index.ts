/**
 * @since 0.1.0
 */
export * as KrakenEndpoints from "./Endpoints.js"
export * as KrakenErrors from "./Errors.js"
export * as Kraken from "./Kraken.js"
export * as KrakenMapping from "./Mapping.js"
export * as KrakenOrderMapping from "./OrderMapping.js"
export * as KrakenProtocol from "./Protocol.js"
export * as KrakenWire from "./Wire.js"
