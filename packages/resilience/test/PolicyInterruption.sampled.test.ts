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
import { interruptSampled, settle } from "./support/interruption.js"

const safe = { idempotency: "safe" } as const
/** A timeout that never passes. It runs the call in its own fiber, so that its first step follows immediately. */
const never = { duration: "2 hours", onTimeout: () => "timed out" as const } as const

const setup = Effect.gen(function*() {
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
  /** Asserts that no permit is held, and that exactly the tokens of sent calls are spent. */
  const assertNoLeak = Effect.gen(function*() {
    assert.strictEqual(yield* bulkhead.available, 1)
    assert.strictEqual(yield* bulkhead.queued, 0)
    assert.strictEqual(yield* limiter.queued, 0)
    assert.strictEqual(yield* limiter.available, 10 - 3 * sent)
  })
  return { breaker, bulkhead, call, assertNoLeak, limiter, policy }
})

const sweepTimeout = 60_000

describe("An interrupt at every yield point of a policy leaks neither tokens nor permits", () => {
  it.effect(
    "when every gate admits the call",
    () =>
      interruptSampled(Effect.map(setup, ({ call, assertNoLeak, policy }) => ({
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: Effect.void,
        verify: assertNoLeak
      }))),
    sweepTimeout
  )

  it.effect("when the call has a deadline", () =>
    interruptSampled(Effect.gen(function*() {
      const { bulkhead, call, assertNoLeak, limiter } = yield* setup
      const policy = Policy.make({ name: "sweep", bulkhead, limiter, attemptTimeout: never, deadline: never })
      return {
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: Effect.void,
        verify: assertNoLeak
      }
    })), sweepTimeout)

  it.effect("when the call waits for tokens and then for a permit", () =>
    interruptSampled(Effect.gen(function*() {
      const { bulkhead, call, assertNoLeak, limiter, policy } = yield* setup
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
        verify: Effect.zipRight(Effect.orDie(Fiber.join(holder)), assertNoLeak)
      }
    })), sweepTimeout)

  it.effect("when the call is the probe of a half-open circuit", () =>
    interruptSampled(Effect.gen(function*() {
      const { breaker, call, assertNoLeak, policy } = yield* setup
      yield* Effect.exit(breaker.protect(Effect.fail("down")))
      return {
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: Effect.void,
        verify: Effect.gen(function*() {
          yield* assertNoLeak
          if ((yield* breaker.state)._tag !== "Closed") yield* breaker.protect(Effect.void)
          assert.strictEqual((yield* breaker.state)._tag, "Closed")
        })
      }
    })), sweepTimeout)

  it.effect("when the call is retried", () =>
    interruptSampled(Effect.gen(function*() {
      const { bulkhead, call, assertNoLeak, limiter } = yield* setup
      const retry = { backoff: Backoff.none({ base: 0, max: 0 }) }
      const policy = Policy.make({ name: "sweep", bulkhead, limiter, attemptTimeout: never, retry })
      let runs = 0
      const flaky = Effect.flatMap(call, () => ++runs === 1 ? Effect.fail("down") : Effect.void)
      return {
        victim: policy.apply(flaky, { ...safe, cost: 3 }),
        meanwhile: TestClock.adjust(0),
        verify: assertNoLeak
      }
    })), sweepTimeout)

  it.effect("when the call is hedged", () =>
    interruptSampled(Effect.gen(function*() {
      const { bulkhead, call, assertNoLeak, limiter } = yield* setup
      const budget = yield* RetryBudget.make()
      const hedge = yield* Hedge.make({ name: "sweep", delay: 0, budget })
      const policy = Policy.make({ name: "sweep", bulkhead, hedge, limiter, attemptTimeout: never })
      return {
        victim: policy.apply(call, { ...safe, cost: 3 }),
        meanwhile: settle,
        verify: Effect.zipRight(settle, assertNoLeak)
      }
    })), sweepTimeout)

  it.effect("when the breaker is chosen by key", () =>
    interruptSampled(Effect.gen(function*() {
      const { bulkhead, call, assertNoLeak, limiter } = yield* setup
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
          yield* assertNoLeak
          // The breaker is not in use, otherwise it would not be removed.
          yield* TestClock.adjust(1)
          yield* keyed.protect("other")(Effect.void)
          assert.strictEqual(yield* keyed.size, 1)
        })
      }
    })), sweepTimeout)
})

describe("A hundred concurrent calls under one policy", () => {
  it.effect("never exceed the permits of the bulkhead, nor the limit of the limiter in any window", () =>
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

  it.effect("are refused after the trip, and queued calls get their tokens back", () =>
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
