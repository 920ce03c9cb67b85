export * from "./Contract.test.js"
