/**
 * Read-only accounts on the exchanges that a command talks to.
 *
 * @since 0.1.0
 */
import { Account, Credentials, type Environment, MarketData } from "@effect-exchange/core"
import * as Simulator from "@effect-exchange/simulator/Simulator"
import * as Arr from "effect/Array"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Answers from "./Answers.js"
import * as Configuration from "./Configuration.js"
import * as Connections from "./Connections.js"
import { UsageError } from "./Failure.js"
import type { Settings } from "./Options.js"
import * as Registry from "./Registry.js"
import type { Screen } from "./Screen.js"

/**
 * The read-only services of one account.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  readonly exchange: string
  readonly account: Account.Account.Service
  readonly market: MarketData.MarketData.Service
}

/**
 * The accounts with a configured key, and the exchanges without one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opened {
  readonly connections: ReadonlyArray<Connection>
  readonly without: ReadonlyArray<Answers.Failed>
}

/**
 * Creates the account of each exchange with the configured key of the environment, which is valid until the scope
 * closes. Simulated exchanges fall back to read-only demo keys.
 *
 * Fails with a usage error that names the variables to set if no exchange has a key.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = Effect.fnUntraced(function*(
  settings: Settings
): Effect.fn.Return<Opened, UsageError, Configuration.Configuration | Connections.Network | Scope.Scope | Screen> {
  const routeTo = yield* Connections.routes(settings)
  const found = yield* Effect.forEach(settings.exchange, (exchange) =>
    Effect.gen(function*() {
      const { environment, network } = routeTo(exchange)
      const credentials = yield* credentialsOf(exchange, settings, "read")
      if (Either.isLeft(credentials)) return Either.left(credentials.left)
      const context = yield* Effect.mapError(
        build(exchange, environment, credentials.right, network),
        Connections.refused
      )
      return Either.right({
        exchange,
        account: Context.get(context, Account.Account),
        market: Context.get(context, MarketData.MarketData)
      })
    }))
  const [without, connections] = Arr.separate(found)
  if (connections.length > 0) return { connections, without }
  return yield* new UsageError({
    detail: without.map(({ advice, message }) => `${message}. ${advice}`).join(" ")
  })
})

/**
 * Creates the read-only services of one account, which are valid until the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const build = (
  exchange: string,
  environment: Environment.Environment,
  credentials: Credentials.Credentials,
  network: Layer.Layer<Connections.Network>
): Effect.Effect<
  Context.Context<MarketData.MarketData | Account.Account>,
  ConfigError.ConfigError,
  Scope.Scope
> =>
  Effect.flatMap(Registry.registry, ({ layerAccount }) =>
    Layer.build(
      layerAccount(exchange, { ...Connections.patience, deadline: "20 seconds", environment, credentials })
        .pipe(Layer.fresh, Layer.provide(network))
    ))

/**
 * Returns the configured key of an exchange, or else the names to set. Simulated exchanges fall back to demo keys,
 * which have no more than the requested permission.
 *
 * @since 0.1.0
 * @category constructors
 */
export const credentialsOf = Effect.fnUntraced(function*(
  exchange: string,
  settings: Settings,
  permission: "read" | "trade"
): Effect.fn.Return<Either.Either<Credentials.Credentials, Answers.Failed>, UsageError, Configuration.Configuration> {
  const { baseUrl, environment } = settings
  const { dialect, features } = yield* Registry.registry
  if (Connections.isInMemory(exchange, settings)) {
    return Either.right(Simulator.credentials(dialect(exchange), permission))
  }
  const { name, passphrase, testnet } = features(exchange)
  if (environment === "testnet" && !testnet && !baseUrl.has(exchange)) {
    return Either.left({
      exchange,
      tag: "Unsupported",
      message: `${name} has no testnet`,
      advice: "Choose other exchanges with --exchange, or use --environment simulated."
    })
  }
  const names = Credentials.names(exchange, environment, { passphrase })
  const missing = yield* Effect.filter(names, (path) => Effect.map(Configuration.find(path), Option.isNone)).pipe(
    Effect.mapError(Connections.refused)
  )
  if (missing.length === 0) {
    return Either.right(
      yield* Effect.mapError(Credentials.config(exchange, environment, { passphrase }), Connections.refused)
    )
  }
  // With `--environment simulated`, a base URL leads to a simulator, which knows the demo keys.
  if (environment === "simulated" && missing.length === names.length) {
    return Either.right(Simulator.credentials(dialect(exchange), permission))
  }
  return Either.left({
    exchange,
    tag: "KeyMissing",
    message: `No ${environment} key is configured for ${name}`,
    advice: `Set ${listed(missing.map(Configuration.nameOf))}, or choose other exchanges with --exchange.`
  })
})

const listed = (names: ReadonlyArray<string>): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
