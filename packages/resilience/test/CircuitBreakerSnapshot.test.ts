import { CircuitBreaker, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertLeft } from "@effect/vitest/utils"
import { Chunk, Duration, Effect, Either, Fiber, Ref, Schedule, Schema, Stream, TestClock } from "effect"
import { boom, inFlight, make, opened, retryAfter, tag } from "./support/circuitBreaker.js"
import { metricValue } from "./support/metrics.js"

const options = { name: "test", trip: Trip.consecutive(1), openFor: Schedule.exponential("1 second") }

/** A breaker as another process would have it: through text and back. */
const restored = (snapshot: CircuitBreaker.Snapshot) =>
  Effect.gen(function*() {
    const text = JSON.stringify(yield* Schema.encode(CircuitBreaker.Snapshot)(snapshot))
    return yield* CircuitBreaker.restore(
      options,
      yield* Schema.decodeUnknown(CircuitBreaker.Snapshot)(JSON.parse(text))
    )
  })

describe("snapshot and restore", () => {
  it.effect("an open circuit stays open for what remained, however long the snapshot was put by", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("400 millis")
      const snapshot = yield* breaker.snapshot
      assert.deepStrictEqual(snapshot, { _tag: "Open", remaining: Duration.millis(600), steps: 1 })
      yield* TestClock.adjust("1 day")
      const other = yield* restored(snapshot)
      yield* TestClock.adjust("599 millis")
      assert.strictEqual(yield* retryAfter(other), 1)
      yield* Effect.flip(other.check)
      yield* TestClock.adjust("1 millis")
      yield* other.protect(Effect.void)
      assert.strictEqual(yield* tag(other), "Closed")
    }))

  it.effect("to a fraction of a millisecond", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ openFor: Schedule.spaced(Duration.micros(1_234_567n)) })
      yield* TestClock.adjust("1 second")
      const other = yield* restored(yield* breaker.snapshot)
      assert.deepStrictEqual(yield* other.state, yield* breaker.state)
    }))

  it.effect("is not misled by a wall clock that is set in between", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const breaker = yield* opened()
      const snapshot = yield* breaker.snapshot
      yield* TestClock.setTime(1_000_000_000_000)
      const other = yield* restored(snapshot)
      assert.strictEqual(yield* retryAfter(other), 1000)
    }))

  it.effect("the open duration goes on growing from where it was, and starts afresh after a close", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      for (const seconds of [1, 2]) {
        yield* TestClock.adjust(Duration.seconds(seconds))
        yield* Effect.exit(breaker.protect(boom))
      }
      const other = yield* restored(yield* breaker.snapshot)
      assert.strictEqual(yield* retryAfter(other), 4000)
      yield* TestClock.adjust("4 seconds")
      yield* Effect.exit(other.protect(boom))
      assert.strictEqual(yield* retryAfter(other), 8000)
      yield* TestClock.adjust("8 seconds")
      yield* other.protect(Effect.void)
      yield* Effect.exit(other.protect(boom))
      assert.strictEqual(yield* retryAfter(other), 1000)
    }))

  it.effect("an exhausted schedule stays exhausted until reset", () =>
    Effect.gen(function*() {
      const openFor = Schedule.addDelay(Schedule.recurs(1), () => "1 second")
      const breaker = yield* opened({ openFor })
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(breaker.protect(boom))
      const other = yield* CircuitBreaker.restore({ ...options, openFor }, yield* breaker.snapshot)
      assert.strictEqual(yield* retryAfter(other), Number.POSITIVE_INFINITY)
      yield* TestClock.adjust("1 day")
      yield* Effect.flip(other.protect(Effect.void))
      yield* other.reset
      yield* Effect.exit(other.protect(boom))
      assert.strictEqual(yield* retryAfter(other), 1000)
    }))

  it.effect("tells the schedule that it is being brought back, as often as it had been stepped", () =>
    Effect.gen(function*() {
      const causes = yield* Ref.make<ReadonlyArray<string>>([])
      const openFor = Schedule.identity<CircuitBreaker.TripCause>().pipe(
        Schedule.tapInput((cause: CircuitBreaker.TripCause) => Ref.update(causes, (all) => [...all, cause._tag])),
        Schedule.addDelay(() => "1 second")
      )
      const other = yield* CircuitBreaker.restore({ ...options, openFor }, {
        _tag: "Open",
        remaining: Duration.zero,
        steps: 3
      })
      yield* Effect.exit(other.protect(boom))
      assert.deepStrictEqual(yield* Ref.get(causes), ["Restored", "Restored", "Restored", "ProbesFailed"])
    }))

  it.effect("a half-open circuit is due to be probed", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("1 second")
      yield* inFlight(breaker)
      const other = yield* restored(yield* breaker.snapshot)
      assert.strictEqual(yield* retryAfter(other), 0)
      yield* Effect.exit(other.protect(boom))
      assert.strictEqual(yield* retryAfter(other), 2000)
    }))

  it.effect("a closed circuit starts with an empty window", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ trip: Trip.consecutive(3) })
      yield* Effect.replicateEffect(Effect.exit(breaker.protect(boom)), 2)
      const other = yield* restored(yield* breaker.snapshot)
      assert.deepStrictEqual(yield* other.state, { _tag: "Closed" })
      assert.strictEqual((yield* other.metrics).calls, 0)
    }))

  it.effect("what was set by hand is kept, but no isolation, whose holders are gone", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      for (
        const [set, then] of [
          [breaker.forceOpen, { _tag: "Open", retryAfter: Duration.infinity }],
          [breaker.disable, { _tag: "Disabled" }],
          [breaker.reset, { _tag: "Closed" }]
        ] as const
      ) {
        yield* set
        assert.deepStrictEqual(yield* (yield* restored(yield* breaker.snapshot)).state, then)
        const isolated = yield* Effect.scoped(Effect.zipRight(breaker.isolate, breaker.snapshot))
        assert.deepStrictEqual(yield* (yield* restored(isolated)).state, then)
      }
    }))

  it.effect("is no transition, and the gauge knows the state at once", () =>
    Effect.gen(function*() {
      const name = "restored"
      const other = yield* CircuitBreaker.restore({ ...options, name }, {
        _tag: "Open",
        remaining: Duration.seconds(1),
        steps: 1
      })
      assert.strictEqual(yield* metricValue("circuitbreaker_state", { name, state: "Open" }), 1)
      assert.strictEqual(yield* metricValue("circuitbreaker_state", { name, state: "Closed" }), 0)
      assert.strictEqual((yield* other.metrics).trips, 0)
      const changes = yield* Effect.fork(Stream.runCollect(Stream.take(other.changes, 1)))
      yield* TestClock.adjust("1 second")
      yield* Effect.fork(other.protect(Effect.never))
      assert.deepStrictEqual(Chunk.toReadonlyArray(Chunk.map(yield* Fiber.join(changes), ({ to }) => to)), ["HalfOpen"])
    }))

  it.effect("a snapshot is checked when it is decoded", () =>
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
