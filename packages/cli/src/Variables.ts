/**
 * All names that the command reads from the configuration, with their meaning and default.
 *
 * @since 0.1.0
 */
import { Credentials } from "@effect-exchange/core"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Configuration from "./Configuration.js"
import * as Registry from "./Registry.js"

/**
 * A name that the command reads from the configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Variable {
  /** The path of the name: the parts between `_` of a variable, or between `/` of a file path. */
  readonly path: ReadonlyArray<string>
  readonly meaning: string
  /** The behaviour if it is not set. */
  readonly otherwise: string
  readonly isSecret: boolean
  /** The config that reads it and refuses invalid values. */
  readonly config: Config.Config<unknown>
}

const keysOf = ({ features, ids }: Registry.Registry): ReadonlyArray<Variable> =>
  ids.flatMap((id) => {
    const { name, passphrase, testnet } = features(id)
    const meanings = ["API key", "secret of the key", "passphrase of the key"]
    return ["live", ...testnet ? ["testnet"] : []].flatMap((environment) =>
      Credentials.names(id, environment, { passphrase }).map((path, index): Variable => ({
        path,
        meaning: `The ${meanings[index]} of ${name}${environment === "live" ? "" : "'s testnet"}.`,
        otherwise: "no access to the account",
        isSecret: true,
        config: Credentials.config(id, environment, { passphrase })
      }))
    )
  })

const plainVariable = (name: string, meaning: string, otherwise: string, isSecret = false): Variable => ({
  path: [name],
  meaning,
  otherwise,
  isSecret,
  config: Config.option(Config.string(name))
})

/** Read and validated together by `OtlpSettings.read`. */
const collector: ReadonlyArray<Variable> = [
  plainVariable(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "The collector that `exchange serve` sends traces, metrics and logs to; `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and so on set one for each kind.",
    "nothing is sent"
  ),
  plainVariable(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "Headers to send to the collector, such as `name=value,other=value`.",
    "no headers",
    true
  ),
  plainVariable(
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "The protocol of the collector: only `http/json` is supported.",
    "http/json"
  ),
  plainVariable("OTEL_EXPORTER_OTLP_TIMEOUT", "The timeout for a batch, in milliseconds.", "10000"),
  plainVariable("OTEL_SERVICE_NAME", "The name of the service in the exported data.", "effect-exchange"),
  plainVariable(
    "OTEL_RESOURCE_ATTRIBUTES",
    "Attributes of the service in the exported data, such as `name=value,other=value`.",
    "only its name and version"
  ),
  plainVariable(
    "OTEL_TRACES_EXPORTER",
    "Whether traces are sent: `otlp` or `none`. The same for `OTEL_METRICS_EXPORTER` and `OTEL_LOGS_EXPORTER`.",
    "otlp if a collector is set"
  ),
  plainVariable(
    "OTEL_TRACES_SAMPLER",
    "Which traces are sent; `OTEL_TRACES_SAMPLER_ARG` sets the ratio.",
    "parentbased_always_on"
  ),
  plainVariable("OTEL_METRIC_EXPORT_INTERVAL", "The time between exports of metrics, in milliseconds.", "60000"),
  plainVariable("OTEL_SDK_DISABLED", "`true` turns off all exports.", "false")
]

const variablesOf = (registry: Registry.Registry): ReadonlyArray<Variable> => [...general, ...keysOf(registry)]

/** The names that do not depend on an exchange. */
const general: ReadonlyArray<Variable> = [
  {
    path: ["EXCHANGE_SECRETS_DIR"],
    meaning: "A directory of mounted secrets, one file each. They are read again in case they were rotated.",
    otherwise: "no files",
    isSecret: false,
    config: Configuration.secretsDirectory
  },
  {
    path: ["EXCHANGE_SECRETS_FROM"],
    meaning:
      "A secret manager that is read before all other sources: `vault` or `aws`. Each has [variables of its own](../packages/secrets/README.md).",
    otherwise: "no secret manager",
    isSecret: false,
    config: Configuration.secretsFrom
  },
  {
    path: ["EXCHANGE_LOG_LEVEL"],
    meaning: "The log level of `exchange serve`: `Debug`, `Info`, `Warning`, `Error` or `None`.",
    otherwise: "Info",
    isSecret: false,
    config: Configuration.logLevel
  },
  {
    path: ["EXCHANGE_SERVER_TOKENS"],
    meaning: "The bearer tokens that `exchange serve` accepts, separated by commas.",
    otherwise: "the server accepts every client",
    isSecret: true,
    config: Configuration.serverTokens
  },
  {
    path: ["EXCHANGE_LIVE_TRADING"],
    meaning:
      "`enabled` allows `exchange order` and `exchange call` to send requests that cost real money, with `--send` and `--environment live`.",
    otherwise: "such requests are only shown",
    isSecret: false,
    config: Configuration.liveTrading
  },
  {
    path: ["NO_COLOR"],
    meaning: "Any value turns colors off.",
    otherwise: "colors in a terminal",
    isSecret: false,
    config: Configuration.noColor
  },
  plainVariable(
    "HTTPS_PROXY",
    "The HTTP proxy for connections to exchanges, secret managers and the collector: `http://user:password@host:port`, or `https://`. The lower-case names of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` take precedence.",
    "no proxy",
    true
  ),
  plainVariable("HTTP_PROXY", "The same for plain HTTP connections, such as to a collector.", "no proxy", true),
  plainVariable(
    "NO_PROXY",
    "Hosts to reach without the proxy, separated by commas: names with their subdomains, addresses, networks such as `10.0.0.0/8`, or `*`. Loopback and link-local addresses never use the proxy.",
    "all hosts use the proxy"
  ),
  ...collector
]

/**
 * Returns all names that the running command reads, those of the keys of its exchanges last.
 *
 * @since 0.1.0
 * @category getters
 */
export const variables: Effect.Effect<ReadonlyArray<Variable>> = Effect.map(Registry.registry, variablesOf)

/**
 * Formats the names that `exchange` reads as a Markdown table for the documentation.
 *
 * @since 0.1.0
 * @category formatting
 */
export const markdown = (): string =>
  [
    ["name", "meaning", "default", "secret"],
    ["---", "---", "---", "---"],
    ...variablesOf(Registry.make([])).map(({ isSecret, meaning, otherwise, path }) => [
      `\`${Configuration.nameOf(path)}\``,
      meaning,
      otherwise,
      isSecret ? "yes" : "no"
    ])
  ].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
