import { CircuitBreaker, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertLeft } from "@effect/vitest/utils"
import { Chunk, Duration, Effect, Either, Fiber, Ref, Schedule, Schema, Stream, TestClock } from "effect"
import { boom, inFlight, make, opened, retryAfter, tag } from "./support/circuitBreaker.js"
import { metricValue } from "./support/metrics.js"

const options = { name: "test", trip: Trip.consecutive(1), openFor: Schedule.exponential("1 second") }

/** Restores a breaker from an encoded and decoded snapshot, as another process would. */
const restored = (snapshot: CircuitBreaker.Snapshot) =>
  Effect.gen(function*() {
    const text = JSON.stringify(yield* Schema.encode(CircuitBreaker.Snapshot)(snapshot))
    return yield* CircuitBreaker.restore(
      options,
      yield* Schema.decodeUnknown(CircuitBreaker.Snapshot)(JSON.parse(text))
    )
  })

describe("Snapshot and restore", () => {
  it.effect("an open circuit stays open for the remaining time, regardless of how long the snapshot was stored", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("400 millis")
      const snapshot = yield* breaker.snapshot
      assert.deepStrictEqual(snapshot, { _tag: "Open", remaining: Duration.millis(600), steps: 1 })
      yield* TestClock.adjust("1 day")
      const restoredBreaker = yield* restored(snapshot)
      yield* TestClock.adjust("599 millis")
      assert.strictEqual(yield* retryAfter(restoredBreaker), 1)
      yield* Effect.flip(restoredBreaker.check)
      yield* TestClock.adjust("1 millis")
      yield* restoredBreaker.protect(Effect.void)
      assert.strictEqual(yield* tag(restoredBreaker), "Closed")
    }))

  it.effect("the remaining time is exact to fractions of a millisecond", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ openFor: Schedule.spaced(Duration.micros(1_234_567n)) })
      yield* TestClock.adjust("1 second")
      const restoredBreaker = yield* restored(yield* breaker.snapshot)
      assert.deepStrictEqual(yield* restoredBreaker.state, yield* breaker.state)
    }))

  it.effect("a change of the wall clock in between has no effect", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const breaker = yield* opened()
      const snapshot = yield* breaker.snapshot
      yield* TestClock.setTime(1_000_000_000_000)
      const restoredBreaker = yield* restored(snapshot)
      assert.strictEqual(yield* retryAfter(restoredBreaker), 1000)
    }))

  it.effect("the schedule continues where it was, and restarts after closing", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      for (const seconds of [1, 2]) {
        yield* TestClock.adjust(Duration.seconds(seconds))
        yield* Effect.exit(breaker.protect(boom))
      }
      const restoredBreaker = yield* restored(yield* breaker.snapshot)
      assert.strictEqual(yield* retryAfter(restoredBreaker), 4000)
      yield* TestClock.adjust("4 seconds")
      yield* Effect.exit(restoredBreaker.protect(boom))
      assert.strictEqual(yield* retryAfter(restoredBreaker), 8000)
      yield* TestClock.adjust("8 seconds")
      yield* restoredBreaker.protect(Effect.void)
      yield* Effect.exit(restoredBreaker.protect(boom))
      assert.strictEqual(yield* retryAfter(restoredBreaker), 1000)
    }))

  it.effect("an exhausted schedule stays exhausted until reset", () =>
    Effect.gen(function*() {
      const openFor = Schedule.addDelay(Schedule.recurs(1), () => "1 second")
      const breaker = yield* opened({ openFor })
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(breaker.protect(boom))
      const restoredBreaker = yield* CircuitBreaker.restore({ ...options, openFor }, yield* breaker.snapshot)
      assert.strictEqual(yield* retryAfter(restoredBreaker), Number.POSITIVE_INFINITY)
      yield* TestClock.adjust("1 day")
      yield* Effect.flip(restoredBreaker.protect(Effect.void))
      yield* restoredBreaker.reset
      yield* Effect.exit(restoredBreaker.protect(boom))
      assert.strictEqual(yield* retryAfter(restoredBreaker), 1000)
    }))

  it.effect("steps the schedule with the cause Restored, as often as it had been stepped", () =>
    Effect.gen(function*() {
      const causes = yield* Ref.make<ReadonlyArray<string>>([])
      const openFor = Schedule.identity<CircuitBreaker.TripCause>().pipe(
        Schedule.tapInput((cause: CircuitBreaker.TripCause) => Ref.update(causes, (all) => [...all, cause._tag])),
        Schedule.addDelay(() => "1 second")
      )
      const restoredBreaker = yield* CircuitBreaker.restore({ ...options, openFor }, {
        _tag: "Open",
        remaining: Duration.zero,
        steps: 3
      })
      yield* Effect.exit(restoredBreaker.protect(boom))
      assert.deepStrictEqual(yield* Ref.get(causes), ["Restored", "Restored", "Restored", "ProbesFailed"])
    }))

  it.effect("a half-open circuit is due to be probed", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("1 second")
      yield* inFlight(breaker)
      const restoredBreaker = yield* restored(yield* breaker.snapshot)
      assert.strictEqual(yield* retryAfter(restoredBreaker), 0)
      yield* Effect.exit(restoredBreaker.protect(boom))
      assert.strictEqual(yield* retryAfter(restoredBreaker), 2000)
    }))

  it.effect("a closed circuit starts with an empty window", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ trip: Trip.consecutive(3) })
      yield* Effect.replicateEffect(Effect.exit(breaker.protect(boom)), 2)
      const restoredBreaker = yield* restored(yield* breaker.snapshot)
      assert.deepStrictEqual(yield* restoredBreaker.state, { _tag: "Closed" })
      assert.strictEqual((yield* restoredBreaker.metrics).calls, 0)
    }))

  it.effect("manual states are kept, and an isolation is not", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      for (
        const [set, expected] of [
          [breaker.forceOpen, { _tag: "Open", retryAfter: Duration.infinity }],
          [breaker.disable, { _tag: "Disabled" }],
          [breaker.reset, { _tag: "Closed" }]
        ] as const
      ) {
        yield* set
        assert.deepStrictEqual(yield* (yield* restored(yield* breaker.snapshot)).state, expected)
        const isolated = yield* Effect.scoped(Effect.zipRight(breaker.isolate, breaker.snapshot))
        assert.deepStrictEqual(yield* (yield* restored(isolated)).state, expected)
      }
    }))

  it.effect("a restore is no transition, and sets the gauge immediately", () =>
    Effect.gen(function*() {
      const name = "restored"
      const restoredBreaker = yield* CircuitBreaker.restore({ ...options, name }, {
        _tag: "Open",
        remaining: Duration.seconds(1),
        steps: 1
      })
      assert.strictEqual(yield* metricValue("circuitbreaker_state", { name, state: "Open" }), 1)
      assert.strictEqual(yield* metricValue("circuitbreaker_state", { name, state: "Closed" }), 0)
      assert.strictEqual((yield* restoredBreaker.metrics).trips, 0)
      const changes = yield* Effect.fork(Stream.runCollect(Stream.take(restoredBreaker.changes, 1)))
      yield* TestClock.adjust("1 second")
      yield* Effect.fork(restoredBreaker.protect(Effect.never))
      assert.deepStrictEqual(Chunk.toReadonlyArray(Chunk.map(yield* Fiber.join(changes), ({ to }) => to)), ["HalfOpen"])
    }))

  it.effect("an invalid snapshot fails to decode", () =>
    Effect.gen(function*() {
      for (
        const snapshot of [
          { _tag: "HalfOpen" },
          { _tag: "Open", remaining: { _tag: "Millis", millis: 1 }, steps: 1_000_000 },
          { _tag: "Open", remaining: { _tag: "Millis", millis: -1 }, steps: 1 },
          { _tag: "Open", steps: 1 }
        ]
      ) {
        const decoded = yield* Effect.either(Schema.decodeUnknown(CircuitBreaker.Snapshot)(snapshot))
        assertLeft(Either.mapLeft(decoded, () => "refused"), "refused")
      }
    }))
})
