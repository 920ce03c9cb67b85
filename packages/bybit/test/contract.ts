import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase, LossyHttp } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Bybit } from "../src/index.js"

const credentials = Simulator.credentials("bybit", "trade")

const features = Bybit.features

const skip = { "MD-02": "spot and linear contracts have names in common, so an id stands for one market of its kind" }

/** The simulator's own record of what reached it; what is still on its way it does not know. */
const observer = Effect.gen(function*() {
  const simulators = yield* Simulator.Simulators
  const simulator = yield* Effect.orDie(simulators.get("bybit"))
  return {
    sent: Effect.map(simulator.requests, (requests) => requests.length),
    inFlight: Effect.succeed(0)
  } satisfies ContractCase.Observer
})

/** The markets it is judged by, a pair each time. */
export const symbols = [["BTC/USDT", "ETH/USDT"], ["BTC/USDT:USDT", "ETH/USDT:USDT"], [
  "BTC/USD:BTC",
  "BTC/USDT"
]] as const

/** Judges the exchange by the simulator in this process, where time is a test's. */
export const inMemory = (pairs: ReadonlyArray<(typeof symbols)[number]>) =>
  describe("in memory", () => {
    const environment = Simulator.environment("bybit")
    const simulator = Simulator.layer("bybit")
    const trading = Layer.provideMerge(
      Layer.provide(Bybit.layer({ environment, credentials }), OrderJournal.layerMemory),
      Layer.provideMerge(LossyHttp.layer(), simulator)
    )
    for (const pair of pairs) {
      Contract.register(it, {
        name: `Bybit on the simulator, ${pair[0]}`,
        layer: trading,
        trading,
        faults: LossyHttp.LossyHttp,
        features,
        observer,
        clock: "test",
        symbols: pair,
        skip
      })
    }
  })

/** Judges it by a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    const server = SimulatorServer.layer("bybit")
    const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("bybit"))
    const trading = Layer.unwrapEffect(
      Effect.map(
        environment,
        (environment) => Layer.provide(Bybit.layer({ environment, credentials }), OrderJournal.layerMemory)
      )
    ).pipe(
      Layer.provideMerge(Layer.provide(LossyHttp.layer(), NodeExchange.layer)),
      Layer.provideMerge(server)
    )
    Contract.register(it, {
      name: "Bybit on the simulator's server",
      layer: trading,
      trading,
      faults: LossyHttp.LossyHttp,
      features,
      observer,
      clock: "live",
      limit: "1 minute",
      skip
    })
  })

/** Judges it by the exchange itself, where `EXCHANGE_CONTRACT` asks for it. */
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
