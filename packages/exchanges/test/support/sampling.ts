import { Chunk, Effect, Random } from "effect"
import { randomInt } from "node:crypto"

const given = process.env["TEST_SEED"]
const count = process.env["TEST_SAMPLE"] === undefined ? undefined : Number(process.env["TEST_SAMPLE"])

/** How much of a suite to run: a sample that is the same every time, or all of it. */
export interface Run {
  readonly seed: string
  /** The number of cases of each test. Defaults to all cases. */
  readonly sample?: number | undefined
  /** The command that repeats the run. */
  readonly replay: string
}

/** Returns the run for `npm test`: `sample` cases of each test, unless `TEST_SAMPLE` sets another number. */
export const sampled = (sample: number): Run => {
  const seed = given ?? "1"
  return {
    seed,
    sample: count === undefined ? sample : Number(count),
    replay: `TEST_SEED=${seed} npm test -- packages/exchanges`
  }
}

/** Returns the run for `npm run test:slow`: all cases, unless `TEST_SAMPLE` sets a number. */
export const whole = (): Run => {
  const seed = given ?? String(randomInt(1_000_000))
  return { seed, sample: count, replay: `TEST_SEED=${seed} npm run test:slow -- packages/exchanges` }
}

/** Runs an effect with the random numbers of the run. Each `about` has its own sequence of numbers. */
export const seeded = (run: Run, about: string) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withRandom(self, Random.make(`${run.seed} ${about}`))

/** Returns all cases, or a random sample of them. */
export const draw = <A>(run: Run, about: string, all: ReadonlyArray<A>): Effect.Effect<ReadonlyArray<A>> =>
  run.sample === undefined
    ? Effect.succeed(all)
    : seeded(run, about)(Effect.map(Random.shuffle(all), Chunk.toReadonlyArray)).pipe(
      Effect.map((shuffled) => shuffled.slice(0, run.sample))
    )

/** Returns the failures, followed by the command that repeats the run. Empty if there are no failures. */
export const report = (run: Run, failures: ReadonlyArray<string>): ReadonlyArray<string> =>
  failures.length === 0 ? [] : [...failures, `again: ${run.replay}`]
