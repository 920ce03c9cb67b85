/**
 * @since 0.1.0
 */
export * as Arbitraries from "./Arbitraries.js"
export * as Contract from "./Contract.js"
export * as ContractCase from "./ContractCase.js"
export * as Mock from "./Mock.js"
export * as ScriptedHttp from "./ScriptedHttp.js"
