/**
 * @since 0.1.0
 */
export * as Account from "./Account.js"
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
export * as Engine from "./Engine.js"
/**
 * @since 0.1.0
 */
export * as Faults from "./Faults.js"
/**
 * @since 0.1.0
 */
export * as Market from "./Market.js"
/**
 * @since 0.1.0
 */
export * as Simulator from "./Simulator.js"
/**
 * @since 0.1.0
 */
export * as SimulatorServer from "./SimulatorServer.js"
