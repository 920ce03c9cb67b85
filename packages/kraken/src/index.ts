/**
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

export * as KrakenEndpoints from "./Endpoints.js"
/**
 * @since 0.1.0
 */
export { Kraken } from "./Kraken.js"
