/**
 * Options that several commands share, and the settings they produce.
 *
 * @since 0.1.0
 */
import * as Faults from "@effect-exchange/simulator/engine/Faults"
import * as Options from "@effect/cli/Options"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { UsageError } from "./Failure.js"
import { duration, refused } from "./internal/optionValues.js"
import { quote } from "./internal/quote.js"

/**
 * The environments of an exchange that a command can talk to.
 *
 * @since 0.1.0
 * @category constants
 */
export const environments = ["simulated", "testnet", "live"] as const

/**
 * The names of the faults that a simulator can inject.
 *
 * @since 0.1.0
 * @category constants
 */
export const faultNames = ["none", "flaky", "outage"] as const

/**
 * The name of a set of faults that a simulator can inject.
 *
 * @since 0.1.0
 * @category models
 */
export type FaultsName = typeof faultNames[number]

/**
 * Returns the faults with the given name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const faultsOf = (name: FaultsName): Faults.Faults => byName[name]

const byName: { readonly [Name in FaultsName]: Faults.Faults } = {
  none: Faults.none,
  flaky: Faults.flaky,
  outage: Faults.outage
}

// The errors of `Options.choice` do not name the option or its value.
const oneOf = <const A extends string>(
  name: string,
  choices: readonly [A, ...ReadonlyArray<A>],
  description: string
): Options.Options<A> => {
  const isChoice = Schema.is(Schema.Literal(...choices))
  return Options.text(name).pipe(
    Options.withPseudoName(choices.join("|")),
    Options.withDescription(`${description} Default: ${choices[0]}.`),
    Options.withDefault<string>(choices[0]),
    Options.mapEffect((text) =>
      isChoice(text)
        ? Effect.succeed(text)
        : refused(`--${name} cannot be ${quote(text)}; expected one of ${choices.join(", ")}.`)
    )
  )
}

/**
 * `--environment simulated|testnet|live`. Defaults to `simulated`.
 *
 * @since 0.1.0
 * @category options
 */
export const environment: Options.Options<typeof environments[number]> = oneOf(
  "environment",
  environments,
  "Which environment to use: exchanges simulated in memory, their testnets, or the live exchanges."
)

/**
 * `--faults none|flaky|outage`. Defaults to `none`.
 *
 * @since 0.1.0
 * @category options
 */
export const faults: Options.Options<FaultsName> = oneOf(
  "faults",
  faultNames,
  "How often requests to a simulated exchange fail: never, about one in three, or always."
)

/**
 * `--seed 7`: the seed of simulated prices and faults.
 *
 * @since 0.1.0
 * @category options
 */
export const seed: Options.Options<Option.Option<number>> = Options.text("seed").pipe(
  Options.withPseudoName("number"),
  Options.withDescription(
    "The seed of prices and faults of simulated exchanges; the same seed gives the same results."
  ),
  Options.mapEffect((text) =>
    /^\d{1,15}$/.test(text)
      ? Effect.succeed(Number(text))
      : refused(`--seed cannot be ${quote(text)}; expected a whole number such as 7.`)
  ),
  Options.optional
)

/**
 * `--json`: print JSON.
 *
 * @since 0.1.0
 * @category options
 */
export const json: Options.Options<boolean> = Options.boolean("json").pipe(
  Options.withDescription("Print only JSON; decimals are strings.")
)

/**
 * `--verbose`: log each request and response on standard error.
 *
 * @since 0.1.0
 * @category options
 */
export const verbose: Options.Options<boolean> = Options.boolean("verbose").pipe(
  Options.withDescription(
    "Print each request and its response to standard error, shortened and without keys and signatures."
  )
)

/**
 * `--all`: include variables that are not configured.
 *
 * @since 0.1.0
 * @category options
 */
export const all: Options.Options<boolean> = Options.boolean("all").pipe(
  Options.withDescription("Also show the keys of exchanges that are not configured.")
)

/**
 * `--interval 1s`: the pause between two updates, at least 100 milliseconds. Defaults to `1s`.
 *
 * @since 0.1.0
 * @category options
 */
export const interval: Options.Options<Duration.Duration> = Options.text("interval").pipe(
  Options.withPseudoName("time"),
  Options.withDescription(
    "The time between two updates, such as 500ms or 1m, and between two requests if there is no feed; exchanges with a tight rate limit take longer. Default: 1s."
  ),
  Options.withDefault("1s"),
  Options.mapEffect(duration("interval"))
)

/**
 * `--depth 15`: levels per side, from 1 to 1000. Defaults to `10`.
 *
 * @since 0.1.0
 * @category options
 */
export const depth: Options.Options<number> = Options.text("depth").pipe(
  Options.withPseudoName("number"),
  Options.withDescription("The number of levels to show on each side, from 1 to 1000. Default: 10."),
  Options.withDefault("10"),
  Options.mapEffect((text) =>
    /^[1-9]\d{0,2}$|^1000$/.test(text)
      ? Effect.succeed(Number(text))
      : refused(`--depth cannot be ${quote(text)}; expected a whole number from 1 to 1000.`)
  )
)

/**
 * The exchanges to talk to, and where and how to reach them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly exchange: ReadonlyArray<string>
  readonly environment: typeof environments[number]
  readonly faults: FaultsName
  readonly seed: Option.Option<number>
  readonly baseUrl: ReadonlyMap<string, string>
  readonly verbose: boolean
}

/**
 * The exchanges to talk to, and where to reach them.
 *
 * @since 0.1.0
 * @category models
 */
export type Places = Pick<Settings, "exchange" | "environment" | "baseUrl" | "verbose">

/**
 * Creates settings without faults.
 *
 * @since 0.1.0
 * @category constructors
 */
export const healthy = ({ baseUrl, environment, exchange, verbose }: Places): Settings => ({
  baseUrl,
  environment,
  exchange,
  faults: "none",
  seed: Option.none(),
  verbose
})

/**
 * Formats the options that select exchanges and environments as a command line, for suggestions. Options with default
 * values are left out, such as `--exchange` with all exchanges of the command.
 *
 * @since 0.1.0
 * @category formatting
 */
export const typed = (
  { baseUrl, environment, exchange }: Omit<Places, "verbose">,
  all: ReadonlyArray<string>
): string =>
  [
    ...exchange.length === all.length ? [] : [`--exchange ${exchange.join(",")}`],
    ...environment === "simulated" ? [] : [`--environment ${environment}`],
    ...exchange.flatMap((id) => {
      const url = baseUrl.get(id)
      return url === undefined ? [] : [`--base-url ${id}=${url}`]
    })
  ].map((option) => ` ${option}`).join("")

/**
 * Fails if settings contradict each other.
 *
 * @since 0.1.0
 * @category validation
 */
export const agree = (settings: Settings): Effect.Effect<void, UsageError> => {
  const notIncluded = [...settings.baseUrl.keys()].find((id) => !settings.exchange.includes(id))
  if (notIncluded !== undefined) {
    return new UsageError({
      detail: `--base-url names ${notIncluded}, which --exchange does not include; add it there.`
    })
  }
  const simulates = settings.environment === "simulated" &&
    settings.exchange.some((id) => !settings.baseUrl.has(id))
  if (simulates) return Effect.void
  if (settings.faults !== "none") return new UsageError({ detail: `--faults ${onlySimulated}` })
  return Option.isSome(settings.seed) ? new UsageError({ detail: `--seed ${onlySimulated}` }) : Effect.void
}

const onlySimulated =
  "applies only to exchanges that this command simulates, and there are none; use --environment simulated without --base-url, or remove the option."
