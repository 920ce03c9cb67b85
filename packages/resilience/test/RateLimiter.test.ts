import { Deadline, Idempotent, RateLimiter, Rejection, Retry, Timeout } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Fiber, Option, Schema, TestClock } from "effect"
import { settle } from "./support/interruption.js"
import { metricValue } from "./support/metrics.js"

const tenPerSecond = (options?: Partial<RateLimiter.Options>) =>
  RateLimiter.make({ name: "test", limit: 10, window: "1 second", ...options })

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("RateLimiter", () => {
  it.effect("admits costs up to the limit, and more at the exact instant at which earlier ones leave the window", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      yield* limiter.reserve(4)
      yield* TestClock.adjust(300)
      yield* limiter.reserve(6)
      assert.strictEqual(yield* limiter.available, 0)
      assert.strictEqual(yield* limiter.usage, 1)
      const fiber = yield* start(limiter.reserve(5))
      assert.strictEqual(yield* limiter.queued, 1)
      yield* TestClock.adjust(700)
      // At 1000 only 4 have left.
      assertNone(yield* Fiber.poll(fiber))
      assert.strictEqual(yield* limiter.available, 4)
      yield* TestClock.adjust(299)
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber)).cost, 5)
      assert.strictEqual(yield* limiter.queued, 0)
      assert.strictEqual(yield* limiter.available, 5)
    }))

  it.effect("a cheap call does not overtake an expensive one", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      yield* limiter.reserve(9)
      const expensive = yield* start(limiter.reserve(2))
      const cheap = yield* start(limiter.reserve(1))
      assertNone(yield* Fiber.poll(cheap))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(expensive)
      yield* Fiber.join(cheap)
    }))

  it.effect("refuses a call when the queue is full, with the time of its turn in retryAfter", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond({ maxQueue: 2 })
      yield* limiter.reserve(10)
      yield* start(limiter.reserve(10))
      yield* start(limiter.reserve(5))
      const error = yield* Effect.flip(limiter.reserve(6))
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.strictEqual(error.reason, "QueueFull")
      assert.strictEqual(Duration.toMillis(error.retryAfter), 3000)
      assert.strictEqual(yield* limiter.queued, 2)
    }))

  it.effect("without a queue, refuses every call that does not fit now", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond({ maxQueue: 0 })
      yield* limiter.reserve(10)
      yield* TestClock.adjust(400)
      const error = yield* Effect.flip(limiter.reserve())
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.strictEqual(Duration.toMillis(error.retryAfter), 600)
      yield* TestClock.adjust(600)
      yield* limiter.reserve()
    }))

  it.effect("a wait extended beyond the deadline fails at the deadline, and spends nothing", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 1, window: "1 second" })
      yield* limiter.reserve(1)
      const waiting = yield* Effect.fork(Deadline.within(Effect.flip(limiter.reserve(1)), "2 seconds"))
      yield* TestClock.adjust("500 millis")
      yield* limiter.pauseUntil(60_000)
      yield* TestClock.adjust("1499 millis")
      assertNone(yield* Fiber.poll(waiting))
      yield* TestClock.adjust("1 millis")
      assert.instanceOf(yield* Fiber.join(waiting), Deadline.DeadlineExceeded)
      assert.strictEqual(yield* limiter.queued, 0)
      assert.strictEqual(yield* limiter.usage, 0)
    }))

  it.effect("is exact to the millisecond at present dates", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_795_400_000_123)
      const limiter = yield* RateLimiter.make({ name: "test", limit: 1, window: "1 minute" })
      yield* limiter.reserve(1)
      for (let turn = 0; turn < 20; turn++) {
        const waiting = yield* Effect.fork(limiter.reserve(1))
        yield* TestClock.adjust("59999 millis")
        assertNone(yield* Fiber.poll(waiting))
        yield* TestClock.adjust("1 millis")
        assert.isTrue(Option.isSome(yield* Fiber.poll(waiting)))
      }
    }))

  it.effect("refuses immediately a wait that would end after the deadline", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      yield* limiter.reserve(10)
      const queued = yield* start(limiter.reserve(10))
      const within = (duration: Duration.DurationInput) =>
        limiter.reserve(1).pipe(Timeout.deadline({ duration, onTimeout: () => "timed out" as const }))
      const error = yield* Effect.flip(within(2000))
      assert.instanceOf(error, Deadline.DeadlineExceeded)
      assert.strictEqual(error.name, "test")
      assert.strictEqual(Duration.toMillis(error.after), 2000)
      assert.strictEqual(yield* limiter.queued, 1)
      const laterDeadline = yield* start(within(2001))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(queued)
      yield* TestClock.adjust(999)
      assertNone(yield* Fiber.poll(laterDeadline))
      yield* TestClock.adjust(1)
      yield* Fiber.join(laterDeadline)
    }))

  it.effect("refund: takes effect once, and wakes the queue", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const reservation = yield* limiter.reserve(6)
      yield* limiter.reserve(4)
      const first = yield* start(limiter.reserve(5))
      const second = yield* start(limiter.reserve(5))
      assertNone(yield* Fiber.poll(first))
      yield* limiter.refund(reservation)
      yield* limiter.refund(reservation)
      yield* Fiber.join(first)
      assertNone(yield* Fiber.poll(second))
      assert.strictEqual(yield* limiter.available, 1)
    }))

  it.effect("refund: has no effect after the window or in another limiter", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const other = yield* tenPerSecond()
      const reservation = yield* limiter.reserve(6)
      yield* other.reserve(6)
      yield* other.refund(reservation)
      assert.strictEqual(yield* other.available, 4)
      assert.strictEqual(yield* limiter.available, 4)
      yield* TestClock.adjust(1000)
      yield* limiter.reserve(1)
      yield* limiter.refund(reservation)
      assert.strictEqual(yield* limiter.available, 9)
    }))

  it.effect("an interrupted wait leaves the queue, and the next call is admitted", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      yield* limiter.reserve(8)
      const expensive = yield* start(limiter.reserve(9))
      const cheap = yield* start(limiter.reserve(2))
      assertNone(yield* Fiber.poll(cheap))
      yield* Fiber.interrupt(expensive)
      yield* Fiber.join(cheap)
      assert.strictEqual(yield* limiter.queued, 0)
      assert.strictEqual(yield* limiter.available, 0)
    }))

  it.effect("withCost: spends the cost and runs the effect, and never refunds it", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      assert.strictEqual(yield* limiter.withCost(2)(Effect.succeed("sent")), "sent")
      assert.strictEqual(yield* Effect.flip(limiter.withCost(3)(Effect.fail("failed"))), "failed")
      const running = yield* start(limiter.withCost(4)(Effect.never))
      yield* Fiber.interrupt(running)
      assert.strictEqual(yield* limiter.available, 1)
    }))

  it.effect("withReservation: the effect can refund its reservation", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const error = yield* limiter.withReservation(7)((reservation) =>
        Effect.zipRight(limiter.refund(reservation), Effect.fail("circuit open"))
      ).pipe(Effect.flip)
      assert.strictEqual(error, "circuit open")
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("pauseUntil: admits no call before the instant, and all calls that fit at it", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const limiter = yield* tenPerSecond()
      assertNone(yield* limiter.pausedUntil)
      yield* limiter.pauseUntil(1_700_000_005_000)
      assertSome(yield* limiter.pausedUntil, 1_700_000_005_000)
      const first = yield* start(limiter.reserve(5))
      const second = yield* start(limiter.reserve(5))
      yield* TestClock.adjust(4999)
      assertNone(yield* Fiber.poll(first))
      yield* TestClock.adjust(1)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      assertNone(yield* limiter.pausedUntil)
    }))

  it.effect("pauseUntil: extends a pause, never shortens it, and holds back waiting calls", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      yield* limiter.reserve(10)
      const fiber = yield* start(limiter.reserve(1))
      yield* limiter.pauseUntil(3000)
      yield* limiter.pauseUntil(2000)
      yield* limiter.pauseUntil(-1)
      yield* TestClock.adjust(2999)
      assertNone(yield* Fiber.poll(fiber))
      assert.strictEqual(yield* limiter.queued, 1)
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
    }))

  it.effect("pauseUntil: a pause longer than the longest timer ends on time", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond({ maxPause: "60 days" })
      const end = Duration.toMillis("30 days")
      yield* limiter.pauseUntil(end)
      const fiber = yield* start(limiter.reserve(1))
      yield* TestClock.adjust(end - 1)
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
    }))

  it.effect("sync: raises the usage to the reported one, and never lowers it", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      yield* limiter.reserve(4)
      yield* limiter.sync(2)
      assert.strictEqual(yield* limiter.usage, 0.4)
      yield* TestClock.adjust(500)
      yield* limiter.sync(9)
      assert.strictEqual(yield* limiter.usage, 0.9)
      const fiber = yield* start(limiter.reserve(6))
      yield* TestClock.adjust(999)
      // At 1000 our own 4 have left. The 5 of others, reported at 500, leave at 1500.
      assertNone(yield* Fiber.poll(fiber))
      assert.strictEqual(yield* limiter.available, 5)
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      yield* limiter.sync(25)
      assert.strictEqual(yield* limiter.usage, 2.5)
      assert.strictEqual(yield* limiter.available, 0)
      yield* limiter.sync(Infinity)
      assert.strictEqual(yield* limiter.usage, 2.5)
    }))

  it.effect("a cost of zero waits for its turn and spends nothing", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      yield* limiter.reserve(10)
      yield* limiter.reserve(0)
      yield* limiter.pauseUntil(100)
      const fiber = yield* start(limiter.reserve(0))
      yield* TestClock.adjust(99)
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* limiter.usage, 1)
    }))

  it.effect("dies with a message for an invalid cost or option", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const invalidCases: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        limiter.reserve(-1),
        limiter.reserve(NaN),
        tenPerSecond({ limit: 0 }),
        tenPerSecond({ limit: NaN }),
        tenPerSecond({ window: 0 }),
        tenPerSecond({ window: Duration.infinity }),
        tenPerSecond({ maxQueue: -1 }),
        tenPerSecond({ maxQueue: NaN })
      ]
      for (const invalidCase of invalidCases) {
        const cause = yield* Effect.flip(Effect.sandbox(invalidCase))
        assert.isTrue(Cause.isDie(cause))
        assert.match(Cause.pretty(cause), / must be /)
      }
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("withCost: keeps the brand of an idempotent effect and adds it to no other", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const group = yield* RateLimiter.group({ name: "test", scopes: { ip: { limit: 10, window: "1 second" } } })
      const order = Effect.succeed("placed")
      const read = Effect.succeed("read").pipe(Idempotent.mark, limiter.withCost(2), group.withCosts({ ip: 3 }))
      assert.isTrue(Idempotent.isIdempotent(read))
      assert.strictEqual(yield* Retry.retry(read, {}), "read")
      assert.deepStrictEqual([yield* limiter.available, yield* group.scopes.ip.available], [8, 7])
      assert.isFalse(Idempotent.isIdempotent(limiter.withCost()(order)))
      assert.isFalse(Idempotent.isIdempotent(group.withCosts()(order)))
      // @ts-expect-error The order is not marked as idempotent.
      limiter.withCost()(order).pipe(Retry.retry({}))
      // @ts-expect-error Neither with a group.
      group.withCosts()(order).pipe(Retry.retry({}))
    }))

  it.effect("errors are local rejections without a stack trace, and can be encoded and decoded", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond({ maxQueue: 0 })
      yield* limiter.reserve(10)
      const error = yield* Effect.flip(limiter.reserve(1))
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.isTrue(Rejection.isRejection(error))
      assert.notInclude(error.stack ?? "", "    at ")
      assert.include(error.message, "The queue of \"test\" is full; try again in 1s")
      const decoded = yield* Schema.decode(RateLimiter.RateLimiterFull)(
        yield* Schema.encode(RateLimiter.RateLimiterFull)(error)
      )
      assert.strictEqual(decoded.message, error.message)
      assert.include(new Error("after").stack ?? "", "    at ", "other errors keep their stack traces")
    }))

  it.effect("counts refusals by name and reason, and has gauges of waiting calls and usage", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond({ name: "metered", maxQueue: 1 })
      yield* Effect.exit(limiter.reserve(11))
      yield* limiter.reserve(10)
      yield* start(limiter.reserve(10))
      yield* Effect.exit(limiter.reserve(1))
      yield* Effect.exit(limiter.reserve(1))
      const refused = (reason: string) => metricValue("ratelimiter_refused_calls", { name: "metered", reason })
      assert.strictEqual(yield* refused("CostExceedsLimit"), 1)
      assert.strictEqual(yield* refused("QueueFull"), 2)
      assert.strictEqual(yield* metricValue("ratelimiter_waiting_calls", { name: "metered" }), 1)
      assert.strictEqual(yield* metricValue("ratelimiter_usage_ratio", { name: "metered" }), 1)
    }))
})
