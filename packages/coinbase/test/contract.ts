import { OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { Contract, type ContractCase, LossyHttp } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Coinbase } from "../src/index.js"

const credentials = Simulator.credentials("coinbase")

/** Observes requests in the simulator's own record. Requests that are still in transit are not in it. */
const observer: Effect.Effect<ContractCase.Observer, never, Simulator.Simulators | LossyHttp.LossyHttp> = Effect.gen(
  function*() {
    const simulators = yield* Simulator.Simulators
    const simulator = yield* Effect.orDie(simulators.get("coinbase"))
    return {
      sent: Effect.map(simulator.requests, (requests) => requests.length),
      inFlight: Effect.succeed(0)
    }
  }
)

/** Runs the contract against the simulator in this process, under `TestClock`. */
export const inMemory = () =>
  describe("in memory", () => {
    const environment = Simulator.environment("coinbase")
    const wire = Layer.provideMerge(LossyHttp.layer(), Simulator.layer("coinbase"))
    Contract.register(it, {
      name: "Coinbase on the simulator",
      layer: Layer.provideMerge(Coinbase.layerMarketData({ environment }), wire),
      account: Layer.provide(Coinbase.layerAccount({ environment, credentials }), wire),
      trading: Layer.provideMerge(
        Layer.provide(Coinbase.layer({ environment, credentials }), OrderJournal.layerMemory),
        wire
      ),
      features: Coinbase.features,
      observer,
      faults: LossyHttp.LossyHttp,
      clock: "test",
      // An order is proven not to have been placed after three minutes.
      limit: "10 minutes"
    })
  })

/** Runs the contract against a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    const wire = LossyHttp.layer().pipe(
      Layer.provide(NodeExchange.layer),
      Layer.provideMerge(SimulatorServer.layer("coinbase"))
    )
    const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("coinbase"))
    Contract.register(it, {
      name: "Coinbase on the simulator's server",
      layer: Layer.provideMerge(
        Layer.unwrapEffect(Effect.map(environment, (environment) => Coinbase.layerMarketData({ environment }))),
        wire
      ),
      account: Layer.provide(
        Layer.unwrapEffect(
          Effect.map(environment, (environment) => Coinbase.layerAccount({ environment, credentials }))
        ),
        wire
      ),
      trading: Layer.provideMerge(
        Layer.unwrapEffect(
          Effect.map(
            environment,
            (environment) => Layer.provide(Coinbase.layer({ environment, credentials }), OrderJournal.layerMemory)
          )
        ),
        wire
      ),
      features: Coinbase.features,
      observer,
      faults: LossyHttp.LossyHttp,
      clock: "live",
      skip: { "ER-02": "it takes three minutes to prove that an order was not placed" },
      // The limit of an address is ten requests a second, and a ticker takes two.
      concurrency: 20,
      limit: "30 seconds"
    })
  })

/** Runs the contract against the exchange itself, if `EXCHANGE_CONTRACT` names it. */
export const elsewhere = () =>
  describe("elsewhere", () => {
    Contract.register(it, {
      name: "Coinbase live",
      layer: Layer.provide(Coinbase.layerMarketData(), NodeExchange.layer),
      clock: "live",
      on: "live",
      concurrency: 20,
      symbols: ["BTC/USD", "ETH/USD", "ETH/BTC"]
    })
  })
