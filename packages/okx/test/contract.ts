import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { Okx } from "../src/index.js"

const { features } = Okx

const simulatedOkx = simulated("okx", Okx.layer)

/** The pairs of markets that the contract uses. */
export const symbols = [["BTC/USDT:USDT", "ETH/USDT:USDT"], ["BTC/USDT", "ETH/USDT"], [
  "BTC/USD:BTC",
  "BTC/USDT"
]] as const

/** Runs the contract against the simulator in this process, under `TestClock`. */
export const inMemory = (pairs: ReadonlyArray<(typeof symbols)[number]>) =>
  describe("in memory", () => {
    for (const pair of pairs) {
      Contract.register(it, {
        ...simulatedOkx.inMemory,
        name: `OKX on the simulator, ${pair[0]}`,
        features,
        symbols: pair
      })
    }
  })

/** Runs the contract against a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    Contract.register(it, {
      ...simulatedOkx.overSockets,
      name: "OKX on the simulator's server",
      features,
      limit: "40 seconds"
    })
  })

/** Runs the contract against the exchange itself, if `EXCHANGE_CONTRACT` names it. */
export const elsewhere = () =>
  describe("elsewhere", () => {
    const symbols = ["BTC/USDT", "ETH/USDT", "BTC/USDT:USDT"] as const
    Contract.register(it, {
      name: "OKX live",
      layer: Layer.provide(Okx.layerMarketData({ environment: "live" }), NodeExchange.layer),
      features,
      clock: "live",
      on: "live",
      symbols
    })
    Contract.register(it, {
      name: "OKX demo trading",
      layer: Layer.provide(Okx.layerMarketData({ environment: "testnet" }), NodeExchange.layer),
      trading: Layer.provide(
        Layer.provide(Okx.layer({ environment: "testnet" }), OrderJournal.layerMemory),
        NodeExchange.layer
      ),
      features,
      clock: "live",
      on: "testnet",
      symbols
    })
  })
