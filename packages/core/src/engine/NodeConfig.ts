/**
 * Where configuration and secrets come from on Node: mounted files, then the environment, then `.env`.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type { PlatformError } from "@effect/platform/Error"
import * as PlatformConfigProvider from "@effect/platform/PlatformConfigProvider"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * A directory of mounted secrets, one file for each: `BINANCE_API_KEY` is looked for in `BINANCE/API_KEY`. Files are
   * read anew each time they are asked for, so a rotated key needs no restart. None unless given.
   */
  readonly secrets?: string | undefined
  /** A file of `NAME=value` lines for development, read once. None unless given; a missing file is no error. */
  readonly dotEnv?: string | undefined
}

/**
 * Sets the `ConfigProvider`: what the files do not have the environment may, and what that has not `.env` may.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<never, PlatformError> =>
  Effect.gen(function*() {
    const files = options.secrets === undefined
      ? []
      : [yield* PlatformConfigProvider.fromFileTree({ rootDirectory: options.secrets })]
    const development = options.dotEnv === undefined
      ? []
      : yield* PlatformConfigProvider.fromDotEnv(options.dotEnv).pipe(
        Effect.map((provider) => [provider]),
        Effect.catchIf(
          (error) => error._tag === "SystemError" && error.reason === "NotFound",
          () => Effect.succeed([])
        )
      )
    return Layer.setConfigProvider(
      [...files, environment, ...development].reduceRight((rest, source) => ConfigProvider.orElse(source, () => rest))
    )
  }).pipe(
    Layer.unwrapEffect,
    Layer.provide([NodeFileSystem.layer, NodePath.layer])
  )

const environment = ConfigProvider.fromEnv({ pathDelim: "_", seqDelim: "," })
