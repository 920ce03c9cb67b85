export * from "./contract.test.js"
