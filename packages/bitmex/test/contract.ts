import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase, LossyHttp } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { BitMex } from "../src/index.js"

const credentials = Simulator.credentials("bitmex")

/** The simulator's own record of what reached it; what is still on its way it does not know. */
const observer = Effect.gen(function*() {
  const simulators = yield* Simulator.Simulators
  const simulator = yield* Effect.orDie(simulators.get("bitmex"))
  return {
    sent: Effect.map(simulator.requests, (requests) => requests.length),
    inFlight: Effect.succeed(0),
    limited: Effect.map(simulator.requests, (requests) => requests.filter(({ status }) => status === 429).length)
  } satisfies ContractCase.Observer
})

// Thirty requests a minute are all that it grants an address.
const common = { features: BitMex.features, observer, concurrency: 10, faults: LossyHttp.LossyHttp }

/** Judges the exchange by the simulator in this process, where time is a test's. */
export const inMemory = () =>
  describe("in memory", () => {
    const environment = Simulator.environment("bitmex")
    const trading = Layer.provideMerge(
      Layer.provide(BitMex.layer({ environment, credentials }), OrderJournal.layerMemory),
      Layer.provideMerge(LossyHttp.layer(), Simulator.layer("bitmex"))
    )
    Contract.register(it, { ...common, name: "BitMEX on the simulator", layer: trading, trading, clock: "test" })
  })

/** Judges it by a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("bitmex"))
    const trading = Layer.unwrapEffect(
      Effect.map(
        environment,
        (environment) => Layer.provide(BitMex.layer({ environment, credentials }), OrderJournal.layerMemory)
      )
    ).pipe(
      Layer.provideMerge(Layer.provide(LossyHttp.layer(), NodeExchange.layer)),
      Layer.provideMerge(SimulatorServer.layer("bitmex"))
    )
    Contract.register(it, {
      ...common,
      name: "BitMEX on the simulator's server",
      layer: trading,
      trading,
      clock: "live",
      limit: "60 seconds"
    })
  })
