import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Exchanges } from "../../src/index.js"
import { draw, report, type Run } from "../support/sampling.js"
import type { Operation, Row } from "./row.js"
import { attack, prepare, type Stage } from "./stage.js"
import { rowsOf, timeBound, verdictOf } from "./verdict.js"

/** The maximum growth of memory, enough for several bodies of the maximum size. */
const memory = 640 * 1024 * 1024

const check = (
  stage: Stage,
  operation: Operation,
  row: Row,
  otherResponses: ReadonlyMap<string, Buffer>
): Effect.Effect<Checked> =>
  Effect.map(attack(stage, operation, row.answer, otherResponses), (result) => {
    const wrong = verdictOf(stage, operation, row, result)
    return { row, wrong, slow: result.millis > timeBound(operation, row) }
  })

interface Checked {
  readonly row: Row
  readonly wrong: string | undefined
  readonly slow: boolean
}

/** Repeats a slow case alone, and subtracts the time in which other processes had the processor. */
const checkAlone = (
  stage: Stage,
  operation: Operation,
  row: Row,
  otherResponses: ReadonlyMap<string, Buffer>
): Effect.Effect<string | undefined> =>
  Effect.gen(function*() {
    const cpu = process.cpuUsage()
    let delayed = 0
    let expected = performance.now() + 10
    const watch = setInterval(() => {
      delayed += Math.max(0, performance.now() - expected)
      expected = performance.now() + 10
    }, 10)
    const result = yield* Effect.ensuring(
      attack(stage, operation, row.answer, otherResponses),
      Effect.sync(() => clearInterval(watch))
    )
    const { system, user } = process.cpuUsage(cpu)
    const millis = result.millis - Math.max(0, delayed - (system + user) / 1000)
    return verdictOf(stage, operation, row, result) ??
      (millis > timeBound(operation, row) ? `slow, it took ${Math.round(millis)} ms` : undefined)
  })

/** Returns the growth of memory while the effect runs. */
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

const stages = Effect.forEach(Exchanges.ids, prepare)

/** Registers tests of every exchange with every hostile response, or with a sample. */
export const register = (run: Run, operations: ReadonlyArray<Operation>): void => {
  const known = Effect.runSync(Effect.cached(stages))
  describe.sequential("attack", () => {
    for (const id of Exchanges.ids) {
      for (const operation of operations) {
        it.live(`${id} ${operation}`, () =>
          Effect.gen(function*() {
            const all = yield* known
            const otherResponses = new Map(
              all.flatMap(({ bodies, id }) =>
                [...bodies].map(([operation, body]) => [`${id} ${operation}`, body] as const)
              )
            )
            const stage = all.find((stage) => stage.id === id)
            assert(stage !== undefined)
            const rows = yield* draw(run, `attack ${id} ${operation}`, rowsOf(operation))
            for (const { ready } of rows) ready?.()
            const [results, peak] = yield* withPeak(
              Effect.forEach(rows, (row) => check(stage, operation, row, otherResponses), { concurrency: 8 })
            )
            const wrong = yield* Effect.forEach(results, ({ row, slow, wrong }) =>
              Effect.map(
                slow ? checkAlone(stage, operation, row, otherResponses) : Effect.succeed(wrong),
                (wrong) => wrong === undefined ? [] : [`${id} ${operation}, ${row.kind}, ${row.name}: ${wrong}`]
              ))
            assert.deepStrictEqual(report(run, wrong.flat()), [], `${id} ${operation}`)
            assert.isBelow(peak, memory, "bytes of memory")
          }), 1_200_000)
      }
    }
  })
}
