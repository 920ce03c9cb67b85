import { Backoff } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { throws } from "@effect/vitest/utils"
import { Chunk, Clock, Duration, Effect, FastCheck, Fiber, Random, Schedule, TestClock } from "effect"

const kinds = { none: Backoff.none, full: Backoff.full, equal: Backoff.equal, decorrelated: Backoff.decorrelated }

/** The first `count` delays of the schedule, in milliseconds. */
const delays = (schedule: Schedule.Schedule<Duration.Duration>, count: number) =>
  Effect.map(
    Schedule.run(Schedule.delays(schedule), 0, Array.from({ length: count })),
    (delays) => Chunk.toReadonlyArray(delays).map(Duration.toMillis)
  )

const outputs = (schedule: Schedule.Schedule<Duration.Duration>, count: number) =>
  Effect.map(
    Schedule.run(schedule, 0, Array.from({ length: count })),
    (outputs) => Chunk.toReadonlyArray(outputs).map(Duration.toMillis)
  )

const draws = (count: number) => {
  const random = Random.make("seed")
  return Effect.all(Array.from({ length: count }, () => random.next))
}

const assertExact = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>) =>
  assert.deepStrictEqual(actual, expected.map(Math.ceil))

const seeded = Effect.withRandom(Random.make("seed"))

describe("Backoff", () => {
  it.effect("none: delays are base * factor^n, up to max", () =>
    Effect.gen(function*() {
      const schedule = Backoff.none({ base: "100 millis", max: "1 second" })
      assert.deepStrictEqual(yield* delays(schedule, 6), [100, 200, 400, 800, 1000, 1000])
      const tripled = Backoff.none({ base: "1 second", max: "1 minute", factor: 3 })
      assert.deepStrictEqual(yield* delays(tripled, 5), [1000, 3000, 9000, 27000, 60000])
      // 110.00000000000001 counts as 110, and 133.1 is rounded up.
      const slow = Backoff.none({ base: 100, max: 1000, factor: 1.1 })
      assert.deepStrictEqual(yield* delays(slow, 4), [100, 110, 121, 134])
    }))

  it.effect("full: the delays are exact for a seed", () =>
    Effect.gen(function*() {
      const randoms = yield* draws(5)
      const delays = yield* outputs(Backoff.full({ base: 100, max: 1000 }), 5).pipe(
        Effect.withRandom(Random.make("seed"))
      )
      assertExact(delays, [100, 200, 400, 800, 1000].map((ceiling, n) => ceiling * (randoms[n] ?? NaN)))
    }))

  it.effect("equal: the delays are exact for a seed", () =>
    Effect.gen(function*() {
      const randoms = yield* draws(5)
      const delays = yield* outputs(Backoff.equal({ base: 100, max: 1000 }), 5).pipe(
        Effect.withRandom(Random.make("seed"))
      )
      assertExact(
        delays,
        [100, 200, 400, 800, 1000].map((ceiling, n) => ceiling / 2 * (randoms[n] ?? NaN) + ceiling / 2)
      )
    }))

  it.effect("decorrelated: the delays are exact for a seed, and the first one is random too", () =>
    Effect.gen(function*() {
      const randoms = yield* draws(5)
      const delays = yield* outputs(Backoff.decorrelated({ base: 100, max: 1000 }), 5).pipe(
        Effect.withRandom(Random.make("seed"))
      )
      let previous = 100
      assertExact(delays, randoms.map((u) => previous = Math.ceil(Math.min(1000, (previous * 3 - 100) * u + 100))))
    }))

  it.effect("decorrelated: the cap applies after the jitter, so delays reach max exactly (effect 3: jittered)", () =>
    Effect.gen(function*() {
      const reached = yield* seeded(delays(Backoff.decorrelated({ base: 100, max: 1000 }), 200))
      assert.strictEqual(Math.max(...reached), 1000)
      // After a delay at the cap the next draw is U(100, 3000), so about two thirds of them are capped.
      assert.isAbove(reached.filter((delay) => delay === 1000).length, 60)
    }))

  it.effect("full: delays are still spread out once the cap is reached", () =>
    Effect.gen(function*() {
      const capped = (yield* seeded(delays(Backoff.full({ base: 100, max: 1000 }), 200))).slice(10)
      assert.isBelow(Math.min(...capped), 100)
      assert.isAbove(Math.max(...capped), 900)
    }))

  const options = FastCheck.record({
    base: FastCheck.integer({ min: 0, max: 5000 }),
    max: FastCheck.integer({ min: 0, max: 60000 }),
    factor: FastCheck.double({ min: 1, max: 10, noNaN: true }),
    seed: FastCheck.integer()
  })

  for (const [kind, make] of Object.entries(kinds)) {
    it.effect.prop(
      `${kind}: each delay is a whole number of milliseconds from 0 to max, and the output is the delay`,
      [options],
      ([options]) =>
        Effect.gen(function*() {
          const schedule = make(options)
          const slept = yield* delays(schedule, 30).pipe(Effect.withRandom(Random.make(options.seed)))
          const put = yield* outputs(schedule, 30).pipe(Effect.withRandom(Random.make(options.seed)))
          for (const delay of slept) {
            assert.isTrue(Number.isInteger(delay))
            assert.isAtLeast(delay, 0)
            assert.isAtMost(delay, options.max)
          }
          assert.deepStrictEqual(put, slept)
        }),
      { fastCheck: { numRuns: 30 }, timeout: 30_000 }
    )
  }

  it.effect.prop("full and equal stay within their ranges", [options], ([options]) =>
    Effect.gen(function*() {
      const ceilings = yield* delays(Backoff.none(options), 20)
      const full = yield* delays(Backoff.full(options), 20).pipe(Effect.withRandom(Random.make(options.seed)))
      const equal = yield* delays(Backoff.equal(options), 20).pipe(Effect.withRandom(Random.make(options.seed)))
      ceilings.forEach((ceiling, n) => {
        assert.isAtMost(full[n] ?? NaN, ceiling)
        assert.isAtMost(equal[n] ?? NaN, ceiling)
        assert.isAtLeast(equal[n] ?? NaN, (ceiling - 1) / 2)
      })
    }), { fastCheck: { numRuns: 30 }, timeout: 30_000 })

  it("an invalid factor throws a RangeError", () => {
    for (const make of Object.values(kinds)) {
      for (const factor of [0.9, -1, NaN, Infinity]) {
        throws(
          () => make({ base: 100, max: 1000, factor }),
          new RangeError(`Backoff: factor must be finite and at least 1, got ${factor}`)
        )
      }
    }
  })

  it.effect("delays keep the test clock at whole milliseconds, so that it can return nanoseconds", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.repeat(
        Effect.zipRight(Clock.currentTimeNanos, Clock.currentTimeMillis),
        Schedule.zipRight(Backoff.full({ base: 100, max: 1000 }), Schedule.recurs(9))
      ))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(fiber), 9)
    }).pipe(seeded))

  it.effect("delays never exceed the longest timer and are never NaN", () =>
    Effect.gen(function*() {
      const longest = 2 ** 31 - 1
      const endless = yield* delays(Backoff.none({ base: 1, max: Duration.infinity }), 1100)
      assert.strictEqual(endless[1099], longest)
      const baseless = yield* delays(Backoff.full({ base: 0, max: "1 second" }), 1100)
      assert.strictEqual(baseless[1099], 0)
    }))
})
