/**
 * Formats rows of prices for the terminal.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import type { Row } from "./Quotes.js"
import * as Table from "./Table.js"

/**
 * The columns of {@link quote}.
 *
 * @since 0.1.0
 * @category formatting
 */
export const quoteColumns: ReadonlyArray<Table.Column> = [
  { title: "exchange" },
  { title: "symbol" },
  { title: "last", align: "right" },
  { title: "bid", align: "right" },
  { title: "ask", align: "right" },
  { title: "24 h change", align: "right" }
]

/**
 * Formats the prices of a row. A failed row shows the tag of its error instead.
 *
 * @since 0.1.0
 * @category formatting
 */
export const quote = (row: Row): ReadonlyArray<Table.Cell> => [
  row.exchange,
  row.symbol,
  row.error === undefined ? row.last ?? "–" : { text: row.error.tag, tone: "bad" },
  row.bid ?? "–",
  row.ask ?? "–",
  changeCell(row.change24h)
]

const effortColumns: ReadonlyArray<Table.Column> = [
  { title: "latency", align: "right" },
  { title: "attempts", align: "right" },
  { title: "breaker" }
]

/**
 * Formats prices with the latency, the attempts and the circuit breaker of each row.
 *
 * @since 0.1.0
 * @category formatting
 */
export const table = (rows: ReadonlyArray<Row>, colors: boolean): string =>
  Table.render(
    [...quoteColumns, ...effortColumns],
    rows.map((row) => [...quote(row), `${row.latencyMillis} ms`, String(row.attempts), breakerCell(row.breaker)]),
    colors
  )

/**
 * Formats a ratio as a signed percentage with two decimal places: `0.025` is `+2.50 %`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const changeCell = (change: string | undefined): Table.Cell =>
  Option.match(Option.flatMap(Option.fromNullable(change), Decimal.parse), {
    onNone: () => "–",
    onSome: (ratio) => {
      const percent = BigDecimal.round(BigDecimal.multiply(ratio, hundred), { scale: 2, mode: "half-even" })
      const text = `${BigDecimal.isPositive(percent) ? "+" : ""}${Decimal.format(BigDecimal.scale(percent, 2))} %`
      if (BigDecimal.isZero(percent)) return text
      return { text, tone: BigDecimal.isPositive(percent) ? "good" : "bad" }
    }
  })

const hundred = BigDecimal.fromBigInt(100n)

/**
 * Formats the state of a circuit breaker.
 *
 * @since 0.1.0
 * @category formatting
 */
export const breakerCell = (state: string): Table.Cell => state === "Closed" ? state : { text: state, tone: "bad" }

/**
 * Formats one paragraph per distinct error, with the symbols it affects and advice.
 *
 * @since 0.1.0
 * @category formatting
 */
export const failures = (
  rows: ReadonlyArray<Pick<Row, "error" | "exchange" | "symbol">>,
  colors: boolean
): ReadonlyArray<string> =>
  Object.values(Arr.groupBy(
    rows.flatMap(({ error, exchange, symbol }) => error === undefined ? [] : [{ ...error, exchange, symbol }]),
    ({ exchange, message, tag }) => [exchange, tag, message].join("\n")
  )).map((group) => {
    const [{ advice, exchange, message, tag }] = group
    const what = `${exchange} ${group.map(({ symbol }) => symbol).join(", ")}: ${tag}.`
    return `${Table.paint(what, "bad", colors)} ${sentence(message)} ${advice}`
  })

const sentence = (text: string): string => {
  const plain = text.replace(/\p{Cc}+/gu, " ")
  return /[.!?]$/.test(plain) ? plain : `${plain}.`
}

/**
 * Formats a fraction as a percentage: `0.17` is `17 %`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const percent = (share: number): string => `${Math.round(share * 100)} %`
