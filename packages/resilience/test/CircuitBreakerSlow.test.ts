import { CircuitBreaker, Trip, Window } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, type Duration, Effect, Exit, Fiber, Option, Ref, TestClock } from "effect"
import { boom, inFlight, make, retryAfter, tag } from "./support/circuitBreaker.js"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { yieldOften } from "./support/yieldOften.js"

/** Opens when half of at least 4 calls take 100 ms or longer. */
const slow = (options?: Partial<CircuitBreaker.Options<unknown>>) =>
  make({ trip: Trip.slowCallRate({ duration: "100 millis", threshold: 0.5, minimumCalls: 4 }), ...options })

const lasting = (breaker: CircuitBreaker.CircuitBreaker, duration: Duration.DurationInput) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(breaker.protect(Effect.sleep(duration)))
    yield* TestClock.adjust(duration)
    return yield* Fiber.join(fiber)
  })

describe("Slow calls", () => {
  it.effect("open the circuit at the exact threshold, even if all succeed", () =>
    Effect.gen(function*() {
      const breaker = yield* slow()
      yield* lasting(breaker, "99 millis")
      yield* lasting(breaker, "99 millis")
      yield* lasting(breaker, "100 millis")
      assert.deepInclude(yield* breaker.metrics, { calls: 3, failures: 0, slowCalls: 1, slowCallRate: 1 / 3 })
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* lasting(breaker, "1 second")
      assert.strictEqual(yield* retryAfter(breaker), 1000)
    }))

  it.effect("open the circuit when a fast success completes the minimum number of calls", () =>
    Effect.gen(function*() {
      const breaker = yield* slow()
      for (const duration of [100, 100, 1]) yield* lasting(breaker, duration)
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* lasting(breaker, 1)
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("are counted before they end, so that the next call and check are refused", () =>
    Effect.gen(function*() {
      const breaker = yield* slow()
      const ran = yield* Ref.make(0)
      const hung = yield* Effect.replicateEffect(inFlight(breaker), 4)
      yield* TestClock.adjust("99 millis")
      yield* breaker.check
      assert.deepInclude(yield* breaker.metrics, { calls: 0, slowCalls: 0, slowCallRate: 0, inFlight: Option.some(4) })
      yield* TestClock.adjust("1 millis")
      const error = yield* Effect.flip(breaker.protect(Ref.update(ran, (n) => n + 1)))
      assert.strictEqual(error.state, "Open")
      assert.strictEqual(yield* Ref.get(ran), 0)
      assert.strictEqual((yield* Effect.flip(breaker.check)).state, "Open")
      yield* Effect.forEach(hung, (call) => call.end(Exit.void))
      assert.deepInclude(yield* breaker.metrics, { late: 4, trips: 1, inFlight: Option.some(0) })
    }))

  it.effect("that hang open the circuit when its state is read, without a call", () =>
    Effect.gen(function*() {
      const breaker = yield* slow()
      yield* Effect.replicateEffect(inFlight(breaker), 4)
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* retryAfter(breaker), 1000)
    }))

  it.effect("are counted once, in flight and then as finished", () =>
    Effect.gen(function*() {
      const breaker = yield* slow()
      const call = yield* inFlight(breaker)
      yield* TestClock.adjust("100 millis")
      assert.deepInclude(yield* breaker.metrics, { calls: 0, slowCalls: 1, slowCallRate: 1, inFlight: Option.some(1) })
      yield* call.end(Exit.void)
      assert.deepInclude(yield* breaker.metrics, { calls: 1, slowCalls: 1, slowCallRate: 1, inFlight: Option.some(0) })
    }))

  for (
    const [name, end] of [
      ["interrupted", (call: Effect.Effect.Success<ReturnType<typeof inFlight>>) => Fiber.interrupt(call.fiber)],
      ["ignored", (call: Effect.Effect.Success<ReturnType<typeof inFlight>>) => call.end(Exit.fail("ignored"))]
    ] as const
  ) {
    it.effect(`that are ${name} are no longer counted`, () =>
      Effect.gen(function*() {
        const breaker = yield* slow({ classify: (exit) => Exit.isFailure(exit) ? "ignore" : "success" })
        const calls = yield* Effect.replicateEffect(inFlight(breaker), 3)
        yield* TestClock.adjust("100 millis")
        assert.deepInclude(yield* breaker.metrics, { slowCalls: 3, inFlight: Option.some(3) })
        yield* Effect.forEach(calls, end)
        assert.deepInclude(yield* breaker.metrics, { calls: 0, slowCalls: 0, inFlight: Option.some(0) })
        yield* lasting(breaker, "100 millis")
        assert.strictEqual(yield* tag(breaker), "Closed")
      }))
  }

  it.effect("are not left in flight by a classifier that throws", () =>
    Effect.gen(function*() {
      const breaker = yield* slow({
        classify: () => {
          throw new Error("bad classifier")
        }
      })
      yield* breaker.protect(Effect.void)
      assert.deepInclude(yield* breaker.metrics, { calls: 1, failures: 0, inFlight: Option.some(0) })
    }))

  it.effect("with a verdict to open are not counted, and open the circuit", () =>
    Effect.gen(function*() {
      const breaker = yield* slow({ classify: () => CircuitBreaker.openFor("7 seconds") })
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* retryAfter(breaker), 7000)
      assert.deepInclude(yield* breaker.metrics, { calls: 0, trips: 1 })
    }))

  it.effect("can be combined with failures by Trip.any and Trip.all", () =>
    Effect.gen(function*() {
      const rules = [
        Trip.consecutive(2),
        Trip.slowCallRate({ duration: "100 millis", minimumCalls: 2, window: Window.time("10 seconds") })
      ] as const
      const [any, all] = [yield* make({ trip: Trip.any(...rules) }), yield* make({ trip: Trip.all(...rules) })]
      for (const breaker of [any, all]) {
        yield* Effect.exit(breaker.protect(boom))
        yield* Effect.exit(breaker.protect(boom))
        assert.deepInclude(yield* breaker.metrics, { slowCalls: 0 })
      }
      assert.strictEqual(yield* tag(any), "Open")
      assert.strictEqual(yield* tag(all), "Closed")
      for (let i = 0; i < 2; i++) {
        const call = yield* inFlight(all)
        yield* TestClock.adjust("100 millis")
        assert.strictEqual(yield* tag(all), "Closed")
        yield* call.end(Exit.fail("slow and failed"))
      }
      assert.strictEqual(yield* tag(all), "Open")
    }))

  it.effect("do not close a half-open circuit", () =>
    Effect.gen(function*() {
      const breaker = yield* slow({
        trip: Trip.any(Trip.consecutive(1), Trip.slowCallRate({ duration: "100 millis" }))
      })
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1 second")
      yield* lasting(breaker, "100 millis")
      assert.strictEqual(yield* retryAfter(breaker), 2000)
      yield* TestClock.adjust("2 seconds")
      yield* lasting(breaker, "99 millis")
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("in flight are forgotten by a reset", () =>
    Effect.gen(function*() {
      const breaker = yield* slow()
      const calls = yield* Effect.replicateEffect(inFlight(breaker), 4)
      yield* TestClock.adjust("50 millis")
      yield* breaker.reset
      yield* TestClock.adjust("1 hour")
      assert.deepInclude(yield* breaker.metrics, { slowCalls: 0, inFlight: Option.some(0) })
      yield* Effect.forEach(calls, (call) => call.end(Exit.void))
      assert.deepInclude(yield* breaker.metrics, { calls: 0, late: 4 })
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))
})

describe("With fibers that yield often", () => {
  it.effect("100 concurrent calls that arrive while others hang trip the circuit once, and none of them runs", () =>
    Effect.gen(function*() {
      const breaker = yield* slow()
      yield* Effect.replicateEffect(inFlight(breaker), 4)
      yield* TestClock.adjust("100 millis")
      const ran = yield* Ref.make(0)
      const call = Effect.exit(breaker.protect(Ref.update(ran, (n) => n + 1)))
      const fibers = yield* Effect.replicateEffect(Effect.fork(Effect.withScheduler(call, yieldOften())), 100)
      yield* Fiber.joinAll(fibers)
      assert.strictEqual(yield* Ref.get(ran), 0)
      assert.deepInclude(yield* breaker.metrics, { trips: 1, rejected: 100, inFlight: Option.some(0) })
    }))

  it.effect("100 concurrent calls, half of them interrupted, leave none in flight and trip once", () =>
    Effect.gen(function*() {
      const breaker = yield* slow()
      const gate = yield* Deferred.make<void>()
      const call = breaker.protect(Deferred.await(gate))
      const fibers = yield* Effect.replicateEffect(Effect.fork(Effect.withScheduler(call, yieldOften())), 100)
      yield* settle
      yield* Effect.forEach(fibers.slice(0, 50), Fiber.interruptFork)
      yield* settle
      assert.deepStrictEqual((yield* breaker.metrics).inFlight, Option.some(50))
      yield* TestClock.adjust("100 millis")
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach(fibers, Fiber.await)
      assert.deepInclude(yield* breaker.metrics, { trips: 1, inFlight: Option.some(0) })
    }))
})

describe("A time window", () => {
  it.effect("gets the time from the breaker when a call ends and when the metrics are read", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const breaker = yield* make({
        trip: Trip.failureRate({ window: Window.time("10 seconds"), minimumCalls: 3, threshold: 0.5 })
      })
      yield* Effect.replicateEffect(Effect.exit(breaker.protect(boom)), 2)
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual((yield* breaker.metrics).failures, 2)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* breaker.metrics).failures, 0)
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1 hour")
      yield* Effect.replicateEffect(Effect.exit(breaker.protect(boom)), 2)
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Open")
    }))
})

describe("An interrupt at every yield point", () => {
  for (
    const [name, call] of [
      ["succeeds", Effect.asVoid(Effect.yieldNow())],
      ["fails", Effect.zipRight(Effect.yieldNow(), Effect.fail("boom"))]
    ] as const
  ) {
    it.effect(
      `leaves no tracked call that ${name} in flight`,
      () =>
        interruptEverywhere(Effect.map(slow(), (breaker) => ({
          victim: Effect.exit(breaker.protect(call)),
          meanwhile: Effect.void,
          verify: Effect.map(breaker.metrics, ({ calls, inFlight }) => {
            assert.deepStrictEqual(inFlight, Option.some(0))
            assert.isAtMost(calls, 1)
          })
        })))
    )
  }

  it.effect(
    "of a call that finds others hanging leaves the circuit open",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const breaker = yield* slow()
        const gate = yield* Deferred.make<void>()
        yield* Effect.replicateEffect(Effect.fork(breaker.protect(Deferred.await(gate))), 4)
        yield* TestClock.adjust("100 millis")
        return {
          victim: Effect.exit(breaker.protect(Effect.void)),
          meanwhile: Effect.void,
          verify: Effect.gen(function*() {
            assert.strictEqual(yield* tag(breaker), "Open")
            assert.strictEqual((yield* breaker.metrics).trips, 1)
            yield* Deferred.succeed(gate, undefined)
          })
        }
      }))
  )
})
