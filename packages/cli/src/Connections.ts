/**
 * Clients of the exchanges that a command was told to talk to.
 *
 * @since 0.1.0
 */
import * as Credentials from "@effect-exchange/core/Credentials"
import type * as Environment from "@effect-exchange/core/Environment"
import * as Health from "@effect-exchange/core/Health"
import * as MarketData from "@effect-exchange/core/MarketData"
import * as Exchanges from "@effect-exchange/exchanges/Exchanges"
import * as Trip from "@effect-exchange/resilience/Trip"
import * as Simulator from "@effect-exchange/simulator/Simulator"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { UsageError } from "./Failure.js"
import { agree, faultsOf, type Settings } from "./Options.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  readonly exchange: Exchanges.ExchangeId
  readonly market: MarketData.MarketData.Service
  readonly health: Effect.Effect<Health.ExchangeHealth>
}

/**
 * A client for each exchange, until the scope closes: through a simulator of its own in memory, or through the
 * `HttpClient` in reach. An operation may take as long as `deadline` says, 20 seconds unless given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = Effect.fnUntraced(function*(
  settings: Settings,
  deadline: Duration.DurationInput = "20 seconds"
): Effect.fn.Return<ReadonlyArray<Connection>, UsageError, HttpClient.HttpClient | Scope.Scope> {
  yield* agree(settings)
  const simulated = settings.environment === "simulated"
    ? settings.exchange.filter((id) => !settings.baseUrl.has(id))
    : []
  const network = yield* HttpClient.HttpClient
  const memory = yield* Layer.build(Simulator.layer(simulated, {
    faults: faultsOf(settings.faults),
    seed: Option.getOrUndefined(Option.map(settings.seed, String))
  }))
  return yield* Effect.forEach(settings.exchange, (exchange) => {
    const client = simulated.includes(exchange) ? Context.get(memory, HttpClient.HttpClient) : network
    return Effect.map(
      Layer.build(
        Exchanges.layerMarketData(exchange, {
          ...patience,
          deadline,
          environment: environmentOf(exchange, settings)
        }).pipe(
          Layer.provideMerge(Health.layer),
          Layer.fresh,
          Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
        )
      ),
      (context): Connection => ({
        exchange,
        market: Context.get(context, MarketData.MarketData),
        health: Effect.flatMap(
          Context.get(context, Health.Health).report,
          ({ exchanges: [health] }) =>
            health === undefined ? Effect.dieMessage(`${exchange} does not report its health`) : Effect.succeed(health)
        )
      })
    )
  }).pipe(
    Effect.mapError((error) =>
      new UsageError({ detail: `The configuration is refused: ${Credentials.describe(error)}.` })
    )
  )
})

const environmentOf = (exchange: Exchanges.ExchangeId, settings: Settings): Environment.Environment => {
  const baseUrl = settings.baseUrl.get(exchange)
  if (baseUrl !== undefined) return { name: "custom", baseUrl }
  return settings.environment === "simulated" ? Simulator.environment(exchange) : settings.environment
}

// A person waits in front of it: try often and soon, but not for ever. So few calls are a small sample: on a bad day, when
// one in three fails, five failures in a row would open a circuit in one run out of twenty.
const patience = {
  attemptTimeout: "5 seconds",
  retry: { attempts: 8, base: "50 millis", max: "1 second" },
  breaker: { trip: Trip.any(Trip.consecutive(10), Trip.failureRate()) }
} as const
