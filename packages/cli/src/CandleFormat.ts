/**
 * Formats of candles as lines of text. Decimals are written exactly as received, and times in ISO 8601, UTC.
 *
 * @since 0.1.0
 */
import { Candle, Decimal } from "@effect-exchange/core"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * The names of the line-based formats that can be appended to a file.
 *
 * @since 0.1.0
 * @category models
 */
export type Name = "csv" | "jsonl"

/**
 * How to write candles as lines, and how to read a line back. Lines do not include the final line feed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Format {
  readonly name: Name
  /** The environment that each line names. `undefined` in the format of files that name none. */
  readonly environment: string | undefined
  /** The line before all candles. `undefined` if each line names its fields. */
  readonly header: string | undefined
  readonly line: (candle: Candle.Candle) => string
  /** The beginning of a file with candles of a series. */
  readonly start: (of: Pick<Candle.Candle, "exchange" | "interval" | "symbol">) => string
  /** Reads the series and the open time of a line. `None` if the line is not a candle of this format. */
  readonly read: (line: string) => Option.Option<Line>
}

/**
 * The series and the time of a candle: `series` names exchange, symbol and interval, and `openTime` is in epoch
 * milliseconds. `environment` is that of the line, if it names one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Line {
  readonly series: string
  readonly openTime: number
  readonly environment: string | undefined
}

/**
 * Returns the name of a series of candles, such as `kraken BTC/USDT 1h`.
 *
 * @since 0.1.0
 * @category getters
 */
export const series = (
  { exchange, interval, symbol }: Pick<Candle.Candle, "exchange" | "interval" | "symbol">
): string => `${exchange} ${symbol} ${interval}`

/**
 * Formats a time in epoch milliseconds as ISO 8601.
 *
 * @since 0.1.0
 * @category formatting
 */
export const iso = (instant: number): string => DateTime.formatIso(DateTime.unsafeMake(instant))

const Row = Schema.Struct({
  exchange: Schema.String,
  symbol: Schema.String,
  interval: Schema.String,
  openTime: Schema.String,
  open: Decimal.FromString,
  high: Decimal.FromString,
  low: Decimal.FromString,
  close: Decimal.FromString,
  volume: Decimal.FromString,
  // Last, so that the columns before it stay where they are in files of older versions, which do not have it.
  environment: Schema.optionalWith(Schema.String, { exact: true })
})

const encode = Schema.encodeSync(Row)
const encodeJson = Schema.encodeSync(Schema.parseJson(Row))
const decode = Schema.decodeUnknownEither(Row)
const decodeJson = Schema.decodeUnknownEither(Schema.parseJson(Row))

const rowOf = ({ openTime, ...candle }: Candle.Candle, environment: string | undefined): typeof Row.Type => ({
  ...candle,
  openTime: iso(openTime),
  ...environment === undefined ? {} : { environment }
})

const lineOf = (row: Either.Either<typeof Row.Type, unknown>): Option.Option<Line> =>
  Option.flatMap(
    Option.filter(Either.getRight(row), ({ interval }) => Schema.is(Candle.Interval)(interval)),
    ({ environment, exchange, interval, openTime, symbol }) =>
      Option.map(DateTime.make(openTime), (at) => ({
        environment,
        series: `${exchange} ${symbol} ${interval}`,
        openTime: DateTime.toEpochMillis(at)
      }))
  )

// Comma-separated values. No field of a candle contains a comma or a quote, so none is quoted.
const csv = (environment: string | undefined): Format => {
  const columns = Object.keys(Row.fields).filter((column) => column !== "environment" || environment !== undefined)
  const header = columns.join(",")
  return {
    name: "csv",
    environment,
    header,
    start: () => header,
    line: (candle) => {
      const row: Readonly<Record<string, string>> = encode(rowOf(candle, environment))
      return columns.map((column) => row[column] ?? "").join(",")
    },
    read: (line) => {
      const cells = line.split(",")
      return cells.length === columns.length
        ? lineOf(decode(Object.fromEntries(columns.map((column, index) => [column, cells[index]]))))
        : Option.none()
    }
  }
}

// One JSON document per line.
const jsonl = (environment: string | undefined): Format => ({
  name: "jsonl",
  environment,
  header: undefined,
  start: ({ exchange, interval, symbol }) =>
    `${JSON.stringify({ exchange, symbol, interval }).slice(0, -1)},"openTime":"`,
  line: (candle) => encodeJson(rowOf(candle, environment)),
  read: (line) => lineOf(decodeJson(line))
})

/**
 * Returns the format with the given name. Its lines name the environment, if one is given. Those of files that older
 * versions wrote name none.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (name: Name, environment?: string): Format => name === "csv" ? csv(environment) : jsonl(environment)
