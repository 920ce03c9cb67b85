import "./internal/needs-effect-3.22-and-not-4.js"

/**
 * @since 0.1.0
 */
export * as Account from "./engine/Account.js"
/**
 * @since 0.1.0
 */
export * as Dialect from "./Dialect.js"
/**
 * @since 0.1.0
 */
export * as Dialects from "./Dialects.js"
/**
 * @since 0.1.0
 */
export * as Engine from "./engine/Engine.js"
/**
 * @since 0.1.0
 */
export * as Faults from "./engine/Faults.js"
/**
 * @since 0.1.0
 */
export * as Market from "./engine/Market.js"
/**
 * @since 0.1.0
 */
export * as Simulator from "./Simulator.js"
/**
 * @since 0.1.0
 */
export * as SimulatorServer from "./SimulatorServer.js"
