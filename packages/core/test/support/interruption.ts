/** The sweep of interruptions that the toolkit's own tests use. */
export * from "../../../resilience/test/support/interruption.js"
