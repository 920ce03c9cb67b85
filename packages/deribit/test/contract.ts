import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { Deribit } from "../src/index.js"

const { features } = Deribit

const simulatedDeribit = simulated("deribit", Deribit.layer)

/** The pairs of markets that the contract uses. */
export const symbols = [["BTC/USDT", "ETH/USDT"], ["BTC/USDT:USDT", "BTC/USDT"], [
  "BTC/USD:BTC",
  "BTC/USD:BTC-300628"
]] as const

/** Runs the contract against the simulator in this process, under `TestClock`. */
export const inMemory = (pairs: ReadonlyArray<(typeof symbols)[number]>) =>
  describe("in memory", () => {
    for (const pair of pairs) {
      Contract.register(it, {
        ...simulatedDeribit.inMemory,
        name: `Deribit on the simulator, ${pair[0]}`,
        features,
        symbols: pair
      })
    }
  })

/** Runs the contract against a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    Contract.register(it, {
      ...simulatedDeribit.overSockets,
      name: "Deribit on the simulator's server",
      features,
      limit: "40 seconds",
      symbols: ["BTC/USDT", "ETH/USDT", "BTC/USDT:USDT"]
    })
  })

/** Runs the contract against the exchange itself, if `EXCHANGE_CONTRACT` names it. */
export const elsewhere = () =>
  describe("elsewhere", () => {
    const symbols = ["BTC/USDT", "ETH/USDT", "BTC/USDT:USDT"] as const
    Contract.register(it, {
      name: "Deribit live",
      layer: Layer.provide(Deribit.layerMarketData({ environment: "live" }), NodeExchange.layer),
      features,
      clock: "live",
      on: "live",
      symbols
    })
    Contract.register(it, {
      name: "Deribit testnet",
      layer: Layer.provide(Deribit.layerMarketData({ environment: "testnet" }), NodeExchange.layer),
      trading: Layer.provide(
        Layer.provide(Deribit.layer({ environment: "testnet" }), OrderJournal.layerMemory),
        NodeExchange.layer
      ),
      features,
      clock: "live",
      on: "testnet",
      symbols
    })
  })
