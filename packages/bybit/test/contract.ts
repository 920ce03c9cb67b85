import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { Bybit } from "../src/index.js"

const features = Bybit.features

const skip = { "MD-02": "spot and linear contracts have names in common, so an id stands for one market of its kind" }

const simulatedBybit = simulated("bybit", Bybit.layer)

/** The pairs of markets that the contract uses. */
export const symbols = [["BTC/USDT", "ETH/USDT"], ["BTC/USDT:USDT", "ETH/USDT:USDT"], [
  "BTC/USD:BTC",
  "BTC/USDT"
]] as const

/** Runs the contract against the simulator in this process, under `TestClock`. */
export const inMemory = (pairs: ReadonlyArray<(typeof symbols)[number]>) =>
  describe("in memory", () => {
    for (const pair of pairs) {
      Contract.register(it, {
        ...simulatedBybit.inMemory,
        name: `Bybit on the simulator, ${pair[0]}`,
        features,
        symbols: pair,
        skip
      })
    }
  })

/** Runs the contract against a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    Contract.register(it, {
      ...simulatedBybit.overSockets,
      name: "Bybit on the simulator's server",
      features,
      limit: "1 minute",
      skip
    })
  })

/** Runs the contract against the exchange itself, if `EXCHANGE_CONTRACT` names it. */
export const elsewhere = () =>
  describe("elsewhere", () => {
    const symbols = ["BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"] as const
    Contract.register(it, {
      name: "Bybit live",
      layer: Layer.provide(Bybit.layerMarketData({ environment: "live" }), NodeExchange.layer),
      features,
      clock: "live",
      on: "live",
      symbols,
      skip
    })
    const testnet = Layer.provide(
      Layer.provide(Bybit.layer({ environment: "testnet" }), OrderJournal.layerMemory),
      NodeExchange.layer
    )
    Contract.register(it, {
      name: "Bybit testnet",
      layer: Layer.provide(Bybit.layerMarketData({ environment: "testnet" }), NodeExchange.layer),
      account: testnet,
      trading: testnet,
      features,
      clock: "live",
      on: "testnet",
      symbols,
      skip
    })
  })
