import { CircuitBreaker, Deadline, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Option, Ref, Schedule, TestClock } from "effect"
import { boom, inFlight, opened, tag } from "./support/circuitBreaker.js"
import { countingClock } from "./support/countingClock.js"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { yieldOften } from "./support/yieldOften.js"

/** A breaker that is due to be probed, with the option `excess: "wait"`. */
const due = (options?: CircuitBreaker.Options<unknown>["halfOpen"]) =>
  Effect.zipLeft(
    opened({ openFor: Schedule.spaced("1 second"), halfOpen: { excess: "wait", ...options } }),
    TestClock.adjust("1 second")
  )

/** Starts calls that record their number when they run. */
const callers = (breaker: CircuitBreaker.CircuitBreaker, count: number) =>
  Effect.gen(function*() {
    const ran = yield* Ref.make<ReadonlyArray<number>>([])
    const fibers = yield* Effect.forEach(Array.from({ length: count }, (_, i) => i), (i) =>
      Effect.zipLeft(
        Effect.fork(breaker.protect(Ref.update(ran, (all) => [...all, i]))),
        settle
      ))
    return { ran: Ref.get(ran), fibers }
  })

const waiting = (breaker: CircuitBreaker.CircuitBreaker) => Effect.map(breaker.metrics, ({ waiting }) => waiting)

const refused = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error instanceof CircuitBreaker.CircuitOpen
    ? `${exit.cause.error.state} ${Duration.toMillis(exit.cause.error.retryAfter)}`
    : assert.fail(`was ${exit}`)

describe("Excess calls that wait", () => {
  it.effect("all run in order of arrival when the probes succeed", () =>
    Effect.gen(function*() {
      const breaker = yield* due()
      const probe = yield* inFlight(breaker)
      const { fibers, ran } = yield* callers(breaker, 100)
      assert.deepStrictEqual(yield* ran, [])
      assert.strictEqual(yield* waiting(breaker), 100)
      yield* probe.end(Exit.void)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(yield* ran, Array.from({ length: 100 }, (_, i) => i))
      assert.deepInclude(yield* breaker.metrics, { waiting: 0, rejected: 0 })
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("are all refused without running when the probes fail", () =>
    Effect.gen(function*() {
      const breaker = yield* due()
      const probe = yield* inFlight(breaker)
      const { fibers, ran } = yield* callers(breaker, 3)
      yield* TestClock.adjust("500 millis")
      yield* probe.end(Exit.fail("boom"))
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits.map(refused), ["Open 1000", "Open 1000", "Open 1000"])
      assert.deepStrictEqual(yield* ran, [])
      assert.deepInclude(yield* breaker.metrics, { waiting: 0, rejected: 3 })
    }))

  it.effect("are refused at the half-open timeout when a probe hangs", () =>
    Effect.gen(function*() {
      const breaker = yield* due({ timeout: "5 seconds" })
      yield* inFlight(breaker)
      yield* TestClock.adjust("2 seconds")
      const { fibers } = yield* callers(breaker, 2)
      yield* TestClock.adjust("2999 millis")
      assert.strictEqual(yield* waiting(breaker), 2)
      yield* TestClock.adjust("1 millis")
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits.map(refused), ["Open 1000", "Open 1000"])
      assert.strictEqual((yield* breaker.metrics).trips, 2)
    }))

  it.effect("get the permit that a probe returns, in order of arrival", () =>
    Effect.gen(function*() {
      const breaker = yield* due()
      const probe = yield* inFlight(breaker)
      const gate = yield* Deferred.make<void>()
      const first = yield* Effect.fork(breaker.protect(Deferred.await(gate)))
      yield* settle
      const { fibers, ran } = yield* callers(breaker, 2)
      yield* Fiber.interrupt(probe.fiber)
      yield* settle
      assert.deepInclude(yield* breaker.metrics, { waiting: 2 })
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* Fiber.interrupt(first)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(yield* ran, [0, 1])
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("are not overtaken by a new call", () =>
    Effect.gen(function*() {
      const breaker = yield* due()
      const probe = yield* inFlight(breaker)
      const ran = yield* Ref.make<ReadonlyArray<string>>([])
      const call = (name: string) =>
        Effect.fork(breaker.protect(Effect.zipRight(Ref.update(ran, (all) => [...all, name]), Effect.never)))
      yield* call("waited")
      yield* settle
      yield* Effect.zipRight(Fiber.interruptFork(probe.fiber), call("newcomer"))
      yield* settle
      assert.deepStrictEqual(yield* Ref.get(ran), ["waited"])
      assert.strictEqual(yield* waiting(breaker), 1)
    }))

  it.effect("leave the queue when they are interrupted", () =>
    Effect.gen(function*() {
      const breaker = yield* due()
      const probe = yield* inFlight(breaker)
      const { fibers, ran } = yield* callers(breaker, 3)
      yield* Effect.forEach(fibers.slice(1, 2), Fiber.interrupt)
      assert.strictEqual(yield* waiting(breaker), 2)
      yield* probe.end(Exit.void)
      yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(yield* ran, [0, 2])
    }))

  it.effect("wait until their own deadline at most, and are then refused with the half-open state", () =>
    Effect.gen(function*() {
      const breaker = yield* due()
      const probe = yield* inFlight(breaker)
      const fiber = yield* Effect.fork(Effect.exit(Deadline.within(breaker.protect(Effect.void), "3 seconds")))
      yield* TestClock.adjust("2999 millis")
      assert.strictEqual(yield* waiting(breaker), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(refused(yield* Fiber.join(fiber)), "HalfOpen 7000")
      assert.deepInclude(yield* breaker.metrics, { waiting: 0, rejected: 1 })
      yield* probe.end(Exit.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("are refused when the queue is full, and so does check fail", () =>
    Effect.gen(function*() {
      const breaker = yield* due({ maxQueue: 2 })
      yield* inFlight(breaker)
      yield* callers(breaker, 1)
      yield* breaker.check
      yield* callers(breaker, 1)
      assert.strictEqual((yield* Effect.flip(breaker.check)).state, "HalfOpen")
      assert.strictEqual(refused(yield* Effect.exit(breaker.protect(Effect.void))), "HalfOpen 10000")
      assert.strictEqual(yield* waiting(breaker), 2)
    }))

  for (
    const [name, change, then] of [
      ["reset", (breaker: CircuitBreaker.CircuitBreaker) => breaker.reset, "passes"],
      ["disable", (breaker: CircuitBreaker.CircuitBreaker) => breaker.disable, "passes"],
      ["forceOpen", (breaker: CircuitBreaker.CircuitBreaker) => breaker.forceOpen, "Open Infinity"],
      ["openUntil", (breaker: CircuitBreaker.CircuitBreaker) => breaker.openUntil(61_000), "Open 60000"]
    ] as const
  ) {
    it.effect(`are decided by ${name} too`, () =>
      Effect.gen(function*() {
        const breaker = yield* due()
        yield* inFlight(breaker)
        const { fibers } = yield* callers(breaker, 1)
        yield* change(breaker)
        const [exit] = yield* Effect.forEach(fibers, Fiber.await)
        assert.strictEqual(exit !== undefined && Exit.isSuccess(exit) ? "passes" : refused(exit ?? Exit.void), then)
      }))
  }

  it.effect("do not wait twice: they are refused if the circuit is already being probed again", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({ openFor: Schedule.forever, halfOpen: { excess: "wait" } })
      const probe = yield* inFlight(breaker)
      yield* Effect.replicateEffect(Effect.fork(Effect.exit(breaker.protect(Effect.never))), 3)
      yield* settle
      assert.deepInclude(yield* breaker.metrics, { waiting: 3, rejected: 0 })
      yield* probe.end(Exit.fail("boom"))
      yield* settle
      assert.deepInclude(yield* breaker.metrics, { waiting: 0, rejected: 2, inFlight: Option.some(1) })
    }))

  it.effect("share one sleeping fiber, and there is none once no call waits", () =>
    Effect.gen(function*() {
      const { counted, timers } = yield* countingClock
      const breaker = yield* due()
      const probe = yield* counted(inFlight(breaker))
      assert.strictEqual(timers.sleeping, 0)
      const { fibers } = yield* counted(callers(breaker, 50))
      assert.strictEqual(timers.sleeping, 1)
      yield* Fiber.interruptAll(fibers)
      yield* settle
      assert.strictEqual(timers.sleeping, 0)
      yield* counted(callers(breaker, 1))
      assert.strictEqual(timers.sleeping, 1)
      yield* probe.end(Exit.void)
      yield* settle
      assert.strictEqual(timers.sleeping, 0)
      assert.strictEqual(timers.slept, 2)
    }))

  it.effect("are refused if the schedule dies", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({
        openFor: Schedule.identity<CircuitBreaker.TripCause>().pipe(
          Schedule.addDelay((cause) => {
            if (cause._tag === "HalfOpenTimedOut") throw new Error("bad schedule")
            return "1 second"
          })
        ),
        halfOpen: { excess: "wait" }
      })
      yield* TestClock.adjust("1 second")
      yield* inFlight(breaker)
      const { fibers } = yield* callers(breaker, 2)
      yield* TestClock.adjust("10 seconds")
      for (const fiber of fibers) assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "CircuitOpen")
    }))
})

describe("An interrupt at every yield point of a waiting call", () => {
  /** A probe is running and the victim queues behind it. `meanwhile` runs once it has queued. */
  const scenario = (meanwhile: (probe: Effect.Effect.Success<ReturnType<typeof inFlight>>) => Effect.Effect<unknown>) =>
    Effect.gen(function*() {
      const breaker = yield* due({ permits: 2, successes: 1 })
      yield* Effect.exit(breaker.protect(boom))
      const probe = yield* inFlight(breaker)
      return {
        victim: breaker.protect(Effect.yieldNow()),
        meanwhile: meanwhile(probe),
        verify: Effect.gen(function*() {
          assert.strictEqual(yield* waiting(breaker), 0)
          // In any case, a permit is free or the circuit is closed.
          yield* breaker.protect(Effect.void)
          assert.strictEqual(yield* tag(breaker), "Closed")
        })
      }
    })

  it.effect(
    "passes on the permit that it was given",
    () => interruptEverywhere(scenario((probe) => Fiber.interrupt(probe.fiber)))
  )

  it.effect("does not prevent the decision", () => interruptEverywhere(scenario((probe) => probe.end(Exit.void))))
})

describe("100 concurrent calls that yield often", () => {
  for (const [name, end, passed] of [["succeeds", Effect.void, 100], ["fails", boom, 1]] as const) {
    it.effect(`run one probe, and when it ${name} ${passed} have run in total`, () =>
      Effect.gen(function*() {
        const breaker = yield* due()
        const ran = yield* Ref.make(0)
        const gate = yield* Deferred.make<void, string>()
        const call = breaker.protect(Effect.zipRight(Ref.update(ran, (n) => n + 1), Deferred.await(gate)))
        const fibers = yield* Effect.replicateEffect(Effect.fork(Effect.withScheduler(call, yieldOften())), 100)
        yield* Effect.repeatN(settle, 20)
        assert.strictEqual(yield* Ref.get(ran), 1)
        assert.strictEqual(yield* waiting(breaker), 99)
        yield* Deferred.complete(gate, end)
        yield* Effect.forEach(fibers, Fiber.await)
        assert.strictEqual(yield* Ref.get(ran), passed)
        assert.strictEqual((yield* breaker.metrics).rejected, 100 - passed)
      }))
  }

  it.effect("fill a queue of 10 exactly", () =>
    Effect.gen(function*() {
      const breaker = yield* due({ maxQueue: 10 })
      const call = Effect.exit(breaker.protect(Effect.never))
      yield* Effect.replicateEffect(Effect.fork(Effect.withScheduler(call, yieldOften())), 100)
      yield* Effect.repeatN(settle, 20)
      assert.deepInclude(yield* breaker.metrics, { waiting: 10, rejected: 89, inFlight: Option.some(1) })
    }))

  it.effect("all run if every probe is ignored, except for interrupted ones", () =>
    Effect.gen(function*() {
      const breaker = yield* opened({
        openFor: Schedule.spaced("1 second"),
        halfOpen: { excess: "wait", permits: 3 },
        trip: Trip.consecutive(1),
        classify: (exit) => Exit.isSuccess(exit) ? "ignore" : CircuitBreaker.defaultClassify(exit)
      })
      yield* TestClock.adjust("1 second")
      const running = yield* Ref.make(0)
      const maxRunning = yield* Ref.make(0)
      const call = breaker.protect(
        Ref.updateAndGet(running, (n) => n + 1).pipe(
          Effect.tap((n) => Ref.update(maxRunning, (m) => Math.max(m, n))),
          Effect.zipRight(Effect.yieldNow()),
          Effect.ensuring(Ref.update(running, (n) => n - 1))
        )
      )
      const fibers = yield* Effect.replicateEffect(Effect.fork(Effect.withScheduler(call, yieldOften())), 100)
      yield* Effect.forEach(fibers.filter((_, i) => i % 3 === 0), Fiber.interruptFork)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.isTrue(exits.every((exit, i) => Exit.isSuccess(exit) || (i % 3 === 0 && Exit.isInterrupted(exit))))
      assert.strictEqual(yield* Ref.get(maxRunning), 3)
      assert.deepInclude(yield* breaker.metrics, { waiting: 0, calls: 0, rejected: 0 })
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
    }))
})
