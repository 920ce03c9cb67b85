/**
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

export * as AccountFeedSuite from "./AccountFeedSuite.js"
export * as Arbitraries from "./Arbitraries.js"
export * as Contract from "./Contract.js"
export * as ContractCase from "./ContractCase.js"
export * as FeedSuite from "./FeedSuite.js"
export * as InterceptedSockets from "./InterceptedSockets.js"
export * as LossyHttp from "./LossyHttp.js"
export * as Mock from "./Mock.js"
export * as Recording from "./Recording.js"
export * as Replay from "./Replay.js"
export * as ScriptedHttp from "./ScriptedHttp.js"
export * as Simulation from "./Simulation.js"
export * as SimulationWorld from "./SimulationWorld.js"
