/**
 * @since 0.1.0
 */
export * as Capabilities from "./Capabilities.js"
export * as ExchangeId from "./ExchangeId.js"
export * as Exchanges from "./Exchanges.js"
