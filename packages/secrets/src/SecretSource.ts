/**
 * The port for secret managers: reads all secrets of a source, and turns the source into configuration.
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
import * as provider from "./internal/provider.js"
import * as SecretCache from "./internal/secretCache.js"
import type { SecretSourceError } from "./SecretSourceError.js"

/**
 * Secrets by name, such as `BINANCE_API_KEY`.
 *
 * @since 0.1.0
 * @category models
 */
export type Secrets = ReadonlyMap<string, Redacted.Redacted<string>>

/**
 * A source of secrets, such as `Vault` or `AwsSecretsManager`. To support another secret manager, implement its
 * `Service`.
 *
 * @since 0.1.0
 * @category tags
 */
export class SecretSource extends Context.Tag("@effect-exchange/secrets/SecretSource")<SecretSource, Service>() {}

/**
 * The service behind {@link SecretSource}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The name of the source in errors and logs. */
  readonly name: string
  /** Reads all secrets from the manager on each run. It does not cache: {@link layerConfigProvider} does. */
  readonly read: Effect.Effect<Secrets, SecretSourceError>
}

/**
 * The options of {@link layerConfigProvider}, which dies with a `RangeError` for an invalid duration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How long secrets are used before the manager is called again. Defaults to 30 seconds. A cache on top, such as the
   * one of `Credentials.fromConfig` (also 30 seconds), adds its own time to this.
   */
  readonly timeToLive?: Duration.DurationInput | undefined
  /**
   * The maximum age of the cached secrets while the manager cannot be read, counted from the last successful read.
   * Defaults to 1 hour. With zero, no secrets are used beyond `timeToLive`.
   */
  readonly staleFor?: Duration.DurationInput | undefined
  /**
   * How long a load waits for a slow manager if there are cached secrets to use instead. Defaults to 1 second. Only the
   * first load waits; after that, the manager is called in the background.
   */
  readonly patience?: Duration.DurationInput | undefined
}

/**
 * Sets a `ConfigProvider` that looks in the source first. For a name that the source does not have, it uses the
 * `ConfigProvider` that is current when the Layer is built. `Config.nested("BINANCE")(Config.string("API_KEY"))` is
 * looked up as `BINANCE_API_KEY`.
 *
 * Nothing is read before the first load. The secrets are cached for `timeToLive`, and concurrent loads share one read.
 * While the manager cannot be read, the cached secrets stay in use until they are `staleFor` old, and a warning is
 * logged.
 *
 * **Gotchas**
 *
 * If the source fails and nothing is cached, every load fails with `SourceUnavailable`, even for names that the source
 * may not have. Whether it has them is unknown, and no other provider may be used in its place. If the manager refuses
 * access or no longer has the secret, the cached secrets are dropped immediately.
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
 * Creates the function that {@link layerConfigProvider} uses, for programs that combine providers themselves. The
 * function takes the next provider, and returns one that looks in the source first. All providers that it returns share
 * one cache.
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
    // Without this, a source that reads configuration in `read` would use this provider and wait for itself forever.
    const read = Effect.withConfigProvider(source.read, current)
    const cache = yield* SecretCache.make({ name: source.name, read }, options)
    return (next) => provider.make(source.name, cache.get, next)
  })
