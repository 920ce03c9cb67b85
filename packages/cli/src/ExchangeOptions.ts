/**
 * The options that name exchanges, for the exchanges of a command.
 *
 * @since 0.1.0
 */
import * as Environment from "@effect-exchange/core/ports/Environment"
import * as Options from "@effect/cli/Options"
import type * as ValidationError from "@effect/cli/ValidationError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as InquiryOptions from "./InquiryOptions.js"
import { port as portOf, refused } from "./internal/optionValues.js"
import { quote } from "./internal/quote.js"
import { environment, faults, seed, verbose } from "./Options.js"
import * as Suggestions from "./Suggestions.js"

/**
 * The options that name exchanges.
 *
 * @since 0.1.0
 * @category models
 */
export type ExchangeOptions = ReturnType<typeof make>

/**
 * Creates the options for the exchanges with these ids.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (ids: ReadonlyArray<string>) => {
  const accepted = `one of ${ids.join(", ")}`

  const parse = (name: string): Effect.Effect<string, ValidationError.ValidationError> => {
    const id = name.trim().toLowerCase()
    return ids.includes(id)
      ? Effect.succeed(id)
      : refused(
        `No exchange is called ${quote(name)}; expected ${accepted}.${
          Suggestions.question(Suggestions.nearest(name, ids))
        }`
      )
  }

  /** `--exchange binance,bitmex`: the exchanges, without duplicates, in the given order. Defaults to all. */
  const exchanges = Options.text("exchange").pipe(
    Options.withAlias("e"),
    Options.withPseudoName("names"),
    Options.withDescription(`The exchanges, separated by commas: any of ${ids.join(", ")}. Default: all.`),
    Options.withDefault(ids.join(",")),
    Options.mapEffect((text) => Effect.map(Effect.forEach(text.split(","), parse), Arr.dedupe))
  )

  /** `--exchange kraken`: exactly one exchange. Defaults to `kraken`. */
  const oneExchange = Options.text("exchange").pipe(
    Options.withAlias("e"),
    Options.withPseudoName("name"),
    Options.withDescription(`The exchange: ${accepted}. Default: kraken.`),
    Options.withDefault("kraken"),
    Options.mapEffect((text) => Effect.map(parse(text), (id): ReadonlyArray<string> => [id]))
  )

  /** `--base-url binance=http://127.0.0.1:4000`, at most once per exchange. */
  const baseUrls = Options.text("base-url").pipe(
    Options.withPseudoName("name=url"),
    Options.withDescription(
      "The base URL to use for an exchange, such as binance=http://127.0.0.1:4000 (see exchange simulate). Repeatable."
    ),
    Options.repeated,
    Options.mapEffect((entries) =>
      Effect.reduce(entries, new Map<string, string>(), (urls, entry) => {
        const at = entry.indexOf("=")
        const id = entry.slice(0, Math.max(at, 0))
        // The message does not repeat the text: a URL may contain a password.
        if (!ids.includes(id)) {
          return refused(`--base-url must be name=url, such as ${example}, where name is ${accepted}.`)
        }
        if (urls.has(id)) return refused(`--base-url is given twice for ${id}; give it only once.`)
        return Environment.origin(entry.slice(at + 1)).pipe(
          Effect.map((origin) => urls.set(id, origin)),
          Effect.catchAll((error) =>
            refused(
              `The --base-url of ${id} is invalid: ${
                error._op === "InvalidData" ? error.message : "it cannot be read"
              }. Example: ${example}.`
            )
          )
        )
      })
    )
  )

  /** `--port 4000`: the port of the first exchange. Defaults to `4000`. */
  const port = Options.text("port").pipe(
    Options.withPseudoName("number"),
    Options.withDescription(
      "The port of the first exchange; the others use the following ports. 0 chooses free ports. Default: 4000."
    ),
    Options.withDefault("4000"),
    Options.mapEffect(portOf(65_535 - (ids.length - 1)))
  )

  /** Which exchanges, and where to reach them. Simulated exchanges work without faults. */
  const places = { exchange: exchanges, environment, baseUrl: baseUrls, verbose }

  /** The same, and the faults and the seed of simulated exchanges. */
  const settings = { ...places, faults, seed }

  return {
    exchanges,
    port,
    places,
    settings,
    /** The same for one exchange. */
    one: { ...settings, exchange: oneExchange },
    /** The options of the commands that inspect the configuration. */
    inquiry: { ...places, environment: InquiryOptions.environment }
  }
}

const example = "binance=http://127.0.0.1:4000"
