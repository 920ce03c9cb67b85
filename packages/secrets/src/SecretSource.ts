/**
 * Where a whole bundle of secrets is read from, and how it becomes configuration.
 *
 * @since 0.1.0
 */
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Keeper from "./internal/keeper.js"
import * as provider from "./internal/provider.js"
import type { SecretSourceError } from "./SecretSourceError.js"

/**
 * Secrets by their names, such as `BINANCE_API_KEY`.
 *
 * @since 0.1.0
 * @category models
 */
export type Secrets = ReadonlyMap<string, Redacted.Redacted<string>>

/**
 * A source of secrets. `Vault` and `AwsSecretsManager` are two; any other is a service of this shape.
 *
 * @since 0.1.0
 * @category tags
 */
export class SecretSource extends Context.Tag("@effect-exchange/secrets/SecretSource")<SecretSource, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** What errors and logs call it. */
  readonly name: string
  /** Asks the manager for all of the secrets, every time. Whoever keeps them is somebody else. */
  readonly read: Effect.Effect<Secrets, SecretSourceError>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How long what was read is used before the manager is asked again. Defaults to 30 seconds. What keeps credentials in
   * its turn (`Credentials.fromConfig`, 30 seconds as well) adds its own.
   */
  readonly timeToLive?: Duration.DurationInput | undefined
  /**
   * How old secrets may become while the manager cannot be reached, from when they were read. Defaults to 1 hour. None
   * are used beyond `timeToLive` if it is zero.
   */
  readonly staleFor?: Duration.DurationInput | undefined
  /**
   * How long a load waits for a manager that is late, where there are secrets it may use instead. Defaults to 1 second;
   * it is waited for once, and then asked behind the back of who loads.
   */
  readonly patience?: Duration.DurationInput | undefined
}

/**
 * Sets the `ConfigProvider`: the source first, and for each name that it has not, the `ConfigProvider` in force where the
 * Layer is built. `Config.nested("BINANCE")(Config.string("API_KEY"))` is looked for as `BINANCE_API_KEY`.
 *
 * Nothing is read before something is asked for. What was read is kept for `timeToLive`, and read once for all who ask at
 * a time. While the manager cannot be reached the last secrets go on being used, with a warning, until they are
 * `staleFor` old.
 *
 * **Gotchas**
 *
 * A source that fails, with nothing kept, fails every load with `SourceUnavailable`, of names that it may not have as well:
 * what it would have said is not known, and nothing else may answer in its place. A manager that refuses, or has the secret
 * no more, ends the use of what was kept at once.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfigProvider = (options: Options = {}): Layer.Layer<never, never, SecretSource> =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const next = yield* Effect.configProviderWith(Effect.succeed)
    return Layer.setConfigProvider((yield* before(options))(next))
  }))

/**
 * Makes what {@link layerConfigProvider} sets, for who puts providers together: it is given the next provider, and what
 * it makes of several of them keeps the same secrets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const before = (
  options: Options = {}
): Effect.Effect<
  (next: ConfigProvider.ConfigProvider) => ConfigProvider.ConfigProvider,
  never,
  SecretSource | Scope.Scope
> =>
  Effect.gen(function*() {
    const source = yield* SecretSource
    const current = yield* Effect.configProviderWith(Effect.succeed)
    // A source that is configured itself would ask itself, and wait for ever.
    const read = Effect.withConfigProvider(source.read, current)
    const keeper = yield* Keeper.make({ name: source.name, read }, options)
    return (next) => provider.make(source.name, keeper.get, next)
  })
