/**
 * Runs random programs against a client and an exchange in memory, and injects faults. The seed determines the program
 * and the faults. All invariants are checked after each step. The same seed gives the same run. A failing program is
 * shrunk to the steps that are needed to fail.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Program from "./internal/simulation/program.js"
import * as Run from "./internal/simulation/run.js"
import { shrink } from "./internal/simulation/shrink.js"
import { Violation, type World } from "./SimulationWorld.js"

/**
 * The options of a run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The number of steps of a program. Defaults to 20. */
  readonly steps?: number | undefined
  /** The maximum number of runs to shrink a failing program. Defaults to 200. */
  readonly shrinks?: number | undefined
}

/**
 * The result of a run. `received` is everything that its listeners received, which depends on the seed only. `millis`
 * is the duration by the clock of the run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcome {
  readonly received: string
  readonly millis: number
}

/**
 * An invariant did not hold for a seed. `trace` describes, one sentence per step, the shortest program found that
 * violates the same invariant.
 *
 * @since 0.1.0
 * @category errors
 */
export class SimulationFailed
  extends Schema.TaggedError<SimulationFailed>("@effect-exchange/testing/Simulation/SimulationFailed")(
    "SimulationFailed",
    {
      world: Schema.String,
      seed: Schema.Number,
      steps: Schema.Number,
      violation: Violation,
      trace: Schema.Array(Schema.String)
    }
  )
{
  override get message(): string {
    return [
      `${this.world}, seed ${this.seed}: ${this.violation.message}`,
      ...this.trace.map((sentence, index) => `  ${index + 1}. ${sentence}`)
    ].join("\n")
  }
}

/**
 * Runs the program of a seed (a whole number of at least 0) in a world. Fails with `SimulationFailed` if an invariant
 * does not hold.
 *
 * **Gotchas**
 *
 * Each run has its own `TestClock`, which waits for the event loop whenever a timer is due. Many concurrent runs
 * therefore take hardly longer than one.
 */
export const run = <E>(
  world: World<E>,
  seed: number,
  { shrinks = 200, steps = 20 }: Options = {}
): Effect.Effect<Outcome, SimulationFailed> => {
  const program = Program.draw(seed, steps, {
    symbols: world.symbols.length,
    faults: world.faults.length,
    trades: world.order !== undefined
  })
  const names = { symbols: world.symbols, faults: world.faults.map(({ name }) => name) }
  return Effect.catchAll(Run.run(world, seed, program), (found) =>
    Effect.gen(function*() {
      let violation = found
      const left = yield* shrink(program, (some) =>
        Effect.match(Run.run(world, seed, some), {
          onSuccess: () => false,
          onFailure: (other) => {
            if (other.invariant !== found.invariant) return false
            violation = other
            return true
          }
        }), shrinks)
      const trace = left.map((step) => Program.sentence(step, names))
      return yield* new SimulationFailed({ world: world.name, seed, steps, violation, trace })
    }))
}
