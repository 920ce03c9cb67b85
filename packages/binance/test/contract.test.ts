import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Binance } from "../src/index.js"

const credentials = Simulator.credentials("binance")

/** The simulator's own record of what reached it; what is still on its way it does not know. */
const observer = Effect.gen(function*() {
  const simulators = yield* Simulator.Simulators
  const simulator = yield* Effect.orDie(simulators.get("binance"))
  return {
    sent: Effect.map(simulator.requests, (requests) => requests.length),
    inFlight: Effect.succeed(0)
  } satisfies ContractCase.Observer
})

describe("in memory", () => {
  const environment = Simulator.environment("binance")
  const simulator = Simulator.layer("binance")
  Contract.register(it, {
    name: "Binance on the simulator",
    layer: Layer.provideMerge(Binance.layerMarketData({ environment }), simulator),
    account: Layer.provide(Binance.layerAccount({ environment, credentials }), simulator),
    observer,
    clock: "test"
  })
})

describe("over sockets", () => {
  const server = SimulatorServer.layer("binance")
  const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("binance"))
  Contract.register(it, {
    name: "Binance on the simulator's server",
    layer: Layer.unwrapEffect(Effect.map(environment, (environment) => Binance.layerMarketData({ environment }))).pipe(
      Layer.provide(NodeExchange.layer),
      Layer.provideMerge(server)
    ),
    account: Layer.unwrapEffect(
      Effect.map(environment, (environment) => Binance.layerAccount({ environment, credentials }))
    ).pipe(Layer.provide(NodeExchange.layer), Layer.provide(server)),
    observer,
    clock: "live",
    limit: "20 seconds"
  })
})

describe("elsewhere", () => {
  for (const environment of ["testnet", "live"] as const) {
    Contract.register(it, {
      name: `Binance ${environment}`,
      layer: Layer.provide(Binance.layerMarketData({ environment }), NodeExchange.layer),
      clock: "live",
      on: environment,
      symbols: ["BTC/USDT", "ETH/USDT", "ETH/BTC"]
    })
  }
})
