/**
 * Clients of the exchanges that a command talks to.
 *
 * @since 0.1.0
 */
import {
  Credentials,
  type Environment,
  type ExchangeError,
  type ExchangeSymbol,
  Health,
  MarketData
} from "@effect-exchange/core"
import * as Trip from "@effect-exchange/resilience/Trip"
import * as Simulator from "@effect-exchange/simulator/Simulator"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Socket from "@effect/platform/Socket"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { UsageError } from "./Failure.js"
import { agree, faultsOf, type Settings } from "./Options.js"
import * as Registry from "./Registry.js"
import type { Screen } from "./Screen.js"
import * as Verbose from "./Verbose.js"

/**
 * A client of one exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  readonly exchange: string
  readonly market: MarketData.MarketData.Service
  readonly health: Effect.Effect<Health.ExchangeHealth>
}

/**
 * The services needed to reach real exchanges and base URLs.
 *
 * @since 0.1.0
 * @category models
 */
export type Network = HttpClient.HttpClient | Socket.WebSocketConstructor

/**
 * The environment of an exchange, and the network to reach it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Route {
  readonly environment: Environment.Environment
  readonly network: Layer.Layer<Network>
}

/**
 * Returns a function from an exchange to its route, which is valid until the scope closes. The route leads to a
 * simulator in memory or through the network of the environment.
 *
 * @since 0.1.0
 * @category constructors
 */
export const routes = Effect.fnUntraced(function*(
  settings: Settings
): Effect.fn.Return<(exchange: string) => Route, UsageError, Network | Scope.Scope | Screen> {
  yield* agree(settings)
  const { dialect } = yield* Registry.registry
  const watched = yield* Verbose.watching<Network>(settings)
  const network = watched(yield* Effect.context<Network>())
  const memory = watched(
    yield* Layer.build(Simulator.layer(settings.exchange.filter((id) => isInMemory(id, settings)).map(dialect), {
      faults: faultsOf(settings.faults),
      seed: Option.getOrUndefined(Option.map(settings.seed, String))
    }))
  )
  return (exchange) => ({
    environment: environmentOf(exchange, settings),
    network: Layer.succeedContext(isInMemory(exchange, settings) ? memory : network)
  })
})

/**
 * Creates a client for each exchange, which is valid until the scope closes. `deadline` limits each operation. Defaults
 * to 20 seconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = Effect.fnUntraced(function*(
  settings: Settings,
  deadline: Duration.DurationInput = "20 seconds"
): Effect.fn.Return<ReadonlyArray<Connection>, UsageError, Network | Scope.Scope | Screen> {
  return yield* connect(settings.exchange, yield* routes(settings), deadline)
})

/**
 * Like {@link open}, on existing routes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const connect = (
  exchanges: ReadonlyArray<string>,
  routeTo: (exchange: string) => Route,
  deadline: Duration.DurationInput = "20 seconds"
): Effect.Effect<ReadonlyArray<Connection>, UsageError, Scope.Scope> =>
  Effect.flatMap(Registry.registry, ({ layerMarketData }) =>
    Effect.forEach(exchanges, (exchange) => {
      const { environment, network } = routeTo(exchange)
      return Effect.map(
        Layer.build(
          layerMarketData(exchange, { ...patience, deadline, environment }).pipe(
            Layer.provideMerge(Health.layer),
            Layer.fresh,
            Layer.provide(network)
          )
        ),
        (context): Connection => ({
          exchange,
          market: Context.get(context, MarketData.MarketData),
          health: Effect.flatMap(
            Context.get(context, Health.Health).report,
            ({ exchanges: [health] }) =>
              health === undefined
                ? Effect.dieMessage(`${exchange} does not report its health`)
                : Effect.succeed(health)
          )
        })
      )
    })).pipe(Effect.mapError(refused))

/**
 * Returns the requested symbols, or else the open markets of the exchange among a few well-known symbols.
 *
 * @since 0.1.0
 * @category getters
 */
export const symbolsOf = (
  given: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>,
  market: MarketData.MarketData.Service
): Effect.Effect<ReadonlyArray<ExchangeSymbol.ExchangeSymbol>, ExchangeError.MarketDataError> =>
  given.length > 0
    ? Effect.succeed(given)
    : Effect.map(market.markets, (markets) =>
      markets.filter(({ status, symbol }) =>
        status === "open" && wellKnown.has(symbol)
      ).map(({ symbol }) => symbol))

const wellKnown: ReadonlySet<string> = new Set(["BTC/USDT", "ETH/USDT", "ETH/BTC"])

/**
 * Converts an error of the configuration to a usage error. The message shows names, never values.
 *
 * @since 0.1.0
 * @category errors
 */
export const refused = (error: ConfigError.ConfigError): UsageError =>
  new UsageError({ detail: `The configuration is invalid: ${Credentials.describe(error)}.` })

/**
 * Returns `true` if the command simulates the exchange in memory.
 *
 * @since 0.1.0
 * @category getters
 */
export const isInMemory = (
  exchange: string,
  { baseUrl, environment }: Pick<Settings, "baseUrl" | "environment">
): boolean => environment === "simulated" && !baseUrl.has(exchange)

/**
 * Returns the environment of an exchange.
 *
 * @since 0.1.0
 * @category getters
 */
export const environmentOf = (
  exchange: string,
  settings: Pick<Settings, "baseUrl" | "environment">
): Environment.Environment => {
  const baseUrl = settings.baseUrl.get(exchange)
  if (baseUrl !== undefined) return { name: "custom", baseUrl }
  return settings.environment === "simulated" ? Simulator.environment({ id: exchange }) : settings.environment
}

/**
 * The timeout, the retries and the circuit breaker of commands that a person waits for.
 *
 * @since 0.1.0
 * @category options
 */
// Retries are many and fast, but limited. The few calls of a command are a small sample: with a failure rate of one in
// three, the default of five consecutive failures would open a circuit in one run out of twenty.
export const patience = {
  attemptTimeout: "5 seconds",
  retry: { attempts: 8, base: "50 millis", max: "1 second" },
  breaker: { trip: Trip.any(Trip.consecutive(10), Trip.failureRate()) }
} as const
