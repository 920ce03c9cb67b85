import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase } from "@effect-exchange/testing"
import * as LossyHttp from "@effect-exchange/testing/LossyHttp"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Binance } from "../src/index.js"

const credentials = Simulator.credentials("binance")

const { features } = Binance

// Orders are placed in the first two. In ETH/BTC a fill can be worth nine decimals of Bitcoin, and a balance shows eight.
const symbols = ["BTC/USDT", "ETH/USDT", "ETH/BTC"] as const

/** The simulator's own record of what reached it; what is still on its way it does not know. */
const observer = Effect.gen(function*() {
  const simulators = yield* Simulator.Simulators
  const simulator = yield* Effect.orDie(simulators.get("binance"))
  return {
    sent: Effect.map(simulator.requests, (requests) => requests.length),
    inFlight: Effect.succeed(0)
  } satisfies ContractCase.Observer
})

/** Judges the exchange by the simulator in this process, where time is a test's. */
export const inMemory = () =>
  describe("in memory", () => {
    const trading = Layer.provideMerge(
      Layer.provide(
        Binance.layer({ environment: Simulator.environment("binance"), credentials }),
        OrderJournal.layerMemory
      ),
      Layer.provideMerge(LossyHttp.layer(), Simulator.layer("binance"))
    )
    Contract.register(it, {
      name: "Binance on the simulator",
      layer: trading,
      trading,
      faults: LossyHttp.LossyHttp,
      features,
      observer,
      clock: "test",
      symbols
    })
  })

/** Judges it by a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("binance"))
    const trading = Layer.unwrapEffect(
      Effect.map(
        environment,
        (environment) => Layer.provide(Binance.layer({ environment, credentials }), OrderJournal.layerMemory)
      )
    ).pipe(
      Layer.provideMerge(Layer.provide(LossyHttp.layer(), NodeExchange.layer)),
      Layer.provideMerge(SimulatorServer.layer("binance"))
    )
    Contract.register(it, {
      name: "Binance on the simulator's server",
      layer: trading,
      trading,
      faults: LossyHttp.LossyHttp,
      features,
      observer,
      clock: "live",
      limit: "1 minute",
      symbols
    })
  })

/** Judges it by the exchange itself, where `EXCHANGE_CONTRACT` asks for it. */
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
