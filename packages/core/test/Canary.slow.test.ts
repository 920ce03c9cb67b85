export * from "./Canary.test.js"
