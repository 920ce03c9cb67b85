/**
 * All names that the command reads from the configuration, with their meaning and default.
 *
 * @since 0.1.0
 */
import { Credentials } from "@effect-exchange/core"
import * as Exchanges from "@effect-exchange/exchanges/Exchanges"
import * as Config from "effect/Config"
import * as Configuration from "./Configuration.js"

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

const keys: ReadonlyArray<Variable> = Exchanges.ids.flatMap((id) => {
  const { name, passphrase, testnet } = Exchanges.features(id)
  const meanings = ["API key", "secret of the key", "passphrase of the key"]
  return ["live", ...testnet ? ["testnet"] : []].flatMap((environment) =>
    Credentials.names(id, environment, { passphrase }).map((path, index): Variable => ({
      path,
      meaning: `The ${meanings[index]} of ${name}${environment === "live" ? "" : "'s testnet"}.`,
      otherwise: "no account there",
      isSecret: true,
      config: Credentials.config(id, environment, { passphrase })
    }))
  )
})

const told = (name: string, meaning: string, otherwise: string, isSecret = false): Variable => ({
  path: [name],
  meaning,
  otherwise,
  isSecret,
  config: Config.option(Config.string(name))
})

/** Read and validated together by `OtlpSettings.read`. */
const collector: ReadonlyArray<Variable> = [
  told(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "The collector that `exchange serve` sends traces, metrics and logs to; `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and so on name one for each.",
    "nothing is sent"
  ),
  told("OTEL_EXPORTER_OTLP_HEADERS", "What is sent along to it, such as `name=value,other=value`.", "nothing", true),
  told("OTEL_EXPORTER_OTLP_PROTOCOL", "How: `http/json`, and nothing else.", "http/json"),
  told("OTEL_EXPORTER_OTLP_TIMEOUT", "How long a batch may take, in milliseconds.", "10000"),
  told("OTEL_SERVICE_NAME", "What the service is called there.", "effect-exchange"),
  told(
    "OTEL_RESOURCE_ATTRIBUTES",
    "What else is said of it, such as `name=value,other=value`.",
    "its name and version"
  ),
  told(
    "OTEL_TRACES_EXPORTER",
    "Whether traces are sent: `otlp` or `none`. The same for `OTEL_METRICS_EXPORTER` and `OTEL_LOGS_EXPORTER`.",
    "otlp where there is a collector"
  ),
  told("OTEL_TRACES_SAMPLER", "Which traces, and with `OTEL_TRACES_SAMPLER_ARG` how many.", "parentbased_always_on"),
  told("OTEL_METRIC_EXPORT_INTERVAL", "How often metrics are sent, in milliseconds.", "60000"),
  told("OTEL_SDK_DISABLED", "`true` sends nothing, whatever else is said.", "false")
]

/**
 * All names, those of the keys of exchanges last.
 *
 * @since 0.1.0
 * @category constants
 */
export const variables: ReadonlyArray<Variable> = [
  {
    path: ["EXCHANGE_SECRETS_DIR"],
    meaning: "A directory of mounted secrets, a file each, read again when they may have been rotated.",
    otherwise: "no files",
    isSecret: false,
    config: Configuration.secretsDirectory
  },
  {
    path: ["EXCHANGE_SECRETS_FROM"],
    meaning:
      "A secret manager that is asked before everything else: `vault` or `aws`, which have [names of their own](../packages/secrets/README.md).",
    otherwise: "none is asked",
    isSecret: false,
    config: Configuration.secretsFrom
  },
  {
    path: ["EXCHANGE_LOG_LEVEL"],
    meaning: "How much `exchange serve` logs: `Debug`, `Info`, `Warning`, `Error` or `None`.",
    otherwise: "Info",
    isSecret: false,
    config: Configuration.logLevel
  },
  {
    path: ["EXCHANGE_SERVER_TOKENS"],
    meaning: "The bearer tokens that `exchange serve` asks for, with commas between them.",
    otherwise: "it serves whoever reaches it",
    isSecret: true,
    config: Configuration.serverTokens
  },
  {
    path: ["EXCHANGE_LIVE_TRADING"],
    meaning:
      "Whether `exchange order` and `exchange call` may send what costs real money, with `--send` and `--environment live`: `enabled`.",
    otherwise: "it only says what it would send",
    isSecret: false,
    config: Configuration.liveTrading
  },
  {
    path: ["NO_COLOR"],
    meaning: "Whether to write without colours, whatever it says.",
    otherwise: "colours at a terminal",
    isSecret: false,
    config: Configuration.noColor
  },
  told(
    "HTTPS_PROXY",
    "The HTTP proxy on the way to exchanges, secret managers and the collector: `http://user:password@host:port`, or `https://`. Each of these three is looked for in lower case first.",
    "they are reached without",
    true
  ),
  told("HTTP_PROXY", "The same for what is reached by plain HTTP, such as a collector.", "it is reached without", true),
  told(
    "NO_PROXY",
    "What is reached without a proxy, with commas between: names and all below them, addresses, networks as `10.0.0.0/8`, or `*`. The loopback and link-local addresses always are.",
    "all else goes through it"
  ),
  ...collector,
  ...keys
]

/**
 * Formats the names as a Markdown table for the documentation.
 *
 * @since 0.1.0
 * @category formatting
 */
export const markdown = (): string =>
  [
    ["name", "what it means", "without it", "secret"],
    ["---", "---", "---", "---"],
    ...variables.map(({ isSecret, meaning, otherwise, path }) => [
      `\`${Configuration.nameOf(path)}\``,
      meaning,
      otherwise,
      isSecret ? "yes" : "no"
    ])
  ].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
