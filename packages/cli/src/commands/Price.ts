/**
 * `exchange price`: the prices of some symbols on some exchanges, once.
 *
 * @since 0.1.0
 */
import type { ExchangeSymbol } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Connections from "../Connections.js"
import { Incomplete, type UsageError } from "../Failure.js"
import type * as Options from "../Options.js"
import * as PriceTable from "../PriceTable.js"
import * as Progress from "../Progress.js"
import * as Quotes from "../Quotes.js"
import * as Screen from "../Screen.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly symbols: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
  readonly json: boolean
}

/**
 * What `--json` prints.
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
 * Asks all exchanges at once, prints a row for each symbol on each, and fails with `Incomplete` when some have no price.
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
  const failed = Arr.dedupe(rows.flatMap(({ error, exchange }) => error === undefined ? [] : [exchange]))
  if (json) {
    yield* Screen.line(encode({ environment, prices: rows }))
  } else {
    yield* Screen.line(PriceTable.table(rows, screen.colors))
    const remarks = [...PriceTable.failures(rows, screen.colors), next(input, failed, program)]
    yield* Screen.line(`\n${remarks.join("\n")}`)
  }
  if (failed.length > 0) return yield* new Incomplete({ exchanges: failed })
})

const next = (input: Input, failed: ReadonlyArray<string>, program: string): string => {
  const some = input.symbols.slice(0, 2).join(" ")
  if (failed.length > 0) {
    return input.faults === "none"
      ? `Next: ${program} health --exchange ${failed.join(",")} --environment ${input.environment} says how they are.`
      : `Next: ${program} price ${some} --faults none asks the same of exchanges in good health.`
  }
  return input.environment === "simulated" && input.faults !== "outage"
    ? `Next: ${program} watch ${some} --faults outage shows circuits open and close; Ctrl-C ends it.`
    : `Next: ${program} watch ${some} --environment ${input.environment} keeps these prices fresh; Ctrl-C ends it.`
}
