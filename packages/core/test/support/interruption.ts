/** The interruption sweep of the tests of resilience. */
export * from "../../../resilience/test/support/interruption.js"
