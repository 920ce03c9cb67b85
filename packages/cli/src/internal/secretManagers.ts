/**
 * Secret managers as configuration sources.
 *
 * @internal
 */
import * as NodeExchange from "@effect-exchange/core/engine/NodeExchange"
import * as AwsSecretsManager from "@effect-exchange/secrets/AwsSecretsManager"
import * as SecretSource from "@effect-exchange/secrets/SecretSource"
import * as Vault from "@effect-exchange/secrets/Vault"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import type * as ConfigError from "effect/ConfigError"
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

const managers = { vault: Vault.layerConfig(), aws: AwsSecretsManager.layerConfig() }

/**
 * @internal Returns a function that puts the manager before another provider, until the scope closes. The current
 * config provider configures the manager.
 */
export const before = (
  name: keyof typeof managers
): Effect.Effect<
  (next: ConfigProvider.ConfigProvider) => ConfigProvider.ConfigProvider,
  ConfigError.ConfigError,
  Scope.Scope
> =>
  Effect.flatMap(
    Layer.build(
      Layer.provide(managers[name], [NodeExchange.layerHttp({ proxy: "environment" }), NodeFileSystem.layer])
    ),
    (context) => Effect.provide(SecretSource.before(), context)
  )
