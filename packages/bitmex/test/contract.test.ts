import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase } from "@effect-exchange/testing"
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
    inFlight: Effect.succeed(0)
  } satisfies ContractCase.Observer
})

describe("in memory", () => {
  const environment = Simulator.environment("bitmex")
  const simulator = Simulator.layer("bitmex")
  Contract.register(it, {
    name: "BitMEX on the simulator",
    layer: Layer.provideMerge(BitMex.layerMarketData({ environment }), simulator),
    account: Layer.provide(BitMex.layerAccount({ environment, credentials }), simulator),
    observer,
    clock: "test",
    // Thirty requests a minute are all that it grants an address.
    concurrency: 10
  })
})

describe("over sockets", () => {
  const server = SimulatorServer.layer("bitmex")
  const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("bitmex"))
  Contract.register(it, {
    name: "BitMEX on the simulator's server",
    layer: Layer.unwrapEffect(Effect.map(environment, (environment) => BitMex.layerMarketData({ environment }))).pipe(
      Layer.provide(NodeExchange.layer),
      Layer.provideMerge(server)
    ),
    account: Layer.unwrapEffect(
      Effect.map(environment, (environment) => BitMex.layerAccount({ environment, credentials }))
    ).pipe(Layer.provide(NodeExchange.layer), Layer.provide(server)),
    observer,
    clock: "live",
    limit: "20 seconds",
    concurrency: 10
  })
})
