/**
 * Where the command is configured, and how each name is read that is no key of an exchange.
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
 * The places in which names are looked for, the first that is asked first.
 *
 * @since 0.1.0
 * @category tags
 */
export class Configuration extends Context.Tag("@effect-exchange/cli/Configuration")<
  Configuration,
  ReadonlyArray<Source>
>() {}

/**
 * @since 0.1.0
 * @category models
 */
export type Source = Pick<NodeConfig.Source, "provider"> & { readonly name: string }

/**
 * `EXCHANGE_SECRETS_DIR`: a directory of files, one for each secret.
 *
 * @since 0.1.0
 * @category config
 */
export const secretsDirectory: Config.Config<Option.Option<string>> = Config.option(
  Config.nonEmptyString("EXCHANGE_SECRETS_DIR")
)

/**
 * `EXCHANGE_SECRETS_FROM`: the secret manager that is asked before everything else.
 *
 * @since 0.1.0
 * @category config
 */
export const secretsFrom: Config.Config<Option.Option<"vault" | "aws">> = Config.option(
  Config.literal("vault", "aws")("EXCHANGE_SECRETS_FROM")
)

/**
 * `NO_COLOR` (https://no-color.org).
 *
 * @since 0.1.0
 * @category config
 */
export const noColor: Config.Config<boolean> = Config.map(
  Config.option(Config.nonEmptyString("NO_COLOR")),
  Option.isSome
)

/**
 * `EXCHANGE_LIVE_TRADING`: whether orders may be sent where they cost money. Only `enabled` says so.
 *
 * @since 0.1.0
 * @category config
 */
export const liveTrading: Config.Config<boolean> = Config.string("EXCHANGE_LIVE_TRADING").pipe(
  Config.mapOrFail((text) =>
    text === "enabled"
      ? Either.right(true)
      : Either.left(ConfigError.InvalidData([], "expected \"enabled\", or nothing at all"))
  ),
  Config.withDefault(false)
)

/**
 * `EXCHANGE_LOG_LEVEL`: how much the service logs, `Info` unless said. All else logs warnings and worse, whatever it says.
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
 * `EXCHANGE_SERVER_TOKENS`: the bearer tokens that the service asks for, with commas between them.
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
 * `BINANCE_API_KEY`.
 *
 * @since 0.1.0
 * @category getters
 */
export const nameOf = (path: ReadonlyArray<string>): string => path.join("_")

/**
 * A text and the name of the place where it was found.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly source: string
  readonly text: Redacted.Redacted
}

/**
 * What stands under a name, in the first place that has it.
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
 * What is wrong with a value, by its name and never by the value, and what was expected.
 *
 * @since 0.1.0
 * @category formatting
 */
export const describe = (error: ConfigError.ConfigError): string =>
  error._op === "InvalidData" ? `${Credentials.describe(error)}: ${error.message}` : Credentials.describe(error)

/**
 * The paths of all that stands below a name, in any place.
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
