import { RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Fiber, TestClock } from "effect"
import { settle } from "./support/interruption.js"

const hour = Duration.toMillis("1 hour")

const make = (limit: RateLimiter.Limit, options?: Partial<RateLimiter.QueueOptions>) =>
  RateLimiter.make({ name: "test", ...limit, ...options })

const perDay = RateLimiter.window(10, "1 day")
const perMinute = RateLimiter.window(10, "1 minute")

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("Reports of a server block calls for maxPause at most", () => {
  it.effect("a pause ends after an hour by default", () =>
    Effect.gen(function*() {
      const limiter = yield* make(perMinute)
      yield* limiter.pauseUntil(Date.UTC(9999, 0))
      assertSome(yield* limiter.pausedUntil, hour)
      const waiting = yield* start(limiter.reserve())
      yield* TestClock.adjust(hour - 1)
      assertNone(yield* Fiber.poll(waiting))
      yield* TestClock.adjust(1)
      yield* Fiber.join(waiting)
    }))

  it.effect("a second pause extends the first one to at most maxPause from now", () =>
    Effect.gen(function*() {
      const limiter = yield* make(perMinute, { maxPause: "10 seconds" })
      yield* limiter.pauseUntil(60_000)
      yield* TestClock.adjust("4 seconds")
      yield* limiter.pauseUntil(11_000)
      assertSome(yield* limiter.pausedUntil, 11_000)
      yield* limiter.pauseUntil(60_000)
      assertSome(yield* limiter.pausedUntil, 14_000)
    }))

  it.effect("a reported usage expires after an hour, even in a longer window", () =>
    Effect.gen(function*() {
      for (const report of [undefined, { windowEnd: Duration.toMillis("1 day") }, { epoch: 1 }]) {
        yield* TestClock.setTime(0)
        const limiter = yield* make(perDay)
        yield* limiter.sync(1_000_000, report)
        const waiting = yield* start(limiter.reserve())
        yield* TestClock.adjust(hour - 1)
        assertNone(yield* Fiber.poll(waiting))
        yield* TestClock.adjust(1)
        yield* Fiber.join(waiting)
      }
    }))

  it.effect("a reported usage of a slow bucket expires after an hour too", () =>
    Effect.gen(function*() {
      const limiter = yield* make(RateLimiter.bucket({ burst: 10, perSecond: 0.001 }))
      yield* limiter.sync(1_000_000)
      const waiting = yield* start(limiter.reserve(10))
      yield* TestClock.adjust(hour)
      yield* Fiber.join(waiting)
    }))

  it.effect("a reported window that ends in the year 9999 does not prevent later reports", () =>
    Effect.gen(function*() {
      const limiter = yield* make(perMinute)
      yield* limiter.sync(3, { windowEnd: Date.UTC(9999, 0) })
      yield* limiter.sync(8, { windowEnd: 30_000 })
      assert.strictEqual(yield* limiter.available, 2)
      yield* limiter.sync(9, { epoch: Number.MAX_SAFE_INTEGER })
      yield* TestClock.adjust("1 minute")
      yield* limiter.sync(7, { epoch: 5 })
      assert.strictEqual(yield* limiter.available, 3)
    }))

  it.effect("a report that is negative or not finite is ignored", () =>
    Effect.gen(function*() {
      const limiter = yield* make(perMinute)
      for (const value of [NaN, Infinity, -Infinity, -1]) {
        yield* limiter.pauseUntil(value)
        yield* limiter.sync(value)
        yield* limiter.sync(value, { windowEnd: 30_000 })
      }
      assertNone(yield* limiter.pausedUntil)
      assert.strictEqual(yield* limiter.available, 10)
      for (const value of [NaN, Infinity, -1]) {
        yield* limiter.sync(4, { windowEnd: value, epoch: value })
        assert.strictEqual(yield* limiter.available, 6)
      }
    }))

  it.effect("an invalid maxPause is a defect with a message", () =>
    Effect.gen(function*() {
      for (const maxPause of [0, -1, Duration.infinity, NaN]) {
        const cause = yield* Effect.flip(Effect.sandbox(make(perMinute, { maxPause })))
        assert.isTrue(Cause.isDie(cause))
        assert.match(Cause.pretty(cause), /maxPause must be finite and longer than 0, got /)
      }
    }))
})

describe("resume", () => {
  it.effect("lifts a pause, removes the usage of others, and wakes waiting calls", () =>
    Effect.gen(function*() {
      for (const limit of [perMinute, RateLimiter.bucket({ burst: 10, perSecond: 0.1 })]) {
        const limiter = yield* make(limit)
        yield* limiter.reserve(2)
        yield* limiter.sync(9)
        yield* limiter.pauseUntil(hour)
        const waiting = yield* start(limiter.reserve(8))
        assertNone(yield* Fiber.poll(waiting))
        yield* limiter.resume
        yield* Fiber.join(waiting)
        assertNone(yield* limiter.pausedUntil)
        // Our own costs still count.
        assert.strictEqual(yield* limiter.available, 0)
      }
    }))

  it.effect("applies later reports, even of the same window", () =>
    Effect.gen(function*() {
      const limiter = yield* make(perMinute)
      yield* limiter.sync(9, { windowEnd: 30_000 })
      yield* limiter.resume
      assert.strictEqual(yield* limiter.available, 10)
      yield* limiter.sync(4, { windowEnd: 30_000 })
      assert.strictEqual(yield* limiter.available, 6)
    }))
})
