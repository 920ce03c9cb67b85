/**
 * Candles as lines of text: decimals are written as the exchange has them, and instants in ISO, by UTC.
 *
 * @since 0.1.0
 */
import { Candle, Decimal } from "@effect-exchange/core"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * The formats of whole lines, which a file can be made of.
 *
 * @since 0.1.0
 * @category models
 */
export type Name = "csv" | "jsonl"

/**
 * How a candle is written, and what a line tells of the candle that it was. Lines end in a line feed, which is not among them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Format {
  readonly name: Name
  /** The line above all candles; none where each line says what is what. */
  readonly header: string | undefined
  readonly line: (candle: Candle.Candle) => string
  /** Whose candle a line is; none where it is no candle of this format. */
  readonly read: (line: string) => Option.Option<Line>
}

/**
 * What a line tells: `series` names exchange, symbol and interval, and `openTime` is in epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Line {
  readonly series: string
  readonly openTime: number
}

/**
 * The name of a series of candles, such as `kraken BTC/USDT 1h`.
 *
 * @since 0.1.0
 * @category getters
 */
export const series = (
  { exchange, interval, symbol }: Pick<Candle.Candle, "exchange" | "interval" | "symbol">
): string => `${exchange} ${symbol} ${interval}`

/**
 * An instant in epoch milliseconds, in ISO.
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
  volume: Decimal.FromString
})

const columns = Object.keys(Row.fields)

const encode = Schema.encodeSync(Row)
const encodeJson = Schema.encodeSync(Schema.parseJson(Row))
const decode = Schema.decodeUnknownEither(Row)
const decodeJson = Schema.decodeUnknownEither(Schema.parseJson(Row))

const rowOf = ({ openTime, ...candle }: Candle.Candle): typeof Row.Type => ({ ...candle, openTime: iso(openTime) })

const told = (row: Either.Either<typeof Row.Type, unknown>): Option.Option<Line> =>
  Option.flatMap(
    Option.filter(Either.getRight(row), ({ interval }) => Schema.is(Candle.Interval)(interval)),
    ({ exchange, interval, openTime, symbol }) =>
      Option.map(DateTime.make(openTime), (at) => ({
        series: `${exchange} ${symbol} ${interval}`,
        openTime: DateTime.toEpochMillis(at)
      }))
  )

/**
 * Comma-separated values. Nothing in a candle has a comma or a quote in it.
 *
 * @since 0.1.0
 * @category constants
 */
export const csv: Format = {
  name: "csv",
  header: columns.join(","),
  line: (candle) => {
    const row: Readonly<Record<string, string>> = encode(rowOf(candle))
    return columns.map((column) => row[column] ?? "").join(",")
  },
  read: (line) => {
    const cells = line.split(",")
    return cells.length === columns.length
      ? told(decode(Object.fromEntries(columns.map((column, index) => [column, cells[index]]))))
      : Option.none()
  }
}

/**
 * A JSON document on each line.
 *
 * @since 0.1.0
 * @category constants
 */
export const jsonl: Format = {
  name: "jsonl",
  header: undefined,
  line: (candle) => encodeJson(rowOf(candle)),
  read: (line) => told(decodeJson(line))
}

/**
 * @since 0.1.0
 * @category getters
 */
export const of = (name: Name): Format => name === "csv" ? csv : jsonl
