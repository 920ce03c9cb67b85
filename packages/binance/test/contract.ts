import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { Binance } from "../src/index.js"

const { features } = Binance

// Orders are placed on the first two. On ETH/BTC, fills can have nine decimals of Bitcoin, but balances have eight.
const symbols = ["BTC/USDT", "ETH/USDT", "ETH/BTC"] as const

const simulatedBinance = simulated("binance", Binance.layer)

/** Runs the contract against the simulator in this process, under `TestClock`. */
export const inMemory = () =>
  describe("in memory", () => {
    Contract.register(it, { ...simulatedBinance.inMemory, name: "Binance on the simulator", features, symbols })
  })

/** Runs the contract against a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    Contract.register(it, {
      ...simulatedBinance.overSockets,
      name: "Binance on the simulator's server",
      features,
      limit: "1 minute",
      symbols
    })
  })

/** Runs the contract against the exchange itself, if `EXCHANGE_CONTRACT` names it. */
export const elsewhere = () =>
  describe("elsewhere", () => {
    Contract.register(it, {
      name: "Binance live",
      layer: Layer.provide(Binance.layerMarketData({ environment: "live" }), NodeExchange.layer),
      features,
      clock: "live",
      on: "live",
      symbols
    })
    const testnet = Layer.provide(
      Layer.provide(Binance.layer({ environment: "testnet" }), OrderJournal.layerMemory),
      NodeExchange.layer
    )
    Contract.register(it, {
      name: "Binance testnet",
      layer: Layer.provide(Binance.layerMarketData({ environment: "testnet" }), NodeExchange.layer),
      account: testnet,
      trading: testnet,
      features,
      clock: "live",
      on: "testnet",
      symbols
    })
  })
