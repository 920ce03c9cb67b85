import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase, LossyHttp } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Okx } from "../src/index.js"

const credentials = Simulator.credentials("okx", "trade")

const { features } = Okx

/** The simulator's own record of what reached it; what is still on its way it does not know. */
const observer = Effect.gen(function*() {
  const simulators = yield* Simulator.Simulators
  const simulator = yield* Effect.orDie(simulators.get("okx"))
  return {
    sent: Effect.map(simulator.requests, (requests) => requests.length),
    inFlight: Effect.succeed(0)
  } satisfies ContractCase.Observer
})

/** The markets it is judged by, a pair each time. */
export const symbols = [["BTC/USDT:USDT", "ETH/USDT:USDT"], ["BTC/USDT", "ETH/USDT"], [
  "BTC/USD:BTC",
  "BTC/USDT"
]] as const

/** Judges the exchange by the simulator in this process, where time is a test's. */
export const inMemory = (pairs: ReadonlyArray<(typeof symbols)[number]>) =>
  describe("in memory", () => {
    const environment = Simulator.environment("okx")
    const trading = Layer.provideMerge(
      Layer.provide(Okx.layer({ environment, credentials }), OrderJournal.layerMemory),
      Layer.provideMerge(LossyHttp.layer(), Simulator.layer("okx"))
    )
    for (const pair of pairs) {
      Contract.register(it, {
        name: `OKX on the simulator, ${pair[0]}`,
        layer: trading,
        trading,
        faults: LossyHttp.LossyHttp,
        features,
        observer,
        clock: "test",
        symbols: pair
      })
    }
  })

/** Judges it by a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("okx"))
    const trading = Layer.unwrapEffect(
      Effect.map(
        environment,
        (environment) => Layer.provide(Okx.layer({ environment, credentials }), OrderJournal.layerMemory)
      )
    ).pipe(
      Layer.provideMerge(Layer.provide(LossyHttp.layer(), NodeExchange.layer)),
      Layer.provideMerge(SimulatorServer.layer("okx"))
    )
    Contract.register(it, {
      name: "OKX on the simulator's server",
      layer: trading,
      trading,
      faults: LossyHttp.LossyHttp,
      features,
      observer,
      clock: "live",
      limit: "40 seconds"
    })
  })

/** Judges it by the exchange itself, where `EXCHANGE_CONTRACT` asks for it. */
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
