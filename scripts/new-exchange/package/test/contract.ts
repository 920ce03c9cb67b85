import { NodeExchange } from "@effect-exchange/core/node"
import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { Acme } from "../src/index.js"

const { features } = Acme

const symbols = ["BTC/USDT", "ETH/USDT"] as const

const judged = simulated("acme", Acme.layer)

/** Runs the contract against the simulator in this process, under `TestClock`. */
export const inMemory = () =>
  describe("in memory", () => {
    Contract.register(it, { ...judged.inMemory, name: "Acme Exchange on the simulator", features, symbols })
  })

/** Runs the contract against a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    Contract.register(it, {
      ...judged.overSockets,
      name: "Acme Exchange on the simulator's server",
      features,
      limit: "40 seconds",
      symbols
    })
  })

/** Runs the contract against the exchange itself, if `EXCHANGE_CONTRACT` names it. */
export const elsewhere = () =>
  describe("elsewhere", () => {
    Contract.register(it, {
      name: "Acme Exchange live",
      layer: Layer.provide(Acme.layerMarketData({ environment: "live" }), NodeExchange.layer),
      features,
      clock: "live",
      on: "live",
      symbols
    })
  })
