/**
 * @since 0.1.0
 */
export * as BitMex from "./BitMex.js"
export * as BitMexEndpoints from "./Endpoints.js"
