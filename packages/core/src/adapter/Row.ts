/**
 * Readers for the rows of an exchange: one constructor for each kind of row. Each requires a field for every property,
 * or `Wire.none`, so that a misspelled or forgotten property does not compile.
 *
 * @since 0.1.0
 */
export { type Fields, type Of, of, type Payload, withFields } from "./internal/row.js"
export * from "./internal/rowsOfAccounts.js"
export * from "./internal/rowsOfMarkets.js"
