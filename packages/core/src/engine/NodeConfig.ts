/**
 * Where configuration and secrets come from on Node: mounted files, then the environment, then `.env`.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as PathPatch from "effect/ConfigProviderPathPatch"
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
 * One of the places that are asked, and what a person calls it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  readonly name: "files" | "environment" | ".env"
  readonly provider: ConfigProvider.ConfigProvider
}

/**
 * The places, the one first that is asked first. A directory or an `.env` that is not there
 * is no error, one that cannot be read is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sources = (options: Options = {}): Effect.Effect<ReadonlyArray<Source>, PlatformError> =>
  Effect.map(files(options), ({ development, secrets }): ReadonlyArray<Source> => [
    ...secrets.map((provider) => ({ name: "files" as const, provider })),
    { name: "environment", provider: environment },
    ...development.map((provider) => ({ name: ".env" as const, provider }))
  ])

/**
 * One provider of several places: what the first does not have the next may. What is there and cannot be read is no such
 * thing: the next may have the key of another account.
 *
 * @since 0.1.0
 * @category combinators
 */
export const inOrder = (sources: ReadonlyArray<Pick<Source, "provider">>): ConfigProvider.ConfigProvider =>
  sources.map(({ provider }) => provider).reduceRight(
    (rest, source) => ifMissing(source, rest),
    ConfigProvider.fromMap(new Map())
  )

/** `ConfigProvider.orElse` goes on to the next for any failure. */
const ifMissing = (
  self: ConfigProvider.ConfigProvider,
  that: ConfigProvider.ConfigProvider
): ConfigProvider.ConfigProvider => {
  const [here, there] = [unpatched(self), unpatched(that)]
  return ConfigProvider.fromFlat(ConfigProvider.makeFlat({
    load: (path, primitive, split) =>
      Effect.catchIf(
        here.load(path, primitive, split),
        ConfigError.isMissingDataOnly,
        (missing) => Effect.mapError(there.load(path, primitive, split), (error) => ConfigError.Or(missing, error))
      ),
    enumerateChildren: ConfigProvider.orElse(self, () => that).flattened.enumerateChildren,
    patch: PathPatch.empty
  }))
}

/** A provider may stand below a path of its own: this takes each path as it was asked for. */
const unpatched = (provider: ConfigProvider.ConfigProvider): ConfigProvider.ConfigProvider.Flat => {
  const { enumerateChildren, load, patch } = ConfigProvider.orElse(nowhere, () => provider).flattened
  return ConfigProvider.makeFlat({
    load: (path, primitive, split) =>
      Effect.mapError(load(path, primitive, split), (error) => error._op === "Or" ? error.right : error),
    enumerateChildren,
    patch
  })
}

const nowhere = ConfigProvider.fromMap(new Map())

/**
 * Sets the `ConfigProvider`: what the files do not have the environment may, and what that has not `.env` may.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<never, PlatformError> =>
  Layer.unwrapEffect(Effect.map(sources(options), (sources) => Layer.setConfigProvider(inOrder(sources))))

// What reads files is a tenth of what importing an exchange takes: it is loaded where there are files to read.
const files = (options: Options): Effect.Effect<NodeFiles.Sources, PlatformError> =>
  options.secrets === undefined && options.dotEnv === undefined
    ? Effect.succeed({ secrets: [], development: [] })
    : Effect.flatMap(Effect.promise(() => import("./internal/nodeFiles.js")), ({ read }) => read(options))

const environment = ConfigProvider.fromEnv({ pathDelim: "_", seqDelim: "," })
