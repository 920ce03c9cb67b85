import {
  Backoff,
  Bulkhead,
  CircuitBreaker,
  Hedge,
  KeyedCircuitBreaker,
  Policy,
  RateLimiter,
  RetryBudget,
  Trip
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schedule, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"

const safe = { idempotency: "safe" } as const
/** Runs what is called in a fiber of its own, so that there is no moment between its being handed over and its first step. */
const never = { duration: "2 hours", onTimeout: () => "timed out" as const } as const

const whole = Effect.gen(function*() {
  const breaker = yield* CircuitBreaker.make({
    name: "sweep",
    trip: Trip.consecutive(1),
    openFor: Schedule.forever,
    halfOpen: { permits: 1 }
  })
  const limiter = yield* RateLimiter.make({ name: "sweep", limit: 10, window: "1 hour" })
  const bulkhead = yield* Bulkhead.make({ name: "sweep", permits: 1 })
  const policy = Policy.make({
    name: "sweep",
    breaker,
    bulkhead,
    limiter,
    attemptTimeout: never,
    retry: { backoff: Backoff.none({ base: 0, max: 0 }) },
    fallback: { when: () => false, use: Effect.fail }
  })
  let sent = 0
  const call = Effect.suspend(() => {
    sent++
    return Effect.yieldNow()
  })
  /** No permit is held, and exactly the tokens of what was sent are gone. */
  const clean = Effect.gen(function*() {
    assert.strictEqual(yield* bulkhead.available, 1)
    assert.strictEqual(yield* bulkhead.queued, 0)
    assert.strictEqual(yield* limiter.queued, 0)
    assert.strictEqual(yield* limiter.available, 10 - 3 * sent)
  })
  return { breaker, bulkhead, call, clean, limiter, policy }
})

const sweepTimeout = 60_000

describe("an interrupt at every yield point of a policy leaks neither tokens nor permits", () => {
  it.effect(
    "when every gate lets it through",
    () =>
      interruptEverywhere(Effect.map(whole, ({ call, clean, policy }) => ({
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: Effect.void,
        verify: clean
      }))),
    sweepTimeout
  )

  it.effect("when all of it has a deadline", () =>
    interruptEverywhere(Effect.gen(function*() {
      const { bulkhead, call, clean, limiter } = yield* whole
      const policy = Policy.make({ name: "sweep", bulkhead, limiter, attemptTimeout: never, deadline: never })
      return {
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: Effect.void,
        verify: clean
      }
    })), sweepTimeout)

  it.effect("when it waits for tokens and then for a permit", () =>
    interruptEverywhere(Effect.gen(function*() {
      const { bulkhead, call, clean, limiter, policy } = yield* whole
      const reservation = yield* Effect.orDie(limiter.reserve(10))
      const gate = yield* Deferred.make<void>()
      const holder = yield* Effect.fork(bulkhead.withPermit(Deferred.await(gate)))
      yield* settle
      return {
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: limiter.refund(reservation).pipe(
          Effect.zipRight(settle),
          Effect.zipRight(Deferred.succeed(gate, undefined))
        ),
        verify: Effect.zipRight(Effect.orDie(Fiber.join(holder)), clean)
      }
    })), sweepTimeout)

  it.effect("when it is the probe of a half-open circuit", () =>
    interruptEverywhere(Effect.gen(function*() {
      const { breaker, call, clean, policy } = yield* whole
      yield* Effect.exit(breaker.protect(Effect.fail("down")))
      return {
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: Effect.void,
        verify: Effect.gen(function*() {
          yield* clean
          if ((yield* breaker.state)._tag !== "Closed") yield* breaker.protect(Effect.void)
          assert.strictEqual((yield* breaker.state)._tag, "Closed")
        })
      }
    })), sweepTimeout)

  it.effect("when it is retried", () =>
    interruptEverywhere(Effect.gen(function*() {
      const { bulkhead, call, clean, limiter } = yield* whole
      const retry = { backoff: Backoff.none({ base: 0, max: 0 }) }
      const policy = Policy.make({ name: "sweep", bulkhead, limiter, attemptTimeout: never, retry })
      let runs = 0
      const flaky = Effect.flatMap(call, () => ++runs === 1 ? Effect.fail("down") : Effect.void)
      return {
        victim: policy.apply(flaky, { ...safe, cost: 3 }),
        meanwhile: TestClock.adjust(0),
        verify: clean
      }
    })), sweepTimeout)

  it.effect("when it is hedged", () =>
    interruptEverywhere(Effect.gen(function*() {
      const { bulkhead, call, clean, limiter } = yield* whole
      const budget = yield* RetryBudget.make()
      const hedge = yield* Hedge.make({ name: "sweep", delay: 0, budget })
      const policy = Policy.make({ name: "sweep", bulkhead, hedge, limiter, attemptTimeout: never })
      return {
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: settle,
        verify: Effect.zipRight(settle, clean)
      }
    })), sweepTimeout)

  it.effect("when its gates are chosen by key", () =>
    interruptEverywhere(Effect.gen(function*() {
      const { bulkhead, call, clean, limiter } = yield* whole
      const keyed = yield* KeyedCircuitBreaker.make((key: string) => ({ name: key }), { idleTimeToLive: 1 })
      const policy = Policy.make({
        name: "sweep",
        breaker: keyed.get,
        bulkhead,
        limiter,
        attemptTimeout: never
      })
      return {
        victim: policy.apply(call, { ...safe, cost: 3, key: "one" }),
        meanwhile: Effect.void,
        verify: Effect.gen(function*() {
          yield* clean
          // Nobody uses it any more, or it would not be forgotten.
          yield* TestClock.adjust(1)
          yield* keyed.protect("other")(Effect.void)
          assert.strictEqual(yield* keyed.size, 1)
        })
      }
    })), sweepTimeout)
})

describe("a hundred fibers under one policy", () => {
  it.effect("are never more at once than the bulkhead lets, nor more in a window than the limiter", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "race" })
      const limiter = yield* RateLimiter.make({ name: "race", limit: 20, window: "1 second" })
      const bulkhead = yield* Bulkhead.make({ name: "race", permits: 7 })
      const policy = Policy.make({ name: "race", breaker, bulkhead, limiter })
      const running = { now: 0, most: 0 }
      const instants: Array<number> = []
      const call = Effect.clockWith((clock) => {
        instants.push(clock.unsafeCurrentTimeMillis())
        running.most = Math.max(running.most, ++running.now)
        return Effect.ensuring(Effect.sleep(10), Effect.sync(() => running.now--))
      })
      const fiber = yield* Effect.fork(Effect.forEach(
        Array.from({ length: 100 }),
        () => policy.apply(call, safe),
        { concurrency: "unbounded", discard: true }
      ))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(running.most, 7)
      assert.strictEqual(instants.length, 100)
      for (const begin of instants) {
        assert.isAtMost(instants.filter((instant) => instant >= begin && instant < begin + 1000).length, 20)
      }
      assert.strictEqual(yield* bulkhead.available, 7)
      assert.strictEqual(yield* limiter.queued, 0)
    }))

  it.effect("stop at the trip: those that had queued are refused and get their tokens back", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({
        name: "race",
        trip: Trip.consecutive(5),
        openFor: Schedule.spaced("1 hour")
      })
      const limiter = yield* RateLimiter.make({ name: "race", limit: 1000, window: "1 hour" })
      const bulkhead = yield* Bulkhead.make({ name: "race", permits: 5 })
      const policy = Policy.make({ name: "race", breaker, bulkhead, limiter })
      let sent = 0
      const call = Effect.zipRight(Effect.sync(() => sent++), Effect.zipRight(Effect.sleep(10), Effect.fail("down")))
      const fiber = yield* Effect.fork(Effect.forEach(
        Array.from({ length: 100 }),
        () => Effect.flip(policy.apply(call, safe)),
        { concurrency: "unbounded" }
      ))
      yield* TestClock.adjust("1 minute")
      const errors = yield* Fiber.join(fiber)
      assert.isAtMost(sent, 9)
      assert.strictEqual(errors.filter((error) => error === "down").length, sent)
      assert.strictEqual(yield* limiter.available, 1000 - sent)
      assert.strictEqual(yield* bulkhead.available, 5)
    }))
})
