import { CircuitBreaker, Idempotent, Rejection, Retry, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertFailure, assertInclude, assertInstanceOf } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Exit, Fiber, Option, Random, Ref, Schedule, Schema, TestClock } from "effect"
import { inspect } from "node:util"
import { boom, inFlight, make, opened, retryAfter, tag } from "./support/circuitBreaker.js"

describe("A circuit breaker as a value", () => {
  it.effect("can be piped, and is shown as its name", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "payments" })
      assert.strictEqual(yield* breaker.pipe((self) => self.protect(Effect.succeed(1))), 1)
      const shown = { _id: "CircuitBreaker", name: "payments" }
      assert.strictEqual(JSON.stringify(breaker), JSON.stringify(shown))
      assert.strictEqual(inspect(breaker), inspect(shown))
      assert.deepStrictEqual(JSON.parse(String(breaker)), shown)
    }))
})

describe("A closed circuit", () => {
  it.effect("passes results through unchanged", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      assert.strictEqual(yield* breaker.protect(Effect.succeed(1)), 1)
      assert.deepStrictEqual(yield* Effect.exit(breaker.protect(boom)), Exit.fail("boom"))
    }))

  it.effect("opens after five failures in a row by default", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "default" })
      yield* Effect.replicateEffect(Effect.exit(breaker.protect(boom)), 4)
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("opens at 50 % failures of at least 20 calls by default", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "default" })
      yield* Effect.replicateEffect(
        Effect.zipRight(breaker.protect(Effect.void), Effect.exit(breaker.protect(boom))),
        9
      )
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
      assert.deepStrictEqual(yield* breaker.metrics, {
        calls: 19,
        failures: 9,
        failureRate: 9 / 19,
        slowCalls: 0,
        slowCallRate: 0,
        inFlight: Option.none(),
        waiting: 0,
        rejected: 0,
        late: 0,
        trips: 0
      })
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("counts defects and passes them through", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      assert.deepStrictEqual(yield* Effect.exit(breaker.protect(Effect.die("bug"))), Exit.die("bug"))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("ignores interruption, from outside and from inside", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const call = yield* inFlight(breaker)
      yield* Fiber.interrupt(call.fiber)
      yield* Effect.exit(breaker.protect(Effect.interrupt))
      assert.strictEqual(yield* tag(breaker), "Closed")
      assert.strictEqual((yield* breaker.metrics).calls, 0)
    }))

  it.effect("never passes an interruption to the classifier", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ classify: () => "failure" })
      yield* Effect.exit(breaker.protect(Effect.interrupt))
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("counts a failure that comes with an interruption", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const cause = Cause.parallel(Cause.interrupt(yield* Effect.fiberId), Cause.fail("boom"))
      yield* Effect.exit(breaker.protect(Effect.failCause(cause)))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("ignores refusals by other gates", () =>
    Effect.gen(function*() {
      const inner = yield* opened({ name: "inner" })
      const breaker = yield* make()
      const error = yield* Effect.flip(breaker.protect(inner.protect(Effect.void)))
      assert.isTrue(Rejection.isRejection(error))
      assert.strictEqual(yield* tag(breaker), "Closed")
      assert.strictEqual((yield* breaker.metrics).calls, 0)
    }))

  it.effect("passes successes to the classifier too", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ classify: (exit) => Exit.isSuccess(exit) ? "failure" : "success" })
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Closed")
      assert.strictEqual(yield* breaker.protect(Effect.succeed("error page")), "error page")
      assert.strictEqual(yield* tag(breaker), "Open")
    }))
})

describe("An idempotent effect", () => {
  it.effect("keeps its brand in protect, and no other effect gets it", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ trip: Trip.consecutive(2) })
      let runs = 0
      const order: Effect.Effect<string, "down"> = Effect.suspend(() =>
        ++runs === 1 ? Effect.fail("down" as const) : Effect.succeed("done")
      )
      const read = breaker.protect(Idempotent.mark(order))
      assert.isTrue(Idempotent.isIdempotent(read))
      assert.strictEqual(yield* read.pipe(Retry.retry({ backoff: Schedule.forever })), "done")
      assert.deepInclude(yield* breaker.metrics, { trips: 0, late: 0 })
      assert.strictEqual(runs, 2)
      assert.strictEqual(
        yield* order.pipe(Idempotent.mark, breaker.protect, Retry.retry({ backoff: Schedule.forever })),
        "done"
      )
      assert.isFalse(Idempotent.isIdempotent(breaker.protect(order)))
      // @ts-expect-error The order is not marked as idempotent.
      breaker.protect(order).pipe(Retry.retry())
      // @ts-expect-error Neither in a pipe.
      order.pipe(breaker.protect, Retry.retry())
    }))
})

describe("An open circuit", () => {
  it.effect("refuses a call without running it", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      const calls = yield* Ref.make(0)
      const error = yield* Effect.flip(breaker.protect(Ref.update(calls, (n) => n + 1)))
      assert.strictEqual(yield* Ref.get(calls), 0)
      assertInstanceOf(error, CircuitBreaker.CircuitOpen)
      assert.deepInclude(error, { name: "test", state: "Open" })
      assert.strictEqual(Duration.toMillis(error.retryAfter), 1000)
      assert.strictEqual(error.message, "Circuit \"test\" is open: the call was not made. Try again in 1s.")
      assert.deepInclude(yield* breaker.metrics, { calls: 0, failures: 0, rejected: 1 })
    }))

  it.effect("a refusal has no stack trace, and later errors have one", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      const error = yield* Effect.flip(breaker.protect(Effect.void))
      assert.notInclude(error.stack ?? "", "\n    at ")
      assertInclude(new Error("other").stack, "\n    at ")
    }))

  it.effect("a refusal is recognized within a span too, where effect wraps it in a proxy", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      const error = yield* Effect.flip(Effect.withSpan(breaker.protect(Effect.void), "span"))
      assert.isTrue(Rejection.isRejection(error))
      const outer = yield* make()
      yield* Effect.exit(Effect.withSpan(outer.protect(breaker.protect(Effect.void)), "span"))
      assert.strictEqual((yield* outer.metrics).calls, 0)
    }))

  it.effect("a refusal with an infinite retryAfter can be decoded, and is then no local rejection", () =>
    Effect.gen(function*() {
      const error = new CircuitBreaker.CircuitOpen({ name: "a", state: "Isolated", retryAfter: Duration.infinity })
      const encoded = yield* Schema.encode(CircuitBreaker.CircuitOpen)(error)
      const decoded = yield* Schema.decode(CircuitBreaker.CircuitOpen)(JSON.parse(JSON.stringify(encoded)))
      assert.isFalse(Duration.isFinite(decoded.retryAfter))
      assert.isFalse(Rejection.isRejection(decoded))
    }))

  it.effect("check fails if a call would be refused, and takes no permit", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      yield* breaker.check
      yield* Effect.exit(breaker.protect(boom))
      const error = yield* Effect.flip(breaker.check)
      assert.strictEqual(Duration.toMillis(error.retryAfter), 1000)
      yield* TestClock.adjust("1 second")
      yield* breaker.check
      yield* breaker.check
      assert.strictEqual(yield* tag(breaker), "Open")
      const probe = yield* inFlight(breaker)
      assert.strictEqual((yield* Effect.flip(breaker.check)).state, "HalfOpen")
      yield* probe.end(Exit.void)
      yield* breaker.check
    }))

  it.effect("concurrent failures trip the circuit once", () =>
    Effect.gen(function*() {
      const steps = yield* Ref.make(0)
      const breaker = yield* make({
        openFor: Schedule.tapOutput(Schedule.spaced("1 second"), () => Ref.update(steps, (n) => n + 1))
      })
      const calls = yield* Effect.replicateEffect(inFlight(breaker), 20)
      yield* Effect.forEach(calls, (call) => call.end(Exit.fail("boom")), { concurrency: "unbounded" })
      assert.strictEqual(yield* Ref.get(steps), 1)
      const metrics = yield* breaker.metrics
      assert.deepStrictEqual([metrics.trips, metrics.late], [1, 19])
    }))

  it.effect("a reset while the schedule is being stepped discards the trip", () =>
    Effect.gen(function*() {
      const breaker = yield* make({
        openFor: Schedule.tapOutput(Schedule.spaced("1 second"), () => Effect.sleep("1 second"))
      })
      const call = yield* Effect.fork(Effect.exit(breaker.protect(boom)))
      yield* TestClock.adjust("500 millis")
      yield* breaker.reset
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* Fiber.join(call), Exit.fail("boom"))
      assert.strictEqual(yield* tag(breaker), "Closed")
      assert.strictEqual((yield* breaker.metrics).trips, 0)
    }))

  it.effect("stays open until reset when the schedule is exhausted", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ openFor: Schedule.recurs(1).pipe(Schedule.addDelay(() => "1 second")) })
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1000 days")
      const error = yield* Effect.flip(breaker.protect(Effect.void))
      assert.isFalse(Duration.isFinite(error.retryAfter))
      assertInclude(error.message, "reset the circuit")
      yield* breaker.reset
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("passes the cause of each trip to the schedule", () =>
    Effect.gen(function*() {
      const causes = yield* Ref.make<ReadonlyArray<string>>([])
      const breaker = yield* opened({
        openFor: Schedule.identity<CircuitBreaker.TripCause>().pipe(
          Schedule.tapInput((cause: CircuitBreaker.TripCause) => Ref.update(causes, (all) => [...all, cause._tag])),
          Schedule.addDelay(() => "1 second")
        ),
        halfOpen: { timeout: "3 seconds" }
      })
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1 second")
      const hung = yield* inFlight(breaker)
      yield* TestClock.adjust("3 seconds")
      yield* breaker.state
      yield* hung.end(Exit.void)
      assert.deepStrictEqual(yield* Ref.get(causes), ["ConsecutiveFailures", "ProbesFailed", "HalfOpenTimedOut"])
    }))

  it.effect("opens by default for a random 50 to 100 % of 1 second, doubled up to 60 seconds", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "default", trip: Trip.consecutive(1) })
      const durations: Array<number> = []
      for (let i = 0; i < 9; i++) {
        yield* Effect.exit(breaker.protect(boom))
        const duration = yield* retryAfter(breaker)
        const full = Math.min(60_000, 1000 * 2 ** i)
        assert.isAtLeast(duration, full / 2)
        assert.isAtMost(duration, full)
        durations.push(duration / full)
        yield* TestClock.adjust(Duration.millis(Math.ceil(duration)))
      }
      assert.strictEqual(new Set(durations).size, 9)
    }).pipe(Effect.withRandom(Random.make("seed"))))
})

describe("Invalid options", () => {
  for (
    const [halfOpen, message] of [
      [{ permits: 0 }, `halfOpen.permits must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got 0`],
      [
        { permits: 2, successes: 3 },
        "halfOpen.successes must be a whole number from 1 to 2, the number of halfOpen.permits, got 3"
      ],
      [{ maxQueue: 0.5 }, `halfOpen.maxQueue must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got 0.5`],
      [{ timeout: 0 }, "halfOpen.timeout must be longer than 0, got 0"],
      [
        { excess: "wait", timeout: Duration.infinity },
        "halfOpen.timeout must be finite when halfOpen.excess is \"wait\", got Infinity"
      ]
    ] as const
  ) {
    it.effect(`are a defect: ${message}`, () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(make({ halfOpen }))
        assertFailure(exit, Cause.die(new RangeError(`CircuitBreaker "test": ${message}`)))
      }))
  }
})
