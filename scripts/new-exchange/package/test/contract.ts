import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase, LossyHttp } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Acme } from "../src/index.js"

const credentials = Simulator.credentials("acme", "trade")

const { features } = Acme

/** The simulator's own record of what reached it; what is still on its way it does not know. */
const observer = Effect.gen(function*() {
  const simulators = yield* Simulator.Simulators
  const simulator = yield* Effect.orDie(simulators.get("acme"))
  return {
    sent: Effect.map(simulator.requests, (requests) => requests.length),
    inFlight: Effect.succeed(0)
  } satisfies ContractCase.Observer
})

const symbols = ["BTC/USDT", "ETH/USDT"] as const

/** Judges the exchange by the simulator in this process, where time is a test's. */
export const inMemory = () =>
  describe("in memory", () => {
    const environment = Simulator.environment("acme")
    const trading = Layer.provideMerge(
      Layer.provide(Acme.layer({ environment, credentials }), OrderJournal.layerMemory),
      Layer.provideMerge(LossyHttp.layer(), Simulator.layer("acme"))
    )
    Contract.register(it, {
      name: "Acme Exchange on the simulator",
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
    const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("acme"))
    const trading = Layer.unwrapEffect(
      Effect.map(
        environment,
        (environment) => Layer.provide(Acme.layer({ environment, credentials }), OrderJournal.layerMemory)
      )
    ).pipe(
      Layer.provideMerge(Layer.provide(LossyHttp.layer(), NodeExchange.layer)),
      Layer.provideMerge(SimulatorServer.layer("acme"))
    )
    Contract.register(it, {
      name: "Acme Exchange on the simulator's server",
      layer: trading,
      trading,
      faults: LossyHttp.LossyHttp,
      features,
      observer,
      clock: "live",
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
