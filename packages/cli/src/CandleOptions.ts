/**
 * Options of `exchange candles`.
 *
 * @since 0.1.0
 */
import * as Candle from "@effect-exchange/core/model/Candle"
import * as Options from "@effect/cli/Options"
import type * as ValidationError from "@effect/cli/ValidationError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { refused } from "./internal/optionValues.js"
import { quote } from "./internal/quote.js"

const isInterval = Schema.is(Candle.Interval)

const intervals = Candle.Interval.literals.join(", ")

/**
 * `--interval 1h`: the length of a candle. Defaults to `1h`.
 *
 * @since 0.1.0
 * @category options
 */
export const interval: Options.Options<Candle.Interval> = Options.text("interval").pipe(
  Options.withPseudoName(Candle.Interval.literals.join("|")),
  Options.withDescription(
    "The length of a candle; not every exchange supports every length. Weeks start on Monday, months on the first. Default: 1h."
  ),
  Options.withDefault("1h"),
  Options.mapEffect((text) =>
    isInterval(text)
      ? Effect.succeed(text)
      : refused(`--interval cannot be ${quote(text)}; expected one of ${intervals}.`)
  )
)

/**
 * Parses an ISO 8601 date, or date and time, to epoch milliseconds. A time without an offset is in UTC.
 *
 * @since 0.1.0
 * @category constructors
 */
export const instant = (text: string): Option.Option<number> => {
  const [, day = "", time, offset = "Z"] =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text) ?? []
  // Checks the day separately: `Date` reads 30 February as a day in March.
  return DateTime.make(`${day}T00:00:00Z`).pipe(
    Option.filter((at) => DateTime.formatIsoDateUtc(at) === day),
    Option.flatMap(() => DateTime.make(`${day}T${time ?? "00:00"}${offset}`)),
    Option.map(DateTime.toEpochMillis)
  )
}

const dated = (name: string) => (text: string): Effect.Effect<number, ValidationError.ValidationError> =>
  Option.match(instant(text), {
    onNone: () =>
      refused(`--${name} cannot be ${quote(text)}; expected a date such as 2026-01-31 or 2026-01-31T12:00Z.`),
    onSome: Effect.succeed
  })

const date = (name: string, description: string): Options.Options<string> =>
  Options.text(name).pipe(Options.withPseudoName("date"), Options.withDescription(description))

/**
 * `--from 2026-01-01`: the start, which is required.
 *
 * @since 0.1.0
 * @category options
 */
export const from: Options.Options<number> = date(
  "from",
  "The start, such as 2026-01-31 or 2026-01-31T12:00Z; in UTC unless it has an offset."
).pipe(Options.mapEffect(dated("from")))

/**
 * `--to 2026-02-01`: the end, exclusive. Defaults to now.
 *
 * @since 0.1.0
 * @category options
 */
export const to: Options.Options<Option.Option<number>> = date(
  "to",
  "The end, exclusive. Default: now."
).pipe(Options.mapEffect(dated("to")), Options.optional)

/**
 * `--from 2026-01-01`: the start, which is optional.
 *
 * @since 0.1.0
 * @category options
 */
export const since: Options.Options<Option.Option<number>> = date(
  "from",
  "The start, such as 2026-01-31; in UTC. Default: the latest only."
).pipe(Options.mapEffect(dated("from")), Options.optional)

/**
 * The names of the formats of candles.
 *
 * @since 0.1.0
 * @category constants
 */
export const formats = ["csv", "jsonl", "parquet", "table"] as const

/**
 * The name of a format of candles.
 *
 * @since 0.1.0
 * @category models
 */
export type FormatName = typeof formats[number]

const isFormat = Schema.is(Schema.Literal(...formats))

/**
 * `--format csv|jsonl|parquet|table`: the format of the output.
 *
 * @since 0.1.0
 * @category options
 */
export const format: Options.Options<Option.Option<FormatName>> = Options.text("format").pipe(
  Options.withPseudoName(formats.join("|")),
  Options.withDescription(
    "The output format; decimals are exact in every format. Default: csv, or jsonl with --json."
  ),
  Options.mapEffect((text) =>
    isFormat(text)
      ? Effect.succeed(text)
      : refused(`--format cannot be ${quote(text)}; expected one of ${formats.join(", ")}.`)
  ),
  Options.optional
)

/**
 * `--output candles.csv`: the file to write to.
 *
 * @since 0.1.0
 * @category options
 */
export const output: Options.Options<Option.Option<string>> = Options.text("output").pipe(
  Options.withPseudoName("file"),
  Options.withDescription("The file to write to; an existing csv or jsonl file is continued after its last candle."),
  Options.optional
)
