/**
 * Reports account data as a table or as JSON.
 *
 * @since 0.1.0
 */
import { Decimal, type ExchangeError } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Accounts from "./Accounts.js"
import * as Answers from "./Answers.js"
import type * as Configuration from "./Configuration.js"
import type * as Connections from "./Connections.js"
import { Incomplete, type UsageError } from "./Failure.js"
import type * as Options from "./Options.js"
import * as Screen from "./Screen.js"
import * as Table from "./Table.js"

/**
 * The options that all account commands share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly json: boolean
}

/**
 * The fields of every account document besides its rows. `unsupported` lists the exchanges that do not support the
 * request.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DocumentFields = Schema.Struct({
  environment: Schema.String,
  failures: Schema.Array(Answers.Failed),
  unsupported: Schema.Array(Answers.Failed)
})

/**
 * The type of {@link DocumentFields}.
 *
 * @since 0.1.0
 * @category models
 */
export interface DocumentFields extends Schema.Schema.Type<typeof DocumentFields> {}

/**
 * How to request, format and encode the rows of a report.
 *
 * @since 0.1.0
 * @category models
 */
export interface Report<Row> {
  /** The sentence that is printed when there are no rows. */
  readonly none: string
  readonly ask: (connection: Accounts.Connection) => Effect.Effect<ReadonlyArray<Row>, ExchangeError.AccountError>
  readonly columns: ReadonlyArray<Table.Column>
  readonly cells: (row: Row) => ReadonlyArray<Table.Cell>
  readonly encode: (rows: ReadonlyArray<Row>, fields: DocumentFields) => string
}

/**
 * Asks all accounts concurrently and prints their answers.
 *
 * Fails with `Incomplete` if an account failed to answer, or if no exchange supports the request. If only some
 * exchanges do not support it, they are listed without failing.
 *
 * @since 0.1.0
 * @category commands
 */
export const print = Effect.fnUntraced(function*<Row>(
  input: Input,
  { ask, cells, columns, encode, none }: Report<Row>
): Effect.fn.Return<
  void,
  UsageError | Incomplete,
  Configuration.Configuration | Connections.Network | Screen.Screen
> {
  const screen = yield* Screen.Screen
  const { answers, without } = yield* Effect.scoped(
    Effect.flatMap(
      Accounts.open(input),
      ({ connections, without }) => Effect.map(Answers.gather(connections, ask), (answers) => ({ answers, without }))
    )
  )
  const unsupported = answers.failures.filter(({ tag }) => tag === "Unsupported")
  const failures = [...without, ...answers.failures.filter(({ tag }) => tag !== "Unsupported")]
  if (input.json) {
    yield* Screen.line(encode(answers.rows, { environment: input.environment, failures, unsupported }))
  } else {
    yield* Screen.line(answers.rows.length > 0 ? Table.render(columns, answers.rows.map(cells), screen.colors) : none)
    const remarks = Answers.remarks([...failures, ...unsupported], input, screen.colors)
    if (remarks !== "") yield* Screen.line(remarks)
  }
  const failed = unsupported.length === input.exchange.length ? unsupported : failures
  if (failed.length > 0) return yield* new Incomplete({ exchanges: failed.map(({ exchange }) => exchange) })
})

/**
 * Formats a decimal exactly, without trailing zeros.
 *
 * @since 0.1.0
 * @category formatting
 */
export const plain = (value: BigDecimal.BigDecimal | undefined): string =>
  value === undefined ? "–" : Decimal.format(BigDecimal.normalize(value))

/**
 * Formats a time in epoch milliseconds as ISO 8601, in UTC.
 *
 * @since 0.1.0
 * @category formatting
 */
export const iso = (instant: number | undefined): string =>
  instant === undefined ? "–" : DateTime.formatIso(DateTime.unsafeMake(instant))

/**
 * Formats the side of an order or a position. Buy and long are shown as good, sell and short as bad.
 *
 * @since 0.1.0
 * @category formatting
 */
export const sideCell = (side: "buy" | "sell" | "long" | "short"): Table.Cell => ({
  text: side,
  tone: side === "buy" || side === "long" ? "good" : "bad"
})
