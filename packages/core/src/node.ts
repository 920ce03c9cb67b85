/**
 * The modules that run only on Node.js. They need `@effect/platform-node`, `undici` and `ws`.
 *
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

export * as NodeConfig from "./engine/NodeConfig.js"
export * as NodeExchange from "./engine/NodeExchange.js"
