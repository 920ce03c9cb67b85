/**
 * @since 0.1.0
 */
export * as OkxEndpoints from "./Endpoints.js"
export * as Okx from "./Okx.js"
