/**
 * @since 0.1.0
 */
export * as KrakenEndpoints from "./Endpoints.js"
export * as Kraken from "./Kraken.js"
