import { type Credentials, type Environment, OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { type ContractCase, LossyHttp } from "@effect-exchange/testing"
import type { HttpClient } from "@effect/platform"
import { Effect, Layer } from "effect"

/** The simulator's own record of what reached it; what is still on its way it does not know. */
const observer = (id: Simulator.ExchangeId) =>
  Effect.gen(function*() {
    const simulators = yield* Simulator.Simulators
    const { requests } = yield* Effect.orDie(simulators.get(id))
    return {
      sent: Effect.map(requests, ({ length }) => length),
      inFlight: Effect.succeed(0),
      limited: Effect.map(requests, (all) => all.filter(({ status }) => status === 429).length)
    } satisfies ContractCase.Observer
  })

/** The same without what was refused: on a busy machine, requests that left apart may arrive together. */
const patient = (id: Simulator.ExchangeId) =>
  Effect.map(observer(id), ({ inFlight, sent }): ContractCase.Observer => ({ inFlight, sent }))

/**
 * What the contract is told of an exchange on the simulator: in this process, where time is a test's, and over sockets, in
 * real time.
 */
export const simulated = <A, E>(
  id: Simulator.ExchangeId,
  layer: (options: {
    readonly environment: Environment.Custom
    readonly credentials: Credentials.Credentials
  }) => Layer.Layer<A, E, HttpClient.HttpClient | OrderJournal.OrderJournal>
) => {
  const at = (environment: Environment.Custom) =>
    Layer.provide(layer({ environment, credentials: Simulator.credentials(id, "trade") }), OrderJournal.layerMemory)
  const inMemory = Layer.provideMerge(
    at(Simulator.environment(id)),
    Layer.provideMerge(LossyHttp.layer(), Simulator.layer(id))
  )
  const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment(id))
  const overSockets = Layer.unwrapEffect(Effect.map(environment, at)).pipe(
    Layer.provideMerge(Layer.provide(LossyHttp.layer(), NodeExchange.layer)),
    Layer.provideMerge(SimulatorServer.layer(id))
  )
  const faults = LossyHttp.LossyHttp
  return {
    inMemory: { layer: inMemory, trading: inMemory, faults, observer: observer(id), clock: "test" },
    overSockets: { layer: overSockets, trading: overSockets, faults, observer: patient(id), clock: "live" }
  } as const
}
