import { Bulkhead, Deadline, Idempotent, Rejection, Retry } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Random, Scheduler, Schema, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { metricValue } from "./support/metrics.js"
import { full } from "./support/refusals.js"
import { yieldOften } from "./support/yieldOften.js"

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("Bulkhead", () => {
  it.effect("runs as many calls as there are permits, and the others in order of arrival", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 2 })
      const started: Array<number> = []
      const gates = yield* Effect.forEach([0, 1, 2, 3], () => Deferred.make<void>())
      const fibers = yield* Effect.forEach(
        gates,
        (gate, caller) =>
          start(bulkhead.withPermit(Effect.zipRight(Effect.sync(() => started.push(caller)), Deferred.await(gate))))
      )
      assert.deepStrictEqual(started, [0, 1])
      assert.strictEqual(yield* bulkhead.queued, 2)
      assert.strictEqual(yield* bulkhead.available, 0)
      for (const [caller, gate] of gates.entries()) {
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.deepStrictEqual(started, [0, 1, 2, 3].slice(0, caller + 3))
      }
      yield* Fiber.joinAll(fibers)
      assert.strictEqual(yield* bulkhead.available, 2)
    }))

  it.effect("hands a released permit to the waiting call, so that a new call cannot overtake it", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
      const order: Array<string> = []
      const enter = (who: string) => bulkhead.withPermit(Effect.sync(() => order.push(who)))
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPermit(Deferred.await(gate)))
      const waiting = yield* start(enter("waiting"))
      // The newcomer arrives in the same step in which the holder releases its permit.
      yield* start(Effect.zipRight(Fiber.await(holder), enter("newcomer")))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(waiting)
      yield* settle
      assert.deepStrictEqual(order, ["waiting", "newcomer"])
    }))

  it.effect("refuses a call without running it when the queue is full", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "metered-bulkhead", permits: 1, maxQueue: 1 })
      const holder = yield* start(bulkhead.withPermit(Effect.never))
      const waiting = yield* start(bulkhead.withPermit(Effect.succeed("served")))
      let ran = false
      const error = yield* Effect.flip(bulkhead.withPermit(Effect.sync(() => ran = true)))
      assert.instanceOf(error, Bulkhead.BulkheadFull)
      assert.strictEqual(error.name, "metered-bulkhead")
      assert.isTrue(Rejection.isRejection(error))
      assert.include(
        error.message,
        "\"metered-bulkhead\" has no free permit and its queue is full (permits: 1, waiting calls: 1)"
      )
      assert.notInclude(error.stack ?? "", "    at ")
      assert.isFalse(ran)
      assert.strictEqual(yield* bulkhead.queued, 1)
      assert.strictEqual(yield* metricValue("bulkhead_refused_calls", { name: "metered-bulkhead" }), 1)
      assert.strictEqual(yield* metricValue("bulkhead_waiting_calls", { name: "metered-bulkhead" }), 1)
      yield* Fiber.interrupt(holder)
      assert.strictEqual(yield* Fiber.join(waiting), "served")
    }))

  it.effect("returns the permit however the effect ends", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, maxQueue: 0 })
      yield* bulkhead.withPermit(Effect.void)
      assert.strictEqual(yield* Effect.flip(bulkhead.withPermit(Effect.fail("failed"))), "failed")
      assert.deepStrictEqual(yield* Effect.exit(bulkhead.withPermit(Effect.die("bug"))), Exit.die("bug"))
      yield* Effect.flatMap(start(bulkhead.withPermit(Effect.never)), Fiber.interrupt)
      assert.strictEqual(yield* bulkhead.available, 1)
    }))

  it.effect("dies with a message for an invalid number of permits or an invalid maxQueue", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, maxQueue: Infinity })
      const invalidCases: ReadonlyArray<Effect.Effect<unknown>> = [
        ...[0, 1.5, NaN, Infinity].flatMap((permits) => [
          Bulkhead.make({ name: "test", permits }),
          bulkhead.resize(permits)
        ]),
        ...[-1, NaN].map((maxQueue) => Bulkhead.make({ name: "test", permits: 1, maxQueue }))
      ]
      for (const invalidCase of invalidCases) {
        const cause = yield* Effect.flip(Effect.sandbox(invalidCase))
        assert.isTrue(Cause.isDie(cause))
        assert.match(Cause.pretty(cause), /Bulkhead "test": (permits|maxQueue) must be .*, got /)
      }
      assert.strictEqual(yield* bulkhead.permits, 1)
    }))

  it.effect("withPermit keeps the brand of an idempotent effect and adds it to no other", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
      const order = Effect.succeed("placed")
      const read = Effect.succeed("read").pipe(Idempotent.mark, bulkhead.withPermit)
      assert.isTrue(Idempotent.isIdempotent(read))
      assert.strictEqual(yield* Retry.retry(read, {}), "read")
      assert.isFalse(Idempotent.isIdempotent(bulkhead.withPermit(order)))
      // @ts-expect-error The order is not marked as idempotent.
      bulkhead.withPermit(order).pipe(Retry.retry({}))
    }))

  it.effect("a waiting call fails at the exact instant of its deadline, and the next one gets the permit", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPermit(Deferred.await(gate)))
      const withDeadline = yield* start(Deadline.within(Effect.exit(bulkhead.withPermit(Effect.void)), "1 second"))
      const withoutDeadline = yield* start(bulkhead.withPermit(Effect.succeed("served")))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* bulkhead.queued, 2)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* bulkhead.queued, 1)
      const exit = yield* Fiber.join(withDeadline)
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof Deadline.DeadlineExceeded)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(holder)
      assert.strictEqual(yield* Fiber.join(withoutDeadline), "served")
      assert.strictEqual(yield* bulkhead.available, 1)
    }))
})

describe("maxWait", () => {
  it.effect("refuses a waiting call at the exact instant without running it, and the next one gets the permit", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, maxWait: "1 second" })
      const gate = yield* Deferred.make<void>()
      yield* start(bulkhead.withPermit(Deferred.await(gate)))
      let ran = false
      const refused = yield* start(Effect.flip(bulkhead.withPermit(Effect.sync(() => ran = true))))
      yield* TestClock.adjust("500 millis")
      const next = yield* start(bulkhead.withPermit(Effect.succeed("served")))
      yield* TestClock.adjust("499 millis")
      assert.strictEqual(yield* bulkhead.queued, 2)
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(refused)
      assert.instanceOf(error, Bulkhead.BulkheadFull)
      assert.strictEqual(error.reason, "WaitTooLong")
      assert.include(error.message, "had no free permit within maxWait")
      assert.isTrue(Rejection.isRejection(error))
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(next), "served")
      assert.isFalse(ran)
      assert.strictEqual(yield* bulkhead.available, 1)
    }))

  it.effect("a deadline at or before the end of maxWait ends the wait with DeadlineExceeded", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, maxWait: "2 seconds" })
      yield* start(bulkhead.withPermit(Effect.never))
      const sooner = yield* start(Deadline.within(Effect.flip(bulkhead.withPermit(Effect.void)), "1 second"))
      const later = yield* start(Deadline.within(Effect.flip(bulkhead.withPermit(Effect.void)), "3 seconds"))
      yield* TestClock.adjust("1 second")
      assert.instanceOf(yield* Fiber.join(sooner), Deadline.DeadlineExceeded)
      yield* TestClock.adjust("1 second")
      assert.instanceOf(yield* Fiber.join(later), Bulkhead.BulkheadFull)
      const both = yield* start(Deadline.within(Effect.flip(bulkhead.withPermit(Effect.void)), "2 seconds"))
      yield* TestClock.adjust("2 seconds")
      assert.instanceOf(yield* Fiber.join(both), Deadline.DeadlineExceeded)
    }))

  it.effect("BulkheadFull can be encoded and decoded, and is then no local rejection any more", () =>
    Effect.gen(function*() {
      const error = full("test")
      const encoded = yield* Schema.encode(Bulkhead.BulkheadFull)(error)
      const decoded = yield* Schema.decode(Bulkhead.BulkheadFull)(encoded)
      assert.deepStrictEqual([decoded.reason, decoded.permits, decoded.queued], ["QueueFull", 1, 0])
      assert.isTrue(Rejection.isRejection(error))
      assert.isFalse(Rejection.isRejection(decoded))
    }))
})

describe("resize", () => {
  it.effect("an increase admits waiting calls, and a decrease admits none until enough calls have ended", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "resized", permits: 1 })
      const gates = yield* Effect.forEach([0, 1, 2, 3], () => Deferred.make<void>())
      const started: Array<number> = []
      const fibers = yield* Effect.forEach(
        gates,
        (gate, caller) =>
          start(bulkhead.withPermit(Effect.zipRight(Effect.sync(() => started.push(caller)), Deferred.await(gate))))
      )
      assert.deepStrictEqual(started, [0])
      yield* bulkhead.resize(3)
      yield* settle
      assert.deepStrictEqual(started, [0, 1, 2])
      yield* bulkhead.resize(1)
      assert.strictEqual(yield* bulkhead.permits, 1)
      assert.strictEqual(yield* bulkhead.available, 0)
      assert.strictEqual(yield* metricValue("bulkhead_max_allowed_concurrent_calls", { name: "resized" }), 1)
      for (const gate of gates.slice(0, 2)) {
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.deepStrictEqual(started, [0, 1, 2])
      }
      yield* Effect.forEach(gates.slice(2), (gate) => Deferred.succeed(gate, undefined))
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(started, [0, 1, 2, 3])
      assert.strictEqual(yield* bulkhead.available, 1)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(bulkhead.resize(0))))
      assert.strictEqual(yield* bulkhead.permits, 1)
    }))
})

describe("A bulkhead does not have the bugs of others", () => {
  it.effect(
    "2,000 waiting calls take work linear in their number (effect, ZIO #9093: Semaphore wakes all each time)",
    () =>
      Effect.gen(function*() {
        const serve = (callers: number) =>
          Effect.gen(function*() {
            const bulkhead = yield* Bulkhead.make({ name: "test", permits: 8, maxQueue: callers })
            let operations = 0
            const scheduler: Scheduler.Scheduler = {
              shouldYield: (fiber) => {
                operations++
                return Scheduler.defaultScheduler.shouldYield(fiber)
              },
              scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
            }
            const served: Array<number> = []
            yield* Effect.forEach(
              Array.from({ length: callers }, (_, caller) => caller),
              (caller) =>
                bulkhead.withPermit(Effect.zipRight(Effect.sync(() => served.push(caller)), Effect.yieldNow())),
              { concurrency: "unbounded", discard: true }
            ).pipe(Effect.withScheduler(scheduler))
            assert.deepStrictEqual(served, Array.from({ length: callers }, (_, caller) => caller))
            return operations
          })
        const few = yield* serve(500)
        assert.isAtMost(yield* serve(2000), few * 4.4)
      }),
    30_000
  )

  it.effect("an interrupted waiting call leaves the queue (cockatiel #112, #114)", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, maxQueue: 2 })
      const gate = yield* Deferred.make<void>()
      yield* start(bulkhead.withPermit(Deferred.await(gate)))
      let ran = 0
      const interrupted = yield* Effect.replicateEffect(start(bulkhead.withPermit(Effect.sync(() => ran++))), 2)
      yield* Fiber.interruptAll(interrupted)
      const next = yield* start(bulkhead.withPermit(Effect.succeed("served")))
      assert.strictEqual(yield* bulkhead.queued, 1)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(next), "served")
      assert.strictEqual(ran, 0)
      assert.strictEqual(yield* bulkhead.available, 1)
    }))

  it.effect("a call that has timed out keeps its permit until its work has stopped (opossum)", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
      const slow = Effect.uninterruptible(Effect.sleep("1 minute"))
      const late = yield* Effect.fork(
        bulkhead.withPermit(Effect.timeoutFail(slow, { duration: "1 second", onTimeout: () => "late" as const }))
      )
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* bulkhead.available, 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Effect.flip(Fiber.join(late)), "late")
      assert.strictEqual(yield* bulkhead.available, 1)
    }))

  it.effect("100 concurrent calls, some of them interrupted, leak no permit (effect #6638, #8391)", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 7 })
      let running = 0
      const call = Effect.gen(function*() {
        assert.isAtMost(++running, 7)
        yield* Effect.yieldNow()
        running--
      }).pipe(Effect.uninterruptible, bulkhead.withPermit)
      for (let race = 0; race < 10; race++) {
        const fibers = yield* Effect.replicateEffect(
          Effect.fork(Effect.withScheduler(Deadline.within(call, "1 minute"), yieldOften())),
          100
        )
        for (const fiber of fibers) {
          if (yield* Random.nextBoolean) yield* Effect.fork(Fiber.interrupt(fiber))
          yield* Effect.yieldNow()
        }
        yield* Effect.forEach(fibers, Fiber.await, { discard: true })
        assert.strictEqual(yield* bulkhead.available, 7)
        assert.strictEqual(yield* bulkhead.queued, 0)
      }
    }).pipe(Effect.withRandom(Random.make("permits"))))
})

describe("An interrupt at every yield point leaks no permit", () => {
  it.effect("of a call that finds a free permit", () =>
    interruptEverywhere(Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
      return {
        victim: bulkhead.withPermit(Effect.yieldNow()),
        meanwhile: Effect.void,
        verify: Effect.gen(function*() {
          assert.strictEqual(yield* bulkhead.available, 1)
          assert.strictEqual(yield* bulkhead.queued, 0)
        })
      }
    })), 30_000)

  it.effect(
    "of a queued call with another one behind it, which still gets the permit",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
        const gate = yield* Deferred.make<void>()
        yield* start(bulkhead.withPermit(Deferred.await(gate)))
        let served = false
        return {
          victim: bulkhead.withPermit(Effect.yieldNow()),
          meanwhile: Effect.gen(function*() {
            yield* start(bulkhead.withPermit(Effect.sync(() => {
              served = true
            })))
            yield* Deferred.succeed(gate, undefined)
          }),
          verify: Effect.gen(function*() {
            assert.isTrue(served)
            assert.strictEqual(yield* bulkhead.available, 1)
            assert.strictEqual(yield* bulkhead.queued, 0)
          })
        }
      })),
    30_000
  )

  it.effect(
    "of a queued call with a deadline, while the bulkhead is resized",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, maxWait: "1 minute" })
        const gate = yield* Deferred.make<void>()
        yield* start(bulkhead.withPermit(Deferred.await(gate)))
        return {
          victim: Deadline.within(bulkhead.withPermit(Effect.yieldNow()), "30 seconds"),
          meanwhile: bulkhead.resize(2),
          verify: Effect.gen(function*() {
            assert.strictEqual(yield* bulkhead.available, 1)
            assert.strictEqual(yield* bulkhead.queued, 0)
            yield* Deferred.succeed(gate, undefined)
            yield* settle
            assert.strictEqual(yield* bulkhead.available, 2)
          })
        }
      })),
    30_000
  )

  it.effect("of a call in an adaptive bulkhead", () =>
    interruptEverywhere(Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, adaptive: Bulkhead.aimd({ max: 1 }) })
      return {
        victim: bulkhead.withPermit(Effect.yieldNow()),
        meanwhile: Effect.void,
        verify: Effect.map(bulkhead.available, (available) => assert.strictEqual(available, 1))
      }
    })), 30_000)
})
