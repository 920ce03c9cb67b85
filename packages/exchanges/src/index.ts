/**
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

export * as Capabilities from "./Capabilities.js"
export * as ExchangeId from "./ExchangeId.js"
export * as Exchanges from "./Exchanges.js"
