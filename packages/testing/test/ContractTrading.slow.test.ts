export * from "./ContractTrading.test.js"
