import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type { PlatformError } from "@effect/platform/Error"
import * as PlatformConfigProvider from "@effect/platform/PlatformConfigProvider"
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"

/**
 * The providers that read files. `secrets` precede the environment, `development` follows it. Each is empty without
 * such a file.
 *
 * @internal
 */
export interface Sources {
  readonly secrets: ReadonlyArray<ConfigProvider.ConfigProvider>
  readonly development: ReadonlyArray<ConfigProvider.ConfigProvider>
}

/** @internal */
export const read = (
  { dotEnv, secrets }: { readonly secrets?: string | undefined; readonly dotEnv?: string | undefined }
): Effect.Effect<Sources, PlatformError> =>
  Effect.all({
    secrets: secrets === undefined
      ? Effect.succeed([])
      : Effect.map(PlatformConfigProvider.fromFileTree({ rootDirectory: secrets }), (provider) => [provider]),
    development: dotEnv === undefined
      ? Effect.succeed([])
      : PlatformConfigProvider.fromDotEnv(dotEnv).pipe(
        Effect.map((provider) => [provider]),
        Effect.catchIf(
          (error) => error._tag === "SystemError" && error.reason === "NotFound",
          () => Effect.succeed([])
        )
      )
  }).pipe(Effect.provide([NodeFileSystem.layer, NodePath.layer]))
