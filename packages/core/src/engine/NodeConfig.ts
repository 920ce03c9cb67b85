/**
 * Where configuration and secrets come from on Node: mounted files, then the environment, then `.env`.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as NodeFiles from "./internal/nodeFiles.js"

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
  Effect.map(sources(options), ({ development, secrets }) =>
    Layer.setConfigProvider(
      [...secrets, environment, ...development].reduceRight((rest, source) => ConfigProvider.orElse(source, () => rest))
    )).pipe(Layer.unwrapEffect)

// What reads files is a tenth of what importing an exchange takes: it is loaded where there are files to read.
const sources = (options: Options): Effect.Effect<NodeFiles.Sources, PlatformError> =>
  options.secrets === undefined && options.dotEnv === undefined
    ? Effect.succeed({ secrets: [], development: [] })
    : Effect.flatMap(Effect.promise(() => import("./internal/nodeFiles.js")), ({ read }) => read(options))

const environment = ConfigProvider.fromEnv({ pathDelim: "_", seqDelim: "," })
