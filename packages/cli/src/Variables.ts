/**
 * Every name that the command reads from configuration: what it means, what holds without it, and what reads it.
 *
 * @since 0.1.0
 */
import { Credentials } from "@effect-exchange/core"
import * as Exchanges from "@effect-exchange/exchanges/Exchanges"
import type * as Config from "effect/Config"
import * as Configuration from "./Configuration.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Variable {
  /** Where it stands: the parts of a variable's name between `_`, or of a file's path between `/`. */
  readonly path: ReadonlyArray<string>
  readonly meaning: string
  /** What holds without it. */
  readonly otherwise: string
  readonly isSecret: boolean
  /** What reads it, and refuses what cannot be used. */
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

/**
 * All of them, the keys of exchanges last.
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
    path: ["NO_COLOR"],
    meaning: "Whether to write without colours, whatever it says.",
    otherwise: "colours at a terminal",
    isSecret: false,
    config: Configuration.noColor
  },
  ...keys
]

/**
 * The table of all names in Markdown, for the documentation.
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
