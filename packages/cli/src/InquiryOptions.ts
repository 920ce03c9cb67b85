/**
 * Options of the commands that inspect the configuration.
 *
 * @since 0.1.0
 */
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { refused } from "./internal/optionValues.js"
import { quote } from "./internal/quote.js"
import { environments, healthy, type Settings } from "./Options.js"

const isEnvironment = Schema.is(Schema.Literal(...environments))

/**
 * `--environment simulated|testnet|live`: the environment to check. Without it, live, and for keys live and testnet.
 *
 * @since 0.1.0
 * @category options
 */
export const environment: Options.Options<Option.Option<Settings["environment"]>> = Options.text("environment").pipe(
  Options.withPseudoName(environments.join("|")),
  Options.withDescription(
    "Which environment of the exchanges to check. Default: live, and for keys also testnet."
  ),
  Options.mapEffect((text) =>
    isEnvironment(text)
      ? Effect.succeed(text)
      : refused(`--environment cannot be ${quote(text)}; expected one of ${environments.join(", ")}.`)
  ),
  Options.optional
)

/**
 * The parsed options.
 *
 * @since 0.1.0
 * @category models
 */
export interface Inquiry extends Pick<Settings, "exchange" | "baseUrl" | "verbose"> {
  readonly environment: Option.Option<Settings["environment"]>
}

/**
 * Converts the options to settings. The environment defaults to live.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inquired = ({ baseUrl, environment, exchange, verbose }: Inquiry): Settings =>
  healthy({ baseUrl, environment: Option.getOrElse(environment, () => "live" as const), exchange, verbose })
