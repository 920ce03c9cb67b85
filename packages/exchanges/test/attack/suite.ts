import { ExchangeError } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option, Predicate } from "effect"
import { Exchanges } from "../../src/index.js"
import { draw, report, type Run } from "../support/sampling.js"
import { now } from "../support/unmoved.js"
import { agrees } from "./agree.js"
import type { Operation, Row } from "./good.js"
import { attack, isWrite, prepare, type Result, type Stage, timeout } from "./stage.js"
import { table } from "./table.js"

/** Twice an attempt's time for a read, and a little for a busy machine. A write is looked up for as long as it takes. */
const bound = (operation: Operation): number => isWrite(operation) ? 8000 : 2 * timeout + 300

/** So much more than before is what a body of the largest size may cost, several times over. */
const memory = 400 * 1024 * 1024

const controls = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u

const isError = (error: unknown): error is ExchangeError.ExchangeError =>
  Predicate.isRecord(error) && typeof error["_tag"] === "string" && error["_tag"] in ExchangeError.policies

const mayFailWith: { readonly [O in Operation]: (error: ExchangeError.ExchangeError) => boolean } = {
  ticker: ExchangeError.isMarketDataError,
  orderBook: ExchangeError.isMarketDataError,
  candles: ExchangeError.isMarketDataError,
  balances: ExchangeError.isAccountError,
  openOrders: ExchangeError.isAccountError,
  place: ExchangeError.isTradingError,
  cancel: ExchangeError.isTradingError
}

/** What is wrong with an outcome; nothing when it is as it must be. */
const judge = (stage: Stage, operation: Operation, row: Row, result: Result): string | undefined => {
  if (Option.isNone(result.exit)) return `hangs: it had not ended after ${Math.round(result.millis)} ms`
  if (result.trapped) return "a redirect was followed"
  const doubled = operation === "place" && result.writes > 1 &&
    Exchanges.features(stage.id).deduplicates !== "always"
  if (doubled) return `the order was sent ${result.writes} times`
  return Exit.match(result.exit.value, {
    onSuccess: (value) =>
      agrees(operation, row.rule, value, stage.truths.get(operation), now)
        ? undefined
        : `another value: ${shown(value)} instead of ${shown(stage.truths.get(operation))}`,
    onFailure: (cause) => {
      const failure = Cause.failureOption(cause)
      if (Option.isNone(failure)) return `a defect: ${Cause.pretty(cause).slice(0, 300)}`
      const error = failure.value
      if (!isError(error) || !mayFailWith[operation](error)) return `an error of another kind: ${String(error)}`
      if (isWrite(operation) && result.writes > 0 && ExchangeError.outcome(error) !== "Unknown") {
        return `${error._tag} (${ExchangeError.outcome(error)}) for what was carried out: ${error.message}`
      }
      if (controls.test(error.message)) return `letters in a message that a log must not see: ${shown(error.message)}`
      return error.message.length > 2000 ? `a message of ${error.message.length} letters` : undefined
    }
  })
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 300)

const check = (
  stage: Stage,
  operation: Operation,
  row: Row,
  elsewhere: ReadonlyMap<string, Buffer>
): Effect.Effect<Checked> =>
  Effect.map(attack(stage, operation, row.answer, elsewhere), (result) => {
    const wrong = judge(stage, operation, row, result)
    return { row, wrong, slow: result.millis > bound(operation) }
  })

interface Checked {
  readonly row: Row
  readonly wrong: string | undefined
  readonly slow: boolean
}

/** Slow among many may be the machine's fault: once more alone, less the time that others had the processor. */
const checkAlone = (
  stage: Stage,
  operation: Operation,
  row: Row,
  elsewhere: ReadonlyMap<string, Buffer>
): Effect.Effect<string | undefined> =>
  Effect.gen(function*() {
    const cpu = process.cpuUsage()
    let late = 0
    let expected = performance.now() + 10
    const watch = setInterval(() => {
      late += Math.max(0, performance.now() - expected)
      expected = performance.now() + 10
    }, 10)
    const result = yield* Effect.ensuring(
      attack(stage, operation, row.answer, elsewhere),
      Effect.sync(() => clearInterval(watch))
    )
    const { system, user } = process.cpuUsage(cpu)
    const millis = result.millis - Math.max(0, late - (system + user) / 1000)
    return judge(stage, operation, row, result) ??
      (millis > bound(operation) ? `slow, it took ${Math.round(millis)} ms` : undefined)
  })

/** The most memory that was in use while the effect ran, above what was in use before. */
const withPeak = <A>(self: Effect.Effect<A>): Effect.Effect<readonly [A, number]> =>
  Effect.gen(function*() {
    const before = process.memoryUsage().rss
    let peak = before
    const watch = Effect.forever(Effect.delay(
      Effect.sync(() => {
        peak = Math.max(peak, process.memoryUsage().rss)
      }),
      "20 millis"
    ))
    return [yield* Effect.raceFirst(self, watch), peak - before]
  })

/** What depends on how an operation reads its answer; the rest is met before anybody reads. */
const content = new Set(["cut", "nesting", "number", "characters", "about something else"])

/** What says something of the operation: all of public reads and of orders, and of the others what is theirs. */
const rowsOf = (operation: Operation): ReadonlyArray<Row> =>
  table.filter(({ kind, operations }, index) => {
    if (operations?.includes(operation) === false) return false
    if (operation === "ticker" || operation === "place" || content.has(kind)) return true
    const counts = operation === "balances" || operation === "cancel"
    return counts && (kind === "framing" || (kind === "status" && index % 4 === 0))
  })

const stages = Effect.forEach(Exchanges.ids, prepare)

/** Every exchange against every hostile answer, or a sample of them. */
export const register = (run: Run, operations: ReadonlyArray<Operation>): void => {
  const known = Effect.runSync(Effect.cached(stages))
  describe.sequential("attack", () => {
    for (const id of Exchanges.ids) {
      for (const operation of operations) {
        it.live(`${id} ${operation}`, () =>
          Effect.gen(function*() {
            const all = yield* known
            const elsewhere = new Map(
              all.flatMap(({ bodies, id }) =>
                [...bodies].map(([operation, body]) => [`${id} ${operation}`, body] as const)
              )
            )
            const stage = all.find((stage) => stage.id === id)
            assert(stage !== undefined)
            const rows = yield* draw(run, `attack ${id} ${operation}`, rowsOf(operation))
            const [results, peak] = yield* withPeak(
              Effect.forEach(rows, (row) => check(stage, operation, row, elsewhere), { concurrency: 8 })
            )
            const wrong = yield* Effect.forEach(results, ({ row, slow, wrong }) =>
              Effect.map(
                slow ? checkAlone(stage, operation, row, elsewhere) : Effect.succeed(wrong),
                (wrong) => wrong === undefined ? [] : [`${row.kind}, ${row.name}: ${wrong}`]
              ))
            assert.deepStrictEqual(report(run, wrong.flat()), [])
            assert.isBelow(peak, memory, "bytes of memory")
          }), 1_200_000)
      }
    }
  })
}
