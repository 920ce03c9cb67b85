/**
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

/**
 * @since 0.1.0
 */
export { BitMex } from "./BitMex.js"
export * as BitMexEndpoints from "./Endpoints.js"
