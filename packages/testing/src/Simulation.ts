/**
 * Programs drawn by a seed, run against a client and an exchange in memory while faults drawn by the same seed happen, with
 * everything that was promised looked at after each step. The same seed gives the same run; one that fails is cut down to the steps
 * that it takes.
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
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How many steps a program has. Defaults to 20. */
  readonly steps?: number | undefined
  /** How often a program that fails is run again, to find out which of its steps it takes. Defaults to 200. */
  readonly shrinks?: number | undefined
}

/**
 * What a run came to: `heard` is all that its listeners heard, and the same whenever the seed is; `millis` is how long it took by
 * its own clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcome {
  readonly heard: string
  readonly millis: number
}

/**
 * A seed with which something did not hold. `trace` is the shortest program found in which the same does not hold, a sentence for
 * each step.
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
 * Runs the program of a seed (a whole number of at least 0) in a world.
 *
 * **Gotchas**
 *
 * A run has a `TestClock` of its own, which waits for the event loop each time that something is due: many at once take hardly
 * longer than one.
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
