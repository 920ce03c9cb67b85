/**
 * What accounts hold, as a table or as JSON.
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
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly json: boolean
}

/**
 * What every such document says beside its rows: `unsupported` are the exchanges that have no such thing.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Told = Schema.Struct({
  environment: Schema.String,
  failures: Schema.Array(Answers.Failed),
  unsupported: Schema.Array(Answers.Failed)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Told extends Schema.Schema.Type<typeof Told> {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Report<Row> {
  /** What is said where there are no rows, a sentence. */
  readonly none: string
  readonly ask: (connection: Accounts.Connection) => Effect.Effect<ReadonlyArray<Row>, ExchangeError.AccountError>
  readonly columns: ReadonlyArray<Table.Column>
  readonly cells: (row: Row) => ReadonlyArray<Table.Cell>
  readonly encode: (rows: ReadonlyArray<Row>, told: Told) => string
}

/**
 * Asks every account at once and prints what they answer. Fails with `Incomplete` when one did not, or when none of the exchanges
 * has such a thing; one that has not while others have is only told.
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
 * A decimal as people read it: exact, without zeros that say nothing.
 *
 * @since 0.1.0
 * @category formatting
 */
export const plain = (value: BigDecimal.BigDecimal | undefined): string =>
  value === undefined ? "–" : Decimal.format(BigDecimal.normalize(value))

/**
 * An instant in ISO, by UTC.
 *
 * @since 0.1.0
 * @category formatting
 */
export const iso = (instant: number | undefined): string =>
  instant === undefined ? "–" : DateTime.formatIso(DateTime.unsafeMake(instant))

/**
 * The cell of a side: what buys is good.
 *
 * @since 0.1.0
 * @category formatting
 */
export const sideCell = (side: "buy" | "sell" | "long" | "short"): Table.Cell => ({
  text: side,
  tone: side === "buy" || side === "long" ? "good" : "bad"
})
