import { Simulation } from "@effect-exchange/testing"
import { Effect, Either, Schema } from "effect"
import { Exchanges } from "../../src/index.js"
import { replay, world } from "./world.js"

/** The argument of a job of `pnpm simulate`. Its seeds are `from`, `from + by` and so on, below `to`. */
const Argument = Schema.parseJson(Schema.Struct({
  from: Schema.Int,
  to: Schema.Int,
  by: Schema.Int,
  steps: Schema.Int,
  exchange: Schema.optional(Exchanges.ExchangeId)
}))

const print = (line: object) =>
  Effect.sync(() => {
    process.stdout.write(`${JSON.stringify(line)}\n`)
  })

/** Runs the seeds of the job. Prints a line of JSON for each seed that passes, and for the first one that fails. */
const job = Effect.gen(function*() {
  const { by, exchange, from, steps, to } = yield* Schema.decodeUnknown(Argument)(process.argv[2])
  const seeds = function*() {
    for (let seed = from; seed < to; seed += by) yield seed
  }
  yield* Effect.forEach(
    seeds(),
    (seed) => {
      const id = exchange ?? Exchanges.ids[seed % Exchanges.ids.length]
      if (id === undefined) return Effect.dieMessage("there are no exchanges")
      return Effect.tap(Simulation.run(world(id), seed, { steps }), ({ millis }) => print({ held: seed, millis }))
    },
    { concurrency: 20, discard: true }
  )
})

const failed = (error: unknown) =>
  error instanceof Simulation.SimulationFailed
    ? print({ failed: `${error.message}\nto replay: ${replay(error)}` })
    : print({ failed: String(error) })

const ended = await Effect.runPromise(Effect.either(job))
if (Either.isLeft(ended)) await Effect.runPromise(failed(ended.left))
