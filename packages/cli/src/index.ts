/**
 * @since 0.1.0
 */
export * as Cli from "./Cli.js"
export * as Commands from "./Commands.js"
export * as Configuration from "./Configuration.js"
export * as Examples from "./Examples.js"
export * as Failure from "./Failure.js"
export * as Help from "./Help.js"
export * as Network from "./Network.js"
export * as Others from "./Others.js"
export * as RunMain from "./RunMain.js"
export * as Screen from "./Screen.js"
export * as Stop from "./Stop.js"
export * as Variables from "./Variables.js"
export * as Version from "./Version.js"
