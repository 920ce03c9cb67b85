import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase } from "@effect-exchange/testing"
import * as LossyHttp from "@effect-exchange/testing/LossyHttp"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Kraken } from "../src/index.js"

const credentials = Simulator.credentials("kraken")

const { features } = Kraken

/** The simulator's own record of what reached it; what is still on its way it does not know. */
const observer = Effect.gen(function*() {
  const simulators = yield* Simulator.Simulators
  const simulator = yield* Effect.orDie(simulators.get("kraken"))
  return {
    sent: Effect.map(simulator.requests, (requests) => requests.length),
    inFlight: Effect.succeed(0)
  } satisfies ContractCase.Observer
})

const lossy = LossyHttp.layer()

/** Judges the exchange by the simulator in this process, where time is a test's. */
export const inMemory = () =>
  describe("in memory", () => {
    const environment = Simulator.environment("kraken")
    const trading = Layer.provideMerge(
      Layer.provide(Kraken.layer({ environment, credentials }), OrderJournal.layerMemory),
      Layer.provideMerge(lossy, Simulator.layer("kraken"))
    )
    Contract.register(it, {
      name: "Kraken on the simulator",
      layer: trading,
      trading,
      faults: LossyHttp.LossyHttp,
      features,
      observer,
      clock: "test"
    })
  })

// One public request a second, in real time: few at once.
const unhurried = { clock: "live", concurrency: 5, limit: "2 minutes" } as const

/** Judges it by a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    const server = SimulatorServer.layer("kraken")
    const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("kraken"))
    const trading = Layer.unwrapEffect(
      Effect.map(
        environment,
        (environment) => Layer.provide(Kraken.layer({ environment, credentials }), OrderJournal.layerMemory)
      )
    ).pipe(
      Layer.provideMerge(Layer.provide(lossy, NodeExchange.layer)),
      Layer.provideMerge(server)
    )
    Contract.register(it, {
      ...unhurried,
      name: "Kraken on the simulator's server",
      layer: trading,
      trading,
      faults: LossyHttp.LossyHttp,
      features,
      observer
    })
  })

/** Judges it by the exchange itself, where `EXCHANGE_CONTRACT` asks for it. */
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
