/**
 * @since 0.1.0
 */
export * as Bybit from "./Bybit.js"
export * as BybitEndpoints from "./Endpoints.js"
