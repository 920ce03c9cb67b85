/**
 * @since 0.1.0
 */
export * as Acme from "./Acme.js"
export * as AcmeEndpoints from "./Endpoints.js"
