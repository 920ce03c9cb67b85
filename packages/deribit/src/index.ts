/**
 * @since 0.1.0
 */
export * as Deribit from "./Deribit.js"
export * as DeribitEndpoints from "./Endpoints.js"
