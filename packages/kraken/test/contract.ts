import { NodeExchange } from "@effect-exchange/core/node"
import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { Kraken } from "../src/index.js"

const { features } = Kraken

const simulatedKraken = simulated("kraken", Kraken.layer)

/** Runs the contract against the simulator in this process, under `TestClock`. */
export const inMemory = () =>
  describe("in memory", () => {
    Contract.register(it, { ...simulatedKraken.inMemory, name: "Kraken on the simulator", features })
  })

// One public request a second, in real time: little concurrency.
const unhurried = { clock: "live", concurrency: 5, limit: "2 minutes" } as const

/** Runs the contract against a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    Contract.register(it, {
      ...simulatedKraken.overSockets,
      ...unhurried,
      name: "Kraken on the simulator's server",
      features
    })
  })

/** Runs the contract against the exchange itself, if `EXCHANGE_CONTRACT` names it. */
export const elsewhere = () =>
  describe("elsewhere", () => {
    Contract.register(it, {
      ...unhurried,
      name: "Kraken live",
      layer: Layer.provide(Kraken.layerMarketData(), NodeExchange.layer),
      features,
      on: "live",
      symbols: ["BTC/USD", "ETH/USD", "ETH/BTC"]
    })
  })
