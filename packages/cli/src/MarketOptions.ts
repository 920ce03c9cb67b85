/**
 * Arguments and options of `exchange markets`.
 *
 * @since 0.1.0
 */
import * as Market from "@effect-exchange/core/model/Market"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { refused } from "./internal/optionValues.js"
import { quote } from "./internal/quote.js"

/**
 * The text to search for.
 *
 * @since 0.1.0
 * @category arguments
 */
export const text: Args.Args<Option.Option<string>> = Args.text({ name: "text" }).pipe(
  Args.withDescription(
    "What to search for: an asset such as btc, or the beginning of a symbol. Default: all markets."
  ),
  Args.optional
)

const isKind = Schema.is(Market.Kind)

const kinds = Market.Kind.literals.join(", ")

/**
 * `--kind spot|perpetual|future`: only markets of this kind.
 *
 * @since 0.1.0
 * @category options
 */
export const kind: Options.Options<Option.Option<Market.Kind>> = Options.text("kind").pipe(
  Options.withPseudoName(Market.Kind.literals.join("|")),
  Options.withDescription("Only markets of this kind."),
  Options.mapEffect((text) =>
    isKind(text) ? Effect.succeed(text) : refused(`--kind cannot be ${quote(text)}; expected one of ${kinds}.`)
  ),
  Options.optional
)

/**
 * `--all`: include markets that are not open.
 *
 * @since 0.1.0
 * @category options
 */
export const allMarkets: Options.Options<boolean> = Options.boolean("all").pipe(
  Options.withDescription("Also list markets that are not open.")
)
