import { NodeExchange } from "@effect-exchange/core/node"
import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { Acme } from "../src/index.js"

const { features } = Acme

const symbols = ["BTC/USDT", "ETH/USDT"] as const

const judged = simulated("acme", Acme.layer)

/** Judges the exchange by the simulator in this process, where time is a test's. */
export const inMemory = () =>
  describe("in memory", () => {
    Contract.register(it, { ...judged.inMemory, name: "Acme Exchange on the simulator", features, symbols })
  })

/** Judges it by a server of the simulator, in real time. */
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

/** Judges it by the exchange itself, where `EXCHANGE_CONTRACT` asks for it. */
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
