/**
 * Reads configuration and secrets on Node.js: from mounted files, then the environment, then `.env`.
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
 * The options of the sources.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * A directory of mounted secrets, with one file for each: `BINANCE_API_KEY` is read from `BINANCE/API_KEY`. Files are
   * read each time their value is requested, so a rotated key needs no restart. Defaults to none.
   */
  readonly secrets?: string | undefined
  /** A file of `NAME=value` lines for development, read once. Defaults to none. A missing file is not an error. */
  readonly dotEnv?: string | undefined
}

/**
 * One source of configuration, with a name to show to people.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  readonly name: "files" | "environment" | ".env"
  readonly provider: ConfigProvider.ConfigProvider
}

/**
 * Returns the sources in order of precedence. A directory or `.env` that does not exist is not an error; one that
 * cannot be read is.
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
 * Combines several sources into one provider. A value that is missing in a source is read from the next one. A value
 * that exists but cannot be read is an error, because the next source may have the key of another account. The error of
 * a value that is missing in all of them says where to set it, by the names of the sources.
 *
 * @since 0.1.0
 * @category combinators
 */
export const inOrder = (
  sources: ReadonlyArray<Pick<Source, "provider"> & { readonly name?: string | undefined }>
): ConfigProvider.ConfigProvider => {
  const missing = (path: ReadonlyArray<string>) =>
    ConfigError.MissingData(
      Array.from(path),
      `Set ${path.join("_")} in ${sources.length === 1 ? "" : "one of: "}${
        sources.map(({ name = "another source" }) => place(name, path)).join(", ")
      }`
    )
  return sources.map(({ provider }) => provider).reduceRight(
    (rest, source) => ifMissing(source, rest, missing),
    nowhere
  )
}

const nowhere = ConfigProvider.fromMap(new Map())

const place = (name: string, path: ReadonlyArray<string>): string =>
  name === "files" ? `the mounted file ${path.join("/")}` : name === "environment" ? "the environment" : name

/** Like `ConfigProvider.orElse`, but falls back only if data is missing, not on every failure, and has one error. */
const ifMissing = (
  self: ConfigProvider.ConfigProvider,
  that: ConfigProvider.ConfigProvider,
  missing: (path: ReadonlyArray<string>) => ConfigError.ConfigError
): ConfigProvider.ConfigProvider => {
  const [here, there] = [unpatched(self), unpatched(that)]
  return ConfigProvider.fromFlat(ConfigProvider.makeFlat({
    load: (path, primitive, split) =>
      Effect.catchIf(
        here.load(path, primitive, split),
        ConfigError.isMissingDataOnly,
        () =>
          Effect.mapError(
            there.load(path, primitive, split),
            (error) => ConfigError.isMissingDataOnly(error) ? missing(path) : error
          )
      ),
    enumerateChildren: ConfigProvider.orElse(self, () => that).flattened.enumerateChildren,
    patch: PathPatch.empty
  }))
}

/**
 * Applies a provider's own path patch (such as `ConfigProvider.nested`), so that the result takes paths as they were
 * requested.
 */
const unpatched = (provider: ConfigProvider.ConfigProvider): ConfigProvider.ConfigProvider.Flat => {
  const { enumerateChildren, load, patch } = ConfigProvider.orElse(nowhere, () => provider).flattened
  return ConfigProvider.makeFlat({
    load: (path, primitive, split) =>
      Effect.mapError(load(path, primitive, split), (error) => error._op === "Or" ? error.right : error),
    enumerateChildren,
    patch
  })
}

/**
 * Sets the `ConfigProvider`, which reads from the files, then the environment, then `.env`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<never, PlatformError> =>
  Layer.unwrapEffect(Effect.map(sources(options), (sources) => Layer.setConfigProvider(inOrder(sources))))

// The module that reads files takes a tenth of the time to import an exchange, so it is loaded only if there are files
// to read.
const files = (options: Options): Effect.Effect<NodeFiles.Sources, PlatformError> =>
  options.secrets === undefined && options.dotEnv === undefined
    ? Effect.succeed({ secrets: [], development: [] })
    : Effect.flatMap(Effect.promise(() => import("./internal/nodeFiles.js")), ({ read }) => read(options))

const environment = ConfigProvider.fromEnv({ pathDelim: "_", seqDelim: "," })
