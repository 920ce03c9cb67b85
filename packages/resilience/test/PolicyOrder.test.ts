import { Bulkhead, CircuitBreaker, Hedge, Policy, RetryBudget, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Effect, Exit, Fiber, Schedule, TestClock } from "effect"
import { metricValue } from "./support/metrics.js"
import { counted, down, fragile, late, over, retry, safe, tenPerMinute } from "./support/policies.js"

describe("The order of the gates of a policy", () => {
  it.effect("the check comes first: an open circuit spends no tokens and joins no queue", () =>
    Effect.gen(function*() {
      const [breaker, limiter] = yield* Effect.all([fragile, tenPerMinute])
      const policy = Policy.make({ name: "order", breaker, limiter })
      yield* Effect.exit(policy.apply(down, { ...safe, cost: 4 }))
      assert.strictEqual(yield* limiter.available, 6)
      const refused = yield* Effect.flip(policy.apply(Effect.void, { ...safe, cost: 10 }))
      assert.strictEqual(refused._tag, "CircuitOpen")
      assert.strictEqual(yield* limiter.available, 6)
      assert.strictEqual(yield* limiter.queued, 0)
    }))

  it.effect("a circuit that opens while a call waits for tokens refuses it, and the tokens are refunded", () =>
    Effect.gen(function*() {
      const [breaker, limiter] = yield* Effect.all([fragile, tenPerMinute])
      const policy = Policy.make({ name: "order", breaker, limiter })
      const { counting, counts } = counted(Effect.void)
      yield* policy.apply(Effect.void, { ...safe, cost: 10 })
      const fiber = yield* Effect.fork(Effect.flip(policy.apply(counting, { ...safe, cost: 7 })))
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* limiter.queued, 1)
      yield* Effect.exit(breaker.protect(down))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "CircuitOpen")
      assert.strictEqual(counts.started, 0)
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("the limiter comes before the bulkhead: a call that waits for tokens holds no permit", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const bulkhead = yield* Bulkhead.make({ name: "order", permits: 1 })
      const policy = Policy.make({ name: "order", limiter, bulkhead })
      yield* policy.apply(Effect.void, { ...safe, cost: 10 })
      const fiber = yield* Effect.fork(policy.apply(Effect.void, safe))
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* limiter.queued, 1)
      assert.strictEqual(yield* bulkhead.available, 1)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
    }))

  it.effect("a wrapped gate is run for every call, even if the call does not have to wait", () =>
    Effect.gen(function*() {
      const [plainBreaker, plainLimiter] = yield* Effect.all([fragile, tenPerMinute])
      const plainBulkhead = yield* Bulkhead.make({ name: "order", permits: 5 })
      const plainBudget = yield* RetryBudget.make()
      const runs: Array<string> = []
      const recordRun = (name: string) => Effect.sync(() => runs.push(name))
      const breaker: typeof plainBreaker = {
        ...plainBreaker,
        check: Effect.zipRight(recordRun("breaker"), plainBreaker.check)
      }
      const limiter: typeof plainLimiter = {
        ...plainLimiter,
        withReservation: (cost, call) => (use) =>
          Effect.zipRight(recordRun("limiter"), plainLimiter.withReservation(cost, call)(use))
      }
      const budget = { ...plainBudget, deposit: Effect.zipRight(recordRun("budget"), plainBudget.deposit) }
      yield* Policy.make({ name: "order", breaker, limiter: plainLimiter }).apply(Effect.void, safe)
      yield* Policy.make({ name: "order", breaker: plainBreaker, limiter, bulkhead: plainBulkhead }).apply(
        Effect.void,
        safe
      )
      yield* Policy.make({ name: "order", retry: { budget }, limiter: plainLimiter }).apply(Effect.void, safe)
      assert.deepStrictEqual(runs, ["breaker", "limiter", "budget"])
    }))

  it.effect("a call that waits for tokens is not overtaken by a cheaper one", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const policy = Policy.make({ name: "order", limiter })
      const order: Array<string> = []
      const call = (name: string, cost: number) =>
        Effect.fork(policy.apply(Effect.sync(() => order.push(name)), { ...safe, cost }))
      yield* call("first", 5)
      yield* call("large", 8)
      const small = yield* call("small", 1)
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(order, ["first"])
      assert.strictEqual(yield* limiter.queued, 2)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(small)
      assert.deepStrictEqual(order, ["first", "large", "small"])
    }))

  it.effect("the breaker is innermost: the time in queues does not make a call slow", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const bulkhead = yield* Bulkhead.make({ name: "order", permits: 1 })
      const breaker = yield* CircuitBreaker.make({
        name: "Policy.slow",
        trip: Trip.slowCallRate({ duration: "5 seconds", threshold: 1, window: 1, minimumCalls: 1 })
      })
      const policy = Policy.make({ name: "order", breaker, bulkhead, limiter })
      const call = policy.apply(Effect.sleep("4 seconds"), { ...safe, cost: 5 })
      const fiber = yield* Effect.fork(Effect.all([call, call, call], { concurrency: "unbounded" }))
      yield* TestClock.adjust("63999 millis")
      assert.strictEqual((yield* breaker.state)._tag, "Closed")
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* breaker.state)._tag, "Closed")
      yield* Effect.zipRight(TestClock.adjust("1 minute"), Effect.void)
      const slow = yield* Effect.fork(policy.apply(Effect.sleep("5 seconds"), safe))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(slow)
      assert.strictEqual((yield* breaker.state)._tag, "Open")
    }))

  it.effect("a call that waits for tokens holds no probe permit, and causes no half-open timeout", () =>
    Effect.gen(function*() {
      const [breaker, limiter] = yield* Effect.all([fragile, tenPerMinute])
      const policy = Policy.make({ name: "order", breaker, limiter })
      yield* Effect.exit(policy.apply(down, { ...safe, cost: 10 }))
      yield* TestClock.adjust("30 seconds")
      const fiber = yield* Effect.fork(policy.apply(Effect.void, safe))
      // The half-open timeout is 10 seconds.
      yield* TestClock.adjust("29999 millis")
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* breaker.state)._tag, "Closed")
    }))

  it.effect("the attempt timeout counts from when the attempt is sent, and is a failure for the breaker", () =>
    Effect.gen(function*() {
      const [breaker, limiter] = yield* Effect.all([fragile, tenPerMinute])
      const policy = Policy.make({ name: "Policy.timeout", breaker, limiter, attemptTimeout: late })
      yield* policy.apply(Effect.sleep("999 millis"), { ...safe, cost: 10 }).pipe(
        Effect.fork,
        Effect.zipLeft(TestClock.adjust("1 second")),
        Effect.flatMap(Fiber.join)
      )
      const queued = yield* Effect.fork(Effect.exit(policy.apply(Effect.never, safe)))
      yield* TestClock.adjust("59999 millis")
      assertNone(yield* Fiber.poll(queued))
      assert.strictEqual((yield* breaker.state)._tag, "Closed")
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(queued), Exit.fail("late" as const))
      assert.strictEqual((yield* breaker.state)._tag, "Open")
      assert.strictEqual(
        yield* metricValue("timelimiter_calls", { name: "Policy.timeout", kind: "attempt" }),
        1
      )
    }))

  it.effect("the retry is outside the gates: each attempt spends tokens, and nothing is held between attempts", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const bulkhead = yield* Bulkhead.make({ name: "order", permits: 1 })
      const policy = Policy.make({ name: "order", limiter, bulkhead, retry })
      const { counting, counts } = counted(down)
      const fiber = yield* Effect.fork(Effect.exit(policy.apply(counting, { ...safe, cost: 2 })))
      yield* TestClock.adjust(99)
      assert.strictEqual(counts.started, 1)
      assert.strictEqual(yield* limiter.available, 8)
      assert.strictEqual(yield* bulkhead.available, 1)
      yield* TestClock.adjust(101)
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("down" as const))
      assert.strictEqual(counts.started, 3)
      assert.strictEqual(yield* limiter.available, 4)
    }))

  it.effect("the deadline covers all attempts: a wait beyond it is refused immediately, without a retry", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const policy = Policy.make({ name: "Policy.deadline", limiter, retry, deadline: over })
      yield* policy.apply(Effect.void, { ...safe, cost: 10 })
      const refused = yield* Effect.flip(policy.apply(Effect.void, safe))
      assert.isTrue(refused !== "over" && refused._tag === "DeadlineExceeded")
      const slow = Policy.make({ name: "Policy.deadline", retry, deadline: over })
      const fiber = yield* Effect.fork(Effect.exit(slow.apply(Effect.zipRight(Effect.sleep(6000), down), safe)))
      yield* TestClock.adjust(9999)
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("over" as const))
      assert.strictEqual(yield* metricValue("timelimiter_calls", { name: "Policy.deadline", kind: "deadline" }), 1)
    }))

  it.effect("the fallback is outermost: it handles refusals and the deadline, never defects", () =>
    Effect.gen(function*() {
      const breaker = yield* fragile
      const policy = Policy.make({
        name: "order",
        breaker,
        deadline: over,
        fallback: { when: (error) => error !== "down", use: (error) => Effect.succeed(error) }
      })
      const fiber = yield* Effect.fork(policy.apply(Effect.never, safe))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "over")
      assert.deepStrictEqual(yield* Effect.exit(policy.apply(down, safe)), Exit.fail("down" as const))
      assert.isTrue((yield* policy.apply(Effect.succeed("fresh"), safe)) instanceof CircuitBreaker.CircuitOpen)
      yield* breaker.reset
      assert.deepStrictEqual(yield* Effect.exit(policy.apply(Effect.die("bug"), safe)), Exit.die("bug"))
    }))

  it.effect("the delay of a hedge counts from when the attempt is sent, and the hedge passes all gates itself", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const bulkhead = yield* Bulkhead.make({ name: "order", permits: 2 })
      const budget = yield* RetryBudget.make()
      const hedge = yield* Hedge.make({ name: "order", delay: "1 second", budget })
      const policy = Policy.make({ name: "order", bulkhead, hedge, limiter })
      const { counting, counts } = counted(Effect.sleep("2 seconds"))
      yield* policy.apply(Effect.void, { ...safe, cost: 10 })
      const fiber = yield* Effect.fork(policy.apply(counting, { ...safe, cost: 3 }))
      // The minute in the queue does not count towards the delay of the hedge.
      yield* TestClock.adjust("60999 millis")
      assert.deepStrictEqual(counts, { started: 1, ended: 0 })
      assert.strictEqual(yield* limiter.available, 7)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(counts, { started: 2, ended: 0 })
      assert.strictEqual(yield* limiter.available, 4)
      assert.strictEqual(yield* bulkhead.available, 0)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(counts, { started: 2, ended: 2 })
      assert.strictEqual(yield* bulkhead.available, 2)
    }))
})

describe("Policy does not have the bugs of others", () => {
  it.effect("an open circuit is not retried, and the breaker counts every attempt (resilience4j #515, #920)", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({
        name: "faults",
        trip: Trip.consecutive(2),
        openFor: Schedule.spaced("1 hour")
      })
      const policy = Policy.make({ name: "faults", breaker, retry: { ...retry, attempts: 5 } })
      const { counting, counts } = counted(down)
      const fiber = yield* Effect.fork(Effect.flip(policy.apply(counting, safe)))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      assert.isTrue(error !== "down" && error._tag === "CircuitOpen")
      assert.strictEqual(counts.started, 2)
      const { rejected, trips } = yield* breaker.metrics
      assert.deepStrictEqual({ rejected, trips }, { rejected: 1, trips: 1 })
    }))

  it.effect("a full bulkhead is no failure for the breaker (opossum: semaphoreLocked)", () =>
    Effect.gen(function*() {
      const breaker = yield* fragile
      const bulkhead = yield* Bulkhead.make({ name: "faults", permits: 1, maxQueue: 0 })
      const policy = Policy.make({ name: "faults", breaker, bulkhead })
      yield* Effect.fork(bulkhead.withPermit(Effect.never))
      yield* Effect.yieldNow()
      assert.strictEqual((yield* Effect.flip(policy.apply(Effect.void, safe)))._tag, "BulkheadFull")
      assert.strictEqual((yield* breaker.state)._tag, "Closed")
      assert.strictEqual((yield* breaker.metrics).calls, 0)
    }))

  it.effect("an attempt that has timed out keeps its permit until its work has stopped (opossum: capacity)", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "faults", permits: 1, maxQueue: 0 })
      const policy = Policy.make({ name: "faults", bulkhead, attemptTimeout: late })
      const working = yield* Effect.fork(Effect.flip(
        policy.apply(Effect.uninterruptible(Effect.sleep("3 seconds")), safe)
      ))
      yield* TestClock.adjust("2999 millis")
      const refused = yield* Effect.flip(policy.apply(Effect.void, safe))
      assert.isTrue(refused !== "late" && refused._tag === "BulkheadFull")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(working), "late")
      yield* policy.apply(Effect.void, safe)
    }))

  it.effect("an interrupted probe returns its permit and is no failure (Polly, resilience4j #544)", () =>
    Effect.gen(function*() {
      const breaker = yield* fragile
      const policy = Policy.make({ name: "faults", breaker, deadline: over })
      yield* Effect.exit(policy.apply(down, safe))
      yield* TestClock.adjust("30 seconds")
      const probe = yield* Effect.fork(policy.apply(Effect.never, safe))
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* breaker.state)._tag, "HalfOpen")
      yield* Fiber.interrupt(probe)
      yield* policy.apply(Effect.void, safe)
      assert.strictEqual((yield* breaker.state)._tag, "Closed")
    }))
})
