import { Chunk, Effect, Random } from "effect"
import { randomInt } from "node:crypto"

const given = process.env["TEST_SEED"]
const count = process.env["TEST_SAMPLE"] === undefined ? undefined : Number(process.env["TEST_SAMPLE"])

/** How much of a suite is run: a sample that is the same every time, or the whole of it. */
export interface Run {
  readonly seed: string
  /** How many cases of each test; all where it is left out. */
  readonly sample?: number | undefined
  /** The command that runs the same again. */
  readonly replay: string
}

/** For `npm test`: a few of each. */
export const sampled = (sample: number): Run => {
  const seed = given ?? "1"
  return {
    seed,
    sample: count === undefined ? sample : Number(count),
    replay: `TEST_SEED=${seed} npm test -- packages/exchanges`
  }
}

/** For `npm run test:slow`: all. */
export const whole = (): Run => {
  const seed = given ?? String(randomInt(1_000_000))
  return { seed, sample: count, replay: `TEST_SEED=${seed} npm run test:slow -- packages/exchanges` }
}

/** The effect with the randomness of the run. `about` keeps the parts of a suite from drawing alike. */
export const seeded = (run: Run, about: string) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withRandom(self, Random.make(`${run.seed} ${about}`))

/** All of them, or some. */
export const draw = <A>(run: Run, about: string, all: ReadonlyArray<A>): Effect.Effect<ReadonlyArray<A>> =>
  run.sample === undefined
    ? Effect.succeed(all)
    : seeded(run, about)(Effect.map(Random.shuffle(all), Chunk.toReadonlyArray)).pipe(
      Effect.map((shuffled) => shuffled.slice(0, run.sample))
    )

/** What went wrong, by case, and how to see it again; none when nothing did. */
export const report = (run: Run, failures: ReadonlyArray<string>): ReadonlyArray<string> =>
  failures.length === 0 ? [] : [...failures, `again: ${run.replay}`]
