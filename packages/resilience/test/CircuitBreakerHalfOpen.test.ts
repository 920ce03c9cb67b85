import { Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertFailure, assertSuccess } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Exit, Fiber, Schedule, TestClock } from "effect"
import { boom, inFlight, make, opened, retryAfter, tag } from "./support/circuitBreaker.js"

describe("A half-open circuit", () => {
  it.effect("admits a probe at the exact end of the open duration", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("999 millis")
      assert.strictEqual((yield* Effect.flip(breaker.protect(Effect.void))).state, "Open")
      assert.strictEqual(yield* retryAfter(breaker), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* retryAfter(breaker), 0)
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("opens longer after each failed probe, and restarts the schedule after closing", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      for (const seconds of [1, 2, 4, 8]) {
        assert.strictEqual(yield* retryAfter(breaker), seconds * 1000)
        yield* TestClock.adjust(Duration.seconds(seconds))
        yield* Effect.exit(breaker.protect(boom))
      }
      yield* TestClock.adjust("16 seconds")
      yield* breaker.protect(Effect.void)
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* retryAfter(breaker), 1000)
    }))

  it.effect("closes with an empty window", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ trip: Trip.failureRate({ window: 4, minimumCalls: 2 }) })
      yield* Effect.replicateEffect(Effect.exit(breaker.protect(boom)), 2)
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      assert.strictEqual((yield* breaker.metrics).calls, 0)
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Closed")
      assert.deepInclude(yield* breaker.metrics, { calls: 1, failures: 1, late: 0 })
    }))

  it.effect("refuses other calls while a probe runs", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("1 second")
      const probe = yield* inFlight(breaker)
      const error = yield* Effect.flip(breaker.protect(Effect.void))
      assert.strictEqual(error.state, "HalfOpen")
      assert.strictEqual(Duration.toMillis(error.retryAfter), 10_000)
      assertSuccess(yield* probe.end(Exit.void), undefined)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("opens again when a probe hangs, and admits the next probe", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { timeout: "5 seconds" } })
      yield* TestClock.adjust("1 second")
      const hanging = yield* inFlight(breaker)
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* retryAfter(breaker), 2000)
      yield* TestClock.adjust("2 seconds")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
      assertFailure(yield* hanging.end(Exit.fail("late")), Cause.fail("late"))
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("opens as of the instant of the timeout, even if it is noticed later", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { timeout: "5 seconds" } })
      yield* TestClock.adjust("1 second")
      yield* inFlight(breaker)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* retryAfter(breaker), 1000)
      yield* TestClock.adjust("1 hour")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("a probe that ends after the timeout decides nothing", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { timeout: "5 seconds" } })
      yield* TestClock.adjust("1 second")
      const probe = yield* inFlight(breaker)
      yield* TestClock.adjust("5 seconds")
      yield* probe.end(Exit.void)
      assert.strictEqual(yield* retryAfter(breaker), 2000)
      assert.strictEqual((yield* breaker.metrics).late, 1)
    }))

  it.effect("an interrupted probe returns its permit", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("1 second")
      const probe = yield* inFlight(breaker)
      yield* Fiber.interrupt(probe.fiber)
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("an ignored probe returns its permit and does not close the circuit", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ classify: (exit) => Exit.isSuccess(exit) ? "ignore" : "failure" })
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("a refusal by another gate returns the permit and decides nothing", () =>
    Effect.gen(function*() {
      const inner = yield* opened({ name: "inner" })
      yield* TestClock.adjust("500 millis")
      const breaker = yield* opened({ openFor: Schedule.forever })
      assert.strictEqual((yield* Effect.flip(breaker.protect(inner.protect(Effect.void)))).name, "inner")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("a defect of a probe counts as a failure", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { permits: 2, successes: 1 } })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Effect.exit(breaker.protect(Effect.die("bug"))), Exit.die("bug"))
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      assert.deepInclude(yield* breaker.metrics, { calls: 1, failures: 1, failureRate: 1 })
      yield* Effect.exit(breaker.protect(Effect.die("bug")))
      assert.strictEqual(yield* retryAfter(breaker), 2000)
    }))

  it.effect("if the classifier throws, the exit is unchanged and the default classifier judges it", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({
        classify: (exit) => {
          if (exit._tag === "Failure") return "failure"
          throw new Error("bad classifier")
        }
      })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* breaker.protect(Effect.succeed(1)), 1)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("time without a probe in flight does not count towards the timeout", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { permits: 2, timeout: "10 seconds" } })
      yield* TestClock.adjust("1 second")
      const probe = yield* Effect.fork(breaker.protect(Effect.never))
      yield* TestClock.adjust("9 seconds")
      yield* Fiber.interrupt(probe)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* breaker.protect(Effect.void)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* Effect.fork(breaker.protect(Effect.never))
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("a probe that is interrupted after the timeout leaves the circuit open", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { timeout: "10 seconds" } })
      yield* TestClock.adjust("1 second")
      const probe = yield* Effect.fork(breaker.protect(Effect.never))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(probe)
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("closes after the required successes, and opens as soon as they are impossible", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { permits: 3, successes: 2 } })
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* retryAfter(breaker), 2000)
      yield* TestClock.adjust("2 seconds")
      yield* Effect.exit(breaker.protect(boom))
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))
})

describe("A late result of an earlier state changes nothing", () => {
  for (const end of [Exit.void, Exit.fail("late")]) {
    it.effect(`as a ${end._tag} while open`, () =>
      Effect.gen(function*() {
        const breaker = yield* make()
        const late = yield* inFlight(breaker)
        yield* Effect.exit(breaker.protect(boom))
        yield* TestClock.adjust("400 millis")
        assert.deepStrictEqual(yield* late.end(end), end)
        assert.strictEqual(yield* retryAfter(breaker), 600)
        assert.deepInclude(yield* breaker.metrics, { late: 1, trips: 1 })
      }))

    it.effect(`as a ${end._tag} while half-open`, () =>
      Effect.gen(function*() {
        const breaker = yield* make()
        const late = yield* inFlight(breaker)
        yield* Effect.exit(breaker.protect(boom))
        yield* TestClock.adjust("1 second")
        const probe = yield* inFlight(breaker)
        yield* late.end(end)
        assert.strictEqual(yield* tag(breaker), "HalfOpen")
        assert.deepInclude(yield* breaker.metrics, { calls: 0, late: 1 })
        yield* Effect.flip(breaker.check)
        yield* probe.end(Exit.void)
        assert.strictEqual(yield* tag(breaker), "Closed")
      }))

    it.effect(`as a ${end._tag} after closing again`, () =>
      Effect.gen(function*() {
        const breaker = yield* make()
        const late = yield* inFlight(breaker)
        yield* Effect.exit(breaker.protect(boom))
        yield* breaker.reset
        yield* late.end(end)
        assert.strictEqual(yield* tag(breaker), "Closed")
        assert.deepInclude(yield* breaker.metrics, { calls: 0, late: 1 })
      }))
  }

  it.effect("as an interruption of a call that began while closed, which returns no permit", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const late = yield* inFlight(breaker)
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1 second")
      const probe = yield* inFlight(breaker)
      yield* Fiber.interrupt(late.fiber)
      assert.strictEqual((yield* Effect.flip(breaker.check)).state, "HalfOpen")
      yield* probe.end(Exit.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("as an interruption of a late probe, which returns no permit to a later half-open state", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { timeout: "1 second" } })
      yield* TestClock.adjust("1 second")
      const old = yield* inFlight(breaker)
      yield* TestClock.adjust("3 seconds")
      const probe = yield* inFlight(breaker)
      yield* Fiber.interrupt(old.fiber)
      yield* Effect.flip(breaker.check)
      yield* probe.end(Exit.void)
    }))
})
