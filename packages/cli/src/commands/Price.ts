/**
 * `exchange price`: the current prices of symbols on exchanges.
 *
 * @since 0.1.0
 */
import type { ExchangeSymbol } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Answers from "../Answers.js"
import * as Connections from "../Connections.js"
import { Incomplete, type UsageError } from "../Failure.js"
import * as Options from "../Options.js"
import * as PriceTable from "../PriceTable.js"
import * as Progress from "../Progress.js"
import * as Quotes from "../Quotes.js"
import * as Registry from "../Registry.js"
import * as Screen from "../Screen.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly symbols: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
  readonly json: boolean
}

/**
 * The JSON document that `--json` prints.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({ environment: Schema.String, prices: Schema.Array(Quotes.Row) }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

/**
 * Asks all exchanges concurrently and prints a row per exchange and symbol. Fails with `Incomplete` if a price is
 * missing.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  input: Input,
  program: string
): Effect.fn.Return<void, UsageError | Incomplete, Connections.Network | Screen.Screen> {
  const { environment, exchange, json, symbols } = input
  const screen = yield* Screen.Screen
  const rows = yield* Effect.scoped(Effect.gen(function*() {
    const connections = yield* Connections.open(input)
    const steps = connections.length * (symbols.length + 1)
    const onProgress = json
      ? Progress.silent
      : yield* Progress.make(steps, `loading the markets of ${exchange.join(", ")}`)
    const gathered = yield* Concurrent.forEach(
      connections,
      (connection) => Quotes.gather(connection, symbols, onProgress),
      { concurrency: "unbounded" }
    )
    return gathered.flat()
  }))
  const failed = failedOf(input, rows)
  if (json) {
    yield* Screen.line(encode({ environment, prices: rows }))
  } else {
    yield* Screen.line(PriceTable.table(rows, screen.colors))
    const remarks = [...PriceTable.failures(rows, screen.colors), ...Answers.simulation(input)]
    if (remarks.length > 0) yield* Screen.line(`\n${remarks.join("\n")}`)
    yield* Screen.note(next(input, rows, program, (yield* Registry.registry).ids))
  }
  if (failed.length > 0) return yield* new Incomplete({ exchanges: failed })
})

const failedOf = (input: Input, rows: ReadonlyArray<Quotes.Row>): ReadonlyArray<string> =>
  input.exchange.filter((id) => rows.some(({ error, exchange }) => error !== undefined && exchange === id))

const next = (
  input: Input,
  rows: ReadonlyArray<Quotes.Row>,
  program: string,
  all: ReadonlyArray<string>
): string => {
  const some = input.symbols.slice(0, 2).join(" ")
  const failures = rows.filter(({ error }) => error !== undefined)
  const failed = failedOf(input, rows)
  const [unlisted] = failures
  if (unlisted !== undefined && failures.every(({ error }) => error?.tag === "SymbolNotFound")) {
    const [base] = unlisted.symbol.split("/")
    return `Next: ${program} markets ${base}${Options.typed({ ...input, exchange: failed }, all)} lists its markets.`
  }
  if (failed.length > 0) {
    return input.faults === "none"
      ? `Next: ${program} health${
        Options.typed({ ...input, exchange: failed }, all)
      } shows the status of the exchanges.`
      : `Next: ${program} price ${some}${
        Options.typed(input, all)
      } --faults none requests the same from healthy exchanges.`
  }
  const isSimulated = input.exchange.some((exchange) => Connections.isInMemory(exchange, input))
  return isSimulated && input.faults !== "outage"
    ? `Next: ${program} watch ${some}${
      Options.typed(input, all)
    } --faults outage shows circuit breakers open and close until Ctrl-C; --environment live uses the real exchanges.`
    : `Next: ${program} watch ${some}${
      Options.typed(input, all)
    } keeps these prices up to date; press Ctrl-C to stop it.`
}
