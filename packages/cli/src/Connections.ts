/**
 * Clients of the exchanges that a command was told to talk to.
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
import * as Exchanges from "@effect-exchange/exchanges/Exchanges"
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
import type { Screen } from "./Screen.js"
import * as Verbose from "./Verbose.js"

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
 * How real exchanges and base URLs are reached.
 *
 * @since 0.1.0
 * @category models
 */
export type Network = HttpClient.HttpClient | Socket.WebSocketConstructor

/**
 * The way to an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Route {
  readonly environment: Environment.Environment
  readonly network: Layer.Layer<Network>
}

/**
 * The way to each exchange, until the scope closes: to a simulator of its own in memory, or through the network in
 * reach.
 *
 * @since 0.1.0
 * @category constructors
 */
export const routes = Effect.fnUntraced(function*(
  settings: Settings
): Effect.fn.Return<(exchange: Exchanges.ExchangeId) => Route, UsageError, Network | Scope.Scope | Screen> {
  yield* agree(settings)
  const watched = yield* Verbose.watching<Network>(settings)
  const network = watched(yield* Effect.context<Network>())
  const memory = watched(
    yield* Layer.build(Simulator.layer(settings.exchange.filter((id) => isInMemory(id, settings)), {
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
 * A client for each exchange, until the scope closes. An operation may take as long as `deadline` says, 20 seconds
 * unless given.
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
 * The same on ways that are open already.
 *
 * @since 0.1.0
 * @category constructors
 */
export const connect = (
  exchanges: ReadonlyArray<Exchanges.ExchangeId>,
  routeTo: (exchange: Exchanges.ExchangeId) => Route,
  deadline: Duration.DurationInput = "20 seconds"
): Effect.Effect<ReadonlyArray<Connection>, UsageError, Scope.Scope> =>
  Effect.forEach(exchanges, (exchange) => {
    const { environment, network } = routeTo(exchange)
    return Effect.map(
      Layer.build(
        Exchanges.layerMarketData(exchange, { ...patience, deadline, environment }).pipe(
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
            health === undefined ? Effect.dieMessage(`${exchange} does not report its health`) : Effect.succeed(health)
        )
      })
    )
  }).pipe(Effect.mapError(refused))

/**
 * The symbols asked for, or else those that most exchanges list, as far as this one does.
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
 * What is wrong with the configuration, by the names in it.
 *
 * @since 0.1.0
 * @category errors
 */
export const refused = (error: ConfigError.ConfigError): UsageError =>
  new UsageError({ detail: `The configuration is refused: ${Credentials.describe(error)}.` })

/**
 * Whether an exchange is simulated by the command itself.
 *
 * @since 0.1.0
 * @category getters
 */
export const isInMemory = (
  exchange: Exchanges.ExchangeId,
  { baseUrl, environment }: Pick<Settings, "baseUrl" | "environment">
): boolean => environment === "simulated" && !baseUrl.has(exchange)

/**
 * Where an exchange is.
 *
 * @since 0.1.0
 * @category getters
 */
export const environmentOf = (
  exchange: Exchanges.ExchangeId,
  settings: Pick<Settings, "baseUrl" | "environment">
): Environment.Environment => {
  const baseUrl = settings.baseUrl.get(exchange)
  if (baseUrl !== undefined) return { name: "custom", baseUrl }
  return settings.environment === "simulated" ? Simulator.environment(exchange) : settings.environment
}

/**
 * How long and how often to try, while a person waits.
 *
 * @since 0.1.0
 * @category options
 */
// Often and soon, but not for ever. So few calls are a small sample: on a bad day, when one in three fails, five failures
// in a row would open a circuit in one run out of twenty.
export const patience = {
  attemptTimeout: "5 seconds",
  retry: { attempts: 8, base: "50 millis", max: "1 second" },
  breaker: { trip: Trip.any(Trip.consecutive(10), Trip.failureRate()) }
} as const
