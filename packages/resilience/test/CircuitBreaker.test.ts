import { CircuitBreaker, Rejection, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertFailure, assertInclude, assertInstanceOf, assertSuccess } from "@effect/vitest/utils"
import {
  Cause,
  Chunk,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Metric,
  Random,
  Ref,
  Schedule,
  Schema,
  Scope,
  Stream,
  TestClock
} from "effect"

const boom = Effect.fail("boom")

/** Trips at the first failure and doubles 1 second each time, exactly. */
const make = (options?: Partial<CircuitBreaker.Options<unknown>>) =>
  CircuitBreaker.make({
    name: "test",
    trip: Trip.consecutive(1),
    openFor: Schedule.exponential("1 second"),
    ...options
  })

/** A breaker that has just opened. */
const opened = (options?: Partial<CircuitBreaker.Options<unknown>>) =>
  Effect.tap(make(options), (breaker) => Effect.exit(breaker.protect(boom)))

/** A call that stays in flight until it is told how to end. */
const inFlight = (breaker: CircuitBreaker.CircuitBreaker) =>
  Effect.gen(function*() {
    const started = yield* Deferred.make<void>()
    const gate = yield* Deferred.make<void, string>()
    const fiber = yield* Effect.fork(
      breaker.protect(Effect.zipRight(Deferred.succeed(started, undefined), Deferred.await(gate)))
    )
    yield* Deferred.await(started)
    const end = (exit: Exit.Exit<void, string>) => Effect.zipRight(Deferred.done(gate, exit), Fiber.await(fiber))
    return { fiber, end }
  })

const tag = (breaker: CircuitBreaker.CircuitBreaker) => Effect.map(breaker.state, (state) => state._tag)

const retryAfter = (breaker: CircuitBreaker.CircuitBreaker) =>
  Effect.map(
    breaker.state,
    (state) => state._tag === "Open" ? Duration.toMillis(state.retryAfter) : assert.fail(`was ${state._tag}`)
  )

/** Opens only when told to. */
const banned = (outcome: CircuitBreaker.Outcome) =>
  make({
    trip: Trip.consecutive(5),
    classify: (exit) => Exit.isFailure(exit) ? outcome : "success"
  })

/** A metric's value under these labels. */
const value = <Type, In, Out>(metric: Metric.Metric<Type, In, Out>, tags: Record<string, string>) =>
  Metric.value(Object.entries(tags).reduce((metric, [key, value]) => Metric.tagged(metric, key, value), metric))

describe("closed", () => {
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

  it.effect("opens at half of twenty calls by default, not with fewer", () =>
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
        rejected: 0,
        late: 0,
        trips: 0
      })
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("counts defects, and lets them through", () =>
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

  it.effect("never shows an interruption to the classifier", () =>
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

  it.effect("asks the classifier about successes too", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ classify: (exit) => Exit.isSuccess(exit) ? "failure" : "success" })
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Closed")
      assert.strictEqual(yield* breaker.protect(Effect.succeed("error page")), "error page")
      assert.strictEqual(yield* tag(breaker), "Open")
    }))
})

describe("open", () => {
  it.effect("refused without calling", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      const calls = yield* Ref.make(0)
      const error = yield* Effect.flip(breaker.protect(Ref.update(calls, (n) => n + 1)))
      assert.strictEqual(yield* Ref.get(calls), 0)
      assertInstanceOf(error, CircuitBreaker.CircuitOpen)
      assert.deepInclude(error, { name: "test", state: "Open" })
      assert.strictEqual(Duration.toMillis(error.retryAfter), 1000)
      assert.strictEqual(error.message, "Circuit \"test\" is open: the call was not made. Try again in 1s.")
      assert.strictEqual((yield* breaker.metrics).rejected, 1)
    }))

  it.effect("a refusal carries no stack and leaves the limit as it was", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      const error = yield* Effect.flip(breaker.protect(Effect.void))
      assert.notInclude(error.stack ?? "", "\n    at ")
      assertInclude(new Error("other").stack, "\n    at ")
    }))

  it.effect("a refusal survives encoding, for ever included", () =>
    Effect.gen(function*() {
      const error = new CircuitBreaker.CircuitOpen({ name: "a", state: "Isolated", retryAfter: Duration.infinity })
      const encoded = yield* Schema.encode(CircuitBreaker.CircuitOpen)(error)
      const decoded = yield* Schema.decode(CircuitBreaker.CircuitOpen)(JSON.parse(JSON.stringify(encoded)))
      assert.isFalse(Duration.isFinite(decoded.retryAfter))
      assert.isTrue(Rejection.isRejection(decoded))
    }))

  it.effect("check tells what a call would meet and takes no permit", () =>
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

  it.effect("one trip for many failures at once", () =>
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

  it.effect("a trip overtaken by a reset while its schedule was being stepped is forgotten", () =>
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

  it.effect("exhausted schedule stays open until reset", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ openFor: Schedule.recurs(1).pipe(Schedule.addDelay(() => "1 second")) })
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1000 days")
      const error = yield* Effect.flip(breaker.protect(Effect.void))
      assert.isFalse(Duration.isFinite(error.retryAfter))
      assertInclude(error.message, "Reset the circuit")
      yield* breaker.reset
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("tells the schedule the cause of each trip", () =>
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

  it.effect("by default opens for 50 to 100 % of 1 s doubled up to 60 s, as Random chooses", () =>
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

describe("half-open", () => {
  it.effect("half-open at the exact instant and not a millisecond before", () =>
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

  it.effect("longer after each failed probe, and from the start again after a close", () =>
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

  it.effect("closing forgets everything", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ trip: Trip.failureRate({ window: 4, minimumCalls: 2 }) })
      yield* Effect.replicateEffect(Effect.exit(breaker.protect(boom)), 2)
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      assert.strictEqual((yield* breaker.metrics).calls, 0)
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("others are refused while a probe runs", () =>
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

  it.effect("a hung probe does not wedge", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { timeout: "5 seconds" } })
      yield* TestClock.adjust("1 second")
      const hung = yield* inFlight(breaker)
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* retryAfter(breaker), 2000)
      yield* TestClock.adjust("2 seconds")
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
      assertFailure(yield* hung.end(Exit.fail("late")), Cause.fail("late"))
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("a timeout nobody watched counts from the instant it passed", () =>
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

  it.effect("a probe that ends too late decides nothing, watched or not", () =>
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

  it.effect("an ignored probe returns its permit and closes nothing", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ classify: (exit) => Exit.isSuccess(exit) ? "ignore" : "failure" })
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("defects count and release", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { permits: 2, successes: 1 } })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Effect.exit(breaker.protect(Effect.die("bug"))), Exit.die("bug"))
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      assert.deepInclude(yield* breaker.metrics, { calls: 1, failures: 1, failureRate: 1 })
      yield* Effect.exit(breaker.protect(Effect.die("bug")))
      assert.strictEqual(yield* retryAfter(breaker), 2000)
    }))

  it.effect("a classifier that throws dies and returns the permit", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({
        classify: (exit) => {
          if (Exit.isFailure(exit)) return "failure"
          throw new Error("bad classifier")
        }
      })
      yield* TestClock.adjust("1 second")
      const exit = yield* Effect.exit(breaker.protect(Effect.void))
      assertFailure(exit, Cause.die(new Error("bad classifier")))
      yield* breaker.check
    }))

  it.effect("100 fibers race for one permit and one wins", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("1 second")
      const ran = yield* Ref.make(0)
      const call = breaker.protect(Effect.zipRight(Ref.update(ran, (n) => n + 1), Effect.sleep("1 second")))
      const fiber = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 100 }), () => Effect.either(call), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      const results = yield* Fiber.join(fiber)
      assert.strictEqual(yield* Ref.get(ran), 1)
      assert.strictEqual(results.filter((result) => result._tag === "Right").length, 1)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("closes at the needed successes, and opens as soon as they are impossible", () =>
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

describe("late results of an earlier generation change nothing", () => {
  for (const end of [Exit.void, Exit.fail("late")]) {
    it.effect(`a ${end._tag} while open`, () =>
      Effect.gen(function*() {
        const breaker = yield* make()
        const late = yield* inFlight(breaker)
        yield* Effect.exit(breaker.protect(boom))
        yield* TestClock.adjust("400 millis")
        assert.deepStrictEqual(yield* late.end(end), end)
        assert.strictEqual(yield* retryAfter(breaker), 600)
        assert.deepInclude(yield* breaker.metrics, { late: 1, trips: 1 })
      }))

    it.effect(`a ${end._tag} while half-open`, () =>
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

    it.effect(`a ${end._tag} after closing again`, () =>
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

  it.effect("an interrupted late call gives no permit to a later half-open", () =>
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

describe("openings asked for", () => {
  it.effect("openUntil opens at once until the wall-clock instant", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const breaker = yield* banned(CircuitBreaker.openUntil(1_700_000_030_000))
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("29999 millis")
      assert.strictEqual(yield* retryAfter(breaker), 1)
      yield* TestClock.adjust("1 millis")
      yield* breaker.check
    }))

  it.effect("openUntil extends and never shortens", () =>
    Effect.gen(function*() {
      const outcomes = { long: CircuitBreaker.openFor("60 seconds"), short: CircuitBreaker.openUntil(10_000) }
      const breaker = yield* make({
        classify: (exit) => Exit.match(exit, { onSuccess: () => outcomes.short, onFailure: () => outcomes.long })
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

  it.effect("do not shorten for ever", () =>
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

  it.effect("are ignored when their time has passed, and return a probe's permit", () =>
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

  it.effect("by a probe take the place of the schedule, which goes on where it was", () =>
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

describe("by hand", () => {
  it.effect("isolate ref-counted: closed when the last holder lets go", () =>
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

  it.effect("isolation outlasts deadlines and ignores results", () =>
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

  it.effect("openUntil opens whatever the window holds, extends and never shortens, and leaves an isolation alone", () =>
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

  it.effect("reset ends an isolation, and its holders no longer matter", () =>
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

  it.effect("reset closes, empties the window and starts the schedule again", () =>
    Effect.gen(function*() {
      const breaker = yield* opened()
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* retryAfter(breaker), 2000)
      yield* breaker.reset
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* retryAfter(breaker), 1000)
    }))
})

describe("changes", () => {
  it.effect("changes stream: each transition once, in order, with its reason", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const collected = yield* Effect.fork(Stream.runCollect(Stream.take(breaker.changes, 7)))
      yield* TestClock.adjust("5 seconds")
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      yield* breaker.protect(Effect.void)
      yield* Effect.scoped(breaker.isolate)
      yield* breaker.reset
      yield* Effect.exit(breaker.protect(boom))
      const transitions = Chunk.toReadonlyArray(yield* Fiber.join(collected))
      assert.deepStrictEqual(transitions.map(({ at, from, reason, to }) => [at, from, to, reason._tag]), [
        [5000, "Closed", "Open", "ConsecutiveFailures"],
        [6000, "Open", "HalfOpen", "OpenElapsed"],
        [6000, "HalfOpen", "Closed", "ProbesSucceeded"],
        [6000, "Closed", "Isolated", "Isolated"],
        [6000, "Isolated", "Closed", "Released"],
        [6000, "Closed", "Closed", "Reset"],
        [6000, "Closed", "Open", "ConsecutiveFailures"]
      ])
      assert.deepStrictEqual(transitions[0], {
        name: "test",
        from: "Closed",
        to: "Open",
        at: 5000,
        reason: { _tag: "ConsecutiveFailures", failures: 1 }
      })
    }))

  it.effect("a subscriber sees the state the transition led to", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const seen = yield* Effect.fork(Stream.runHead(Stream.mapEffect(breaker.changes, () => tag(breaker))))
      yield* TestClock.adjust(0)
      yield* Effect.exit(breaker.protect(boom))
      assert.deepStrictEqual(yield* Effect.flatten(Fiber.join(seen)), "Open")
    }))

  it.effect("events cannot fail a call: a subscriber that dies or sleeps holds up nothing", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const dead = yield* Effect.fork(Stream.runForEach(breaker.changes, () => Effect.die("bad subscriber")))
      const asleep = yield* Effect.fork(
        Stream.runCollect(Stream.mapEffect(Stream.take(breaker.changes, 3), (t) => Effect.as(Effect.sleep("1 day"), t)))
      )
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* Effect.exit(breaker.protect(boom)), Exit.fail("boom"))
      yield* TestClock.adjust(0)
      yield* Effect.replicateEffect(breaker.reset, 100)
      assert.deepStrictEqual(yield* Fiber.await(dead), Exit.die("bad subscriber"))
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Open")
      yield* TestClock.adjust("3 days")
      const seen = Chunk.toReadonlyArray(yield* Fiber.join(asleep))
      assert.deepStrictEqual(seen.map((transition) => transition.to), ["Open", "Closed", "Closed"])
    }))
})

describe("metrics", () => {
  const state = Metric.gauge("circuitbreaker_state", { description: "1 for the state the circuit is in, else 0" })
  const refused = Metric.counter("circuitbreaker_not_permitted_calls", {
    description: "Calls refused because the circuit was not closed",
    incremental: true
  })
  const transitions = Metric.counter("circuitbreaker_transitions", {
    description: "Changes of state of the circuit",
    incremental: true
  })

  it.effect("a gauge per state, refusals and transitions", () =>
    Effect.gen(function*() {
      const name = "metered"
      const breaker = yield* make({ name })
      assert.strictEqual((yield* value(state, { name, state: "Closed" })).value, 1)
      assert.strictEqual((yield* value(state, { name, state: "Open" })).value, 0)
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual((yield* value(state, { name, state: "Closed" })).value, 0)
      assert.strictEqual((yield* value(state, { name, state: "Open" })).value, 1)
      yield* Effect.exit(breaker.protect(boom))
      yield* Effect.exit(breaker.check)
      assert.strictEqual((yield* value(refused, { name })).count, 2)
      assert.strictEqual((yield* value(transitions, { name, from: "Closed", to: "Open" })).count, 1)
    }))
})

describe("options out of range", () => {
  for (
    const [halfOpen, message] of [
      [{ permits: 0 }, "halfOpen.permits was 0; give at least 1"],
      [{ permits: 2, successes: 3 }, "halfOpen.successes was 3; give 1 to halfOpen.permits (2)"],
      [{ timeout: 0 }, "halfOpen.timeout was 0; give probes some time"]
    ] as const
  ) {
    it.effect(`die: ${message}`, () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(make({ halfOpen }))
        assertFailure(exit, Cause.die(new RangeError(`CircuitBreaker "test": ${message}`)))
      }))
  }
})
