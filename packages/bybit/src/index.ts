/**
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

/**
 * @since 0.1.0
 */
export { Bybit } from "./Bybit.js"
export * as BybitEndpoints from "./Endpoints.js"
