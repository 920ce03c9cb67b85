import { Deadline, RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Fiber, TestClock } from "effect"
import { settle } from "./support/interruption.js"

/** The limit of BitMEX: a burst of 120, then 2 per second. */
const bitmex = RateLimiter.bucket({ burst: 120, perSecond: 2 })

const make = (options?: Partial<RateLimiter.QueueOptions>) => RateLimiter.make({ name: "test", ...bitmex, ...options })

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("A bucket", () => {
  it.effect("admits a burst, and then calls at its refill rate", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      const sent: Array<number> = []
      const one = limiter.withCost()(
        Effect.clockWith((clock) => Effect.sync(() => sent.push(clock.unsafeCurrentTimeMillis())))
      )
      const fiber = yield* start(Effect.replicateEffect(one, 130, { concurrency: "unbounded" }))
      assert.strictEqual(sent.length, 120)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(sent.slice(120), [500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000])
    }))

  it.effect("refills up to its size and no further", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.reserve(100)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* limiter.available, 40)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* limiter.available, 120)
    }))

  it.effect("refuses a cost above the burst, with the maximum cost in the error", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip((yield* make()).reserve(121))
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.deepStrictEqual([error.reason, error.most], ["CostExceedsLimit", 120])
      assert.include(error.message, "120")
    }))

  it.effect("refuses immediately a call that would wait too long, and admits one that would not", () =>
    Effect.gen(function*() {
      const limiter = yield* make({ maxWait: "3 seconds" })
      yield* limiter.reserve(120)
      yield* start(limiter.reserve(4))
      const late = yield* Effect.flip(limiter.reserve(3))
      assert.instanceOf(late, RateLimiter.RateLimiterFull)
      assert.strictEqual(late.reason, "WaitTooLong")
      assert.strictEqual(Duration.toMillis(late.retryAfter), 3500)
      assert.instanceOf(
        yield* Effect.flip(Deadline.within(limiter.reserve(1), "2500 millis")),
        Deadline.DeadlineExceeded
      )
      const inTime = yield* start(Deadline.within(limiter.reserve(2), "3001 millis"))
      yield* TestClock.adjust(2999)
      assertNone(yield* Fiber.poll(inTime))
      yield* TestClock.adjust(1)
      yield* Fiber.join(inTime)
    }))

  it.effect("in a group with a window: a call waits for both, and the forecast includes both", () =>
    Effect.gen(function*() {
      const group = yield* RateLimiter.group({
        name: "exchange",
        scopes: { minute: bitmex, second: RateLimiter.window(10, "1 second") }
      })
      yield* group.reserve({ minute: 120 })
      yield* group.reserve({ second: 10 })
      const call = group.reserve({ minute: 4, second: 1 })
      assert.instanceOf(yield* Effect.flip(Deadline.within(call, "2 seconds")), Deadline.DeadlineExceeded)
      const both = yield* start(Deadline.within(call, "2001 millis"))
      yield* TestClock.adjust(1999)
      assertNone(yield* Fiber.poll(both))
      yield* TestClock.adjust(1)
      yield* Fiber.join(both)
    }))

  it.effect("refunds only what has not leaked yet", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      const first = yield* limiter.reserve(10)
      const second = yield* limiter.reserve(6)
      yield* limiter.refund(second)
      assert.strictEqual(yield* limiter.available, 110)
      yield* TestClock.adjust("2 seconds")
      yield* limiter.refund(first)
      assert.strictEqual(yield* limiter.available, 120)
      const third = yield* limiter.reserve(2)
      yield* TestClock.adjust("1 second")
      yield* limiter.reserve(5)
      yield* limiter.refund(third)
      assert.strictEqual(yield* limiter.available, 115)
    }))

  it.effect("dies with a message for invalid options", () =>
    Effect.gen(function*() {
      const invalidCases = [
        RateLimiter.make({ name: "test", burst: 0, perSecond: 1 }),
        RateLimiter.make({ name: "test", burst: NaN, perSecond: 1 }),
        RateLimiter.make({ name: "test", burst: 1, perSecond: 0 }),
        RateLimiter.make({ name: "test", burst: 1, perSecond: NaN }),
        RateLimiter.make({ name: "test", burst: 1, perSecond: Infinity })
      ]
      for (const invalidCase of invalidCases) {
        const cause = yield* Effect.flip(Effect.sandbox(invalidCase))
        assert.isTrue(Cause.isDie(cause))
        assert.match(Cause.pretty(cause), / must be .*, got /)
      }
    }))
})

describe("A usage reported for a bucket", () => {
  it.effect("lowers the available amount, never raises it, and leaks at the same rate", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.reserve(20)
      yield* limiter.sync(5)
      assert.strictEqual(yield* limiter.available, 100)
      yield* limiter.sync(110)
      assert.strictEqual(yield* limiter.available, 10)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* limiter.available, 20)
    }))

  it.effect("does not count costs in flight twice", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.withReservation(30)((reservation) =>
        Effect.gen(function*() {
          // Whether the server has seen the call or not, 30 are used.
          yield* limiter.sync(30)
          assert.strictEqual(yield* limiter.available, 90)
          yield* limiter.commit(reservation)
          yield* limiter.sync(0)
          yield* limiter.sync(30)
          assert.strictEqual(yield* limiter.available, 90)
        })
      )
      assert.strictEqual(yield* limiter.available, 90)
    }))

  it.effect("with a difference below 1 is ignored", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.reserve(10)
      yield* TestClock.adjust(400)
      yield* limiter.sync(10)
      assert.closeTo(yield* limiter.available, 110.8, 1e-9)
    }))

  it.effect("that is full, with a pause of a second, admits a call after a second", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.sync(120)
      yield* limiter.pauseUntil(1000)
      const waiting = yield* start(limiter.reserve(1))
      yield* TestClock.adjust(999)
      assertNone(yield* Fiber.poll(waiting))
      yield* TestClock.adjust(1)
      yield* Fiber.join(waiting)
    }))

  it.effect("far above the burst counts as the burst", () =>
    Effect.gen(function*() {
      const limiter = yield* make()
      yield* limiter.sync(1_000_000)
      yield* TestClock.adjust(500)
      yield* Effect.timeout(limiter.reserve(1), 0)
    }))
})
