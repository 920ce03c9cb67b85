/**
 * @since 0.1.0
 */
export * as Exchanges from "./Exchanges.js"
