import { type Credentials, type Environment, OrderJournal } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { type ContractCase, LossyHttp } from "@effect-exchange/testing"
import type { HttpClient } from "@effect/platform"
import { Effect, Layer } from "effect"

/** Observes requests in the simulator's own record. Requests that are still in transit are not in it. */
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

/**
 * Observes requests, but not how many exceeded a limit: on a busy machine, requests that were sent at intervals may
 * arrive together.
 */
const patient = (id: Simulator.ExchangeId) =>
  Effect.map(observer(id), ({ inFlight, sent }): ContractCase.Observer => ({ inFlight, sent }))

/**
 * Returns the implementations of an exchange on the simulator that the contract tests: in memory, with the test clock,
 * and over sockets, in real time.
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
