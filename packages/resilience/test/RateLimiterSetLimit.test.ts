import { RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Cause, Effect, Fiber, TestClock } from "effect"
import { settle } from "./support/interruption.js"
import { manualClock } from "./support/manualClock.js"

const tenPerSecond = RateLimiter.window(10, "1 second")
const make = (limit: RateLimiter.Limit = tenPerSecond) => RateLimiter.make({ name: "test", ...limit })

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("setLimit", () => {
  it.effect("to a higher limit admits waiting calls immediately", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.reserve(10)
      const waiting = yield* start(limiter.reserve(5))
      assertNone(yield* Fiber.poll(waiting))
      yield* limiter.setLimit(RateLimiter.window(15, "1 second"))
      yield* Fiber.join(waiting)
      assert.strictEqual(yield* limiter.usage, 1)
      yield* TestClock.adjust("1 second")
      yield* limiter.reserve(15)
    }))

  it.effect("to a lower limit holds calls back until they fit", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.reserve(5)
      yield* limiter.setLimit(RateLimiter.window(4, "1 second"))
      assert.strictEqual(yield* limiter.available, 0)
      const waiting = yield* start(limiter.reserve(1))
      yield* TestClock.adjust(999)
      assertNone(yield* Fiber.poll(waiting))
      yield* TestClock.adjust(1)
      yield* Fiber.join(waiting)
    }))

  it.effect("to a lower limit refuses waiting calls that can never fit, and the others continue", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.reserve(10)
      const big = yield* start(Effect.flip(limiter.reserve(5)))
      const small = yield* start(limiter.reserve(4))
      yield* limiter.setLimit(RateLimiter.window(4, "1 second"))
      const error = yield* Fiber.join(big)
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.deepStrictEqual([error.reason, error.most], ["CostExceedsLimit", 4])
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(small)
      assert.instanceOf(yield* Effect.flip(limiter.reserve(5)), RateLimiter.RateLimiterFull)
    }))

  it.effect("changes between window and bucket, and spent costs still count", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.reserve(10)
      yield* limiter.setLimit(RateLimiter.bucket({ burst: 10, perSecond: 2 }))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* limiter.available, 2)
      yield* limiter.setLimit(RateLimiter.bucket({ burst: 10, perSecond: 1 }))
      assert.strictEqual(yield* limiter.available, 2)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* limiter.available, 4)
      yield* limiter.setLimit(tenPerSecond)
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("dies for an invalid limit, and keeps the current one", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      const cause = yield* Effect.flip(Effect.sandbox(limiter.setLimit(RateLimiter.window(0, "1 second"))))
      assert.isTrue(Cause.isDie(cause))
      assert.strictEqual(yield* limiter.available, 10)
    }))
})

it.effect("setLimit leaves no timer after it has refused the last waiting call", () =>
  Effect.gen(function*() {
    const time = manualClock()
    const limiter = yield* Effect.withClock(make(), time.clock)
    yield* Effect.withClock(limiter.reserve(10), time.clock)
    const waiting = yield* start(Effect.withClock(Effect.flip(limiter.reserve(5)), time.clock))
    assert.strictEqual(time.sleeping(), 1)
    yield* Effect.withClock(limiter.setLimit(RateLimiter.window(4, "1 second")), time.clock)
    yield* Fiber.join(waiting)
    yield* settle
    assert.strictEqual(time.sleeping(), 0)
  }))
