/**
 * The configuration sources of the command, and the variables that are not keys of an exchange.
 *
 * @since 0.1.0
 */
import type * as NodeConfig from "@effect-exchange/core/engine/NodeConfig"
import * as Credentials from "@effect-exchange/core/ports/Credentials"
import * as Arr from "effect/Array"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/**
 * The configuration sources, in the order in which they are searched.
 *
 * @since 0.1.0
 * @category tags
 */
export class Configuration extends Context.Tag("@effect-exchange/cli/Configuration")<
  Configuration,
  ReadonlyArray<Source>
>() {}

/**
 * A configuration source and its name.
 *
 * @since 0.1.0
 * @category models
 */
export type Source = Pick<NodeConfig.Source, "provider"> & { readonly name: string }

/**
 * `EXCHANGE_SECRETS_DIR`: a directory with one file per secret.
 *
 * @since 0.1.0
 * @category config
 */
export const secretsDirectory: Config.Config<Option.Option<string>> = Config.option(
  Config.nonEmptyString("EXCHANGE_SECRETS_DIR")
)

/**
 * `EXCHANGE_SECRETS_FROM`: the secret manager that is searched before all other sources.
 *
 * @since 0.1.0
 * @category config
 */
export const secretsFrom: Config.Config<Option.Option<"vault" | "aws">> = Config.option(
  Config.literal("vault", "aws")("EXCHANGE_SECRETS_FROM")
)

/**
 * `NO_COLOR`: `true` if it is set to a non-empty value (https://no-color.org).
 *
 * @since 0.1.0
 * @category config
 */
export const noColor: Config.Config<boolean> = Config.map(
  Config.option(Config.nonEmptyString("NO_COLOR")),
  Option.isSome
)

/**
 * `EXCHANGE_LIVE_TRADING`: whether orders that cost real money may be sent. The only accepted value is `enabled`.
 * Defaults to `false`.
 *
 * @since 0.1.0
 * @category config
 */
export const liveTrading: Config.Config<boolean> = Config.string("EXCHANGE_LIVE_TRADING").pipe(
  Config.mapOrFail((text) =>
    text === "enabled"
      ? Either.right(true)
      : Either.left(ConfigError.InvalidData([], "expected \"enabled\" or no value"))
  ),
  Config.withDefault(false)
)

/**
 * `EXCHANGE_LOG_LEVEL`: the minimum log level of `exchange serve`. Defaults to `Info`. All other commands log at
 * `Warning` and above, whatever the variable says.
 *
 * @since 0.1.0
 * @category config
 */
export const logLevel: Config.Config<LogLevel.LogLevel> = Config.string("EXCHANGE_LOG_LEVEL").pipe(
  Config.mapOrFail((text) =>
    Either.fromOption(
      Arr.findFirst(LogLevel.allLevels, ({ _tag }) => _tag.toLowerCase() === text.trim().toLowerCase()),
      () => ConfigError.InvalidData([], `expected one of ${LogLevel.allLevels.map(({ _tag }) => _tag).join(", ")}`)
    )
  ),
  Config.withDefault(LogLevel.Info)
)

/**
 * `EXCHANGE_SERVER_TOKENS`: the comma-separated bearer tokens that the server accepts.
 *
 * @since 0.1.0
 * @category config
 */
export const serverTokens: Config.Config<ReadonlyArray<Redacted.Redacted>> = Config.redacted("EXCHANGE_SERVER_TOKENS")
  .pipe(
    Config.map((text) =>
      Redacted.value(text).split(/[,\s]+/).filter((token) => token !== "").map((token) => Redacted.make(token))
    ),
    Config.mapOrFail((tokens) =>
      tokens.some((token) => !/^[\x21-\x7e]+$/.test(Redacted.value(token)))
        ? Either.left(ConfigError.InvalidData([], "expected tokens of printable ASCII; the value is not shown"))
        : Either.right(tokens)
    ),
    Config.withDefault<ReadonlyArray<Redacted.Redacted>>([])
  )

/**
 * Joins a path to the name of a variable, such as `BINANCE_API_KEY`.
 *
 * @since 0.1.0
 * @category getters
 */
export const nameOf = (path: ReadonlyArray<string>): string => path.join("_")

/**
 * A value and the name of the source that it was found in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly source: string
  readonly text: Redacted.Redacted
}

/**
 * Finds the value of a name in the first source that has it.
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (
  path: ReadonlyArray<string>
): Effect.Effect<Option.Option<Found>, ConfigError.ConfigError, Configuration> => {
  const text = path.slice(0, -1).reduceRight(
    (inner, name) => Config.nested(inner, name),
    Config.string(path.slice(-1).join(""))
  )
  return Effect.flatMap(
    Configuration,
    (sources) =>
      Effect.reduce(sources, Option.none<Found>(), (found, { name, provider }) =>
        Option.isSome(found)
          ? Effect.succeed(found)
          : provider.load(text).pipe(
            Effect.map((text) => Option.some({ source: name, text: Redacted.make(text) })),
            Effect.catchIf(ConfigError.isMissingDataOnly, () => Effect.succeedNone)
          ))
  )
}

/**
 * Describes an invalid value: its name and what was expected. Never shows the value itself.
 *
 * @since 0.1.0
 * @category formatting
 */
export const describe = (error: ConfigError.ConfigError): string =>
  error._op === "InvalidData" ? `${Credentials.describe(error)}: ${error.message}` : Credentials.describe(error)

/**
 * Returns the paths of all names below a name, in all sources.
 *
 * @since 0.1.0
 * @category getters
 */
export const below = (
  path: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<ReadonlyArray<string>>, never, Configuration> =>
  Effect.flatMap(Configuration, (sources) =>
    Effect.map(
      Effect.forEach(sources, ({ provider }) => leaves(provider, path, 0)),
      (paths) => [...new Map(paths.flat().map((path) => [nameOf(path), path])).values()]
    ))

const deepest = 6

const leaves = (
  provider: Source["provider"],
  path: ReadonlyArray<string>,
  depth: number
): Effect.Effect<ReadonlyArray<ReadonlyArray<string>>> =>
  provider.flattened.enumerateChildren(path).pipe(
    Effect.orElseSucceed(() => []),
    Effect.flatMap((children) => {
      const names = [...children].filter((name) => name !== "")
      if (names.length === 0 || depth === deepest) return Effect.succeed(depth === 0 ? [] : [path])
      return Effect.map(
        Effect.forEach(names, (name) => leaves(provider, [...path, name], depth + 1)),
        (paths) => paths.flat()
      )
    })
  )
