import { CircuitBreaker, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Schedule, Scope, TestClock } from "effect"
import { boom, inFlight, make, opened, retryAfter, tag } from "./support/circuitBreaker.js"

/** A breaker that opens only by this verdict. */
const openedBy = (verdict: CircuitBreaker.Verdict) =>
  make({
    trip: Trip.consecutive(5),
    classify: (exit) => Exit.isFailure(exit) ? verdict : "success"
  })

describe("Verdicts to open", () => {
  it.effect("openUntil opens the circuit until the wall-clock instant", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const breaker = yield* openedBy(CircuitBreaker.openUntil(1_700_000_030_000))
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("29999 millis")
      assert.strictEqual(yield* retryAfter(breaker), 1)
      yield* TestClock.adjust("1 millis")
      yield* breaker.check
    }))

  it.effect("extend an earlier deadline and never shorten one", () =>
    Effect.gen(function*() {
      const verdicts = { long: CircuitBreaker.openFor("60 seconds"), short: CircuitBreaker.openUntil(10_000) }
      const breaker = yield* make({
        classify: (exit) => Exit.match(exit, { onSuccess: () => verdicts.short, onFailure: () => verdicts.long })
      })
      const [first, second, third] = yield* Effect.all([inFlight(breaker), inFlight(breaker), inFlight(breaker)])
      yield* first.end(Exit.void)
      assert.strictEqual(yield* retryAfter(breaker), 10_000)
      yield* second.end(Exit.fail("banned"))
      assert.strictEqual(yield* retryAfter(breaker), 60_000)
      yield* third.end(Exit.void)
      assert.strictEqual(yield* retryAfter(breaker), 60_000)
      assert.strictEqual((yield* breaker.metrics).trips, 1)
    }))

  it.effect("do not shorten an infinite open duration", () =>
    Effect.gen(function*() {
      const breaker = yield* make({
        openFor: Schedule.stop,
        classify: (exit) => Exit.isFailure(exit) ? "failure" : CircuitBreaker.openFor("1 second")
      })
      const late = yield* inFlight(breaker)
      yield* Effect.exit(breaker.protect(boom))
      yield* late.end(Exit.void)
      assert.strictEqual(yield* retryAfter(breaker), Number.POSITIVE_INFINITY)
    }))

  it.effect("are ignored when their time has passed, and then return the permit of a probe", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const breaker = yield* opened({
        classify: (exit) => Exit.isFailure(exit) ? "failure" : CircuitBreaker.openUntil(1_700_000_000_000)
      })
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* breaker.check
    }))

  it.effect("of a probe replace the scheduled open duration, without stepping the schedule", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({
        classify: (exit) => Exit.isFailure(exit) ? "failure" : CircuitBreaker.openFor("7 seconds")
      })
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* retryAfter(breaker), 7000)
      yield* TestClock.adjust("7 seconds")
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* retryAfter(breaker), 2000)
    }))
})

describe("Manual control", () => {
  it.effect("isolate: the circuit closes when the last holder releases it", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const [a, b] = yield* Effect.all([Scope.make(), Scope.make()])
      yield* Scope.extend(breaker.isolate, a)
      yield* Scope.extend(breaker.isolate, b)
      const error = yield* Effect.flip(breaker.protect(Effect.void))
      assert.strictEqual(error.state, "Isolated")
      assert.isFalse(Duration.isFinite(error.retryAfter))
      yield* Scope.close(a, Exit.void)
      assert.strictEqual(yield* tag(breaker), "Isolated")
      yield* Scope.close(b, Exit.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("isolate: the circuit stays isolated regardless of results and time", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ classify: () => CircuitBreaker.openFor("1 second") })
      const late = yield* inFlight(breaker)
      yield* Effect.scoped(Effect.gen(function*() {
        yield* breaker.isolate
        yield* late.end(Exit.fail("boom"))
        yield* TestClock.adjust("1 day")
        assert.strictEqual(yield* tag(breaker), "Isolated")
      }))
      assert.strictEqual(yield* tag(breaker), "Closed")
      assert.strictEqual((yield* breaker.metrics).late, 1)
    }))

  it.effect("openUntil: opens with an empty window, extends, never shortens, and does not affect an isolation", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const breaker = yield* make({})
      yield* breaker.openUntil(1_700_000_000_000)
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* breaker.openUntil(1_700_000_030_000)
      assert.strictEqual(yield* retryAfter(breaker), 30_000)
      yield* breaker.openUntil(1_700_000_010_000)
      assert.strictEqual(yield* retryAfter(breaker), 30_000)
      yield* breaker.openUntil(1_700_000_060_000)
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(yield* tag(breaker), "Open")
      assert.strictEqual((yield* Effect.flip(breaker.check))._tag, "CircuitOpen")
      yield* TestClock.adjust("1 millis")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* Effect.scoped(Effect.gen(function*() {
        yield* breaker.isolate
        yield* breaker.openUntil(1_800_000_000_000)
        assert.strictEqual(yield* tag(breaker), "Isolated")
      }))
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("reset: ends an isolation, whose holders then have no effect", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const [a, b] = yield* Effect.all([Scope.make(), Scope.make()])
      yield* Scope.extend(breaker.isolate, a)
      yield* breaker.reset
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* Scope.extend(breaker.isolate, b)
      yield* Scope.close(a, Exit.void)
      assert.strictEqual(yield* tag(breaker), "Isolated")
      yield* Scope.close(b, Exit.void)
    }))

  it.effect("reset: closes the circuit and restarts the schedule", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* retryAfter(breaker), 2000)
      yield* breaker.reset
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* retryAfter(breaker), 1000)
    }))

  it.effect("forceOpen: opens the circuit until reset, from any state", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      yield* breaker.forceOpen
      yield* TestClock.adjust("1000 days")
      const error = yield* Effect.flip(breaker.protect(Effect.void))
      assert.deepInclude(error, { state: "Open", retryAfter: Duration.infinity })
      yield* breaker.forceOpen
      yield* breaker.enable
      assert.strictEqual((yield* breaker.metrics).trips, 1)
      yield* breaker.reset
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1 second")
      yield* inFlight(breaker)
      yield* breaker.forceOpen
      assert.strictEqual(yield* retryAfter(breaker), Number.POSITIVE_INFINITY)
      yield* breaker.reset
      yield* Effect.scoped(Effect.gen(function*() {
        yield* breaker.isolate
        yield* breaker.forceOpen
        assert.strictEqual(yield* tag(breaker), "Open")
      }))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("disable: admits every call, counts nothing, and nothing opens the circuit", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ classify: () => CircuitBreaker.openFor("1 minute") })
      yield* breaker.disable
      assert.deepStrictEqual(yield* Effect.exit(breaker.protect(boom)), Exit.fail("boom"))
      yield* breaker.openUntil(60_000)
      yield* breaker.check
      assert.strictEqual(yield* tag(breaker), "Disabled")
      assert.deepInclude(yield* breaker.metrics, { calls: 0, rejected: 0, late: 0, trips: 0 })
    }))

  it.effect("disable: admits calls of an open circuit, and a call in flight is then late", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const late = yield* inFlight(breaker)
      yield* Effect.exit(breaker.protect(boom))
      yield* breaker.disable
      yield* breaker.protect(Effect.void)
      yield* late.end(Exit.fail("boom"))
      assert.deepInclude(yield* breaker.metrics, { late: 1 })
      assert.strictEqual(yield* tag(breaker), "Disabled")
    }))

  it.effect("enable: closes the circuit, and a call that began while disabled is not counted", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      yield* Effect.exit(breaker.protect(boom))
      yield* breaker.disable
      const call = yield* inFlight(breaker)
      yield* breaker.enable
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* call.end(Exit.fail("boom"))
      assert.deepInclude(yield* breaker.metrics, { calls: 0, late: 0 })
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* retryAfter(breaker), 1000)
      yield* breaker.enable
      assert.strictEqual(yield* retryAfter(breaker), 1000)
    }))

  it.effect("isolate: returns to a state that was set manually before, and otherwise closes", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const afterIsolation = (set: Effect.Effect<unknown>) =>
        Effect.gen(function*() {
          yield* Effect.zipRight(breaker.reset, set)
          yield* Effect.scoped(Effect.gen(function*() {
            yield* breaker.isolate
            assert.strictEqual((yield* Effect.flip(breaker.check)).state, "Isolated")
          }))
          return yield* breaker.state
        })
      assert.deepStrictEqual(yield* afterIsolation(breaker.disable), { _tag: "Disabled" })
      assert.deepStrictEqual(yield* afterIsolation(breaker.forceOpen), { _tag: "Open", retryAfter: Duration.infinity })
      assert.deepStrictEqual(yield* afterIsolation(Effect.exit(breaker.protect(boom))), { _tag: "Closed" })
    }))

  it.effect("enable: takes effect after an isolation", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      yield* breaker.disable
      yield* Effect.scoped(Effect.gen(function*() {
        yield* breaker.isolate
        yield* breaker.enable
        assert.strictEqual(yield* tag(breaker), "Isolated")
      }))
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))
})
