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
 * One provider of several places: what the first does not have the next may.
 *
 * @since 0.1.0
 * @category combinators
 */
export const inOrder = (sources: ReadonlyArray<Pick<Source, "provider">>): ConfigProvider.ConfigProvider =>
  sources.map(({ provider }) => provider).reduceRight(
    (rest, source) => ConfigProvider.orElse(source, () => rest),
    ConfigProvider.fromMap(new Map())
  )

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
