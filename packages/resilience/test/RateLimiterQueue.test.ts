import { Deadline, RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, Fiber, Option, Scheduler, TestClock } from "effect"
import * as Budget from "../src/internal/rateLimiterBudget.js"
import * as rateLimiterForecast from "../src/internal/rateLimiterForecast.js"
import { countingClock } from "./support/countingClock.js"
import { interruptEverywhere, settle } from "./support/interruption.js"

const tenPerSecond = () => RateLimiter.make({ name: "test", limit: 10, window: "1 second" })

/** A scheduler that counts the operations of all of its fibers. */
const countingScheduler = () => {
  const counts = { operations: 0, tasks: 0 }
  const scheduler: Scheduler.Scheduler = {
    shouldYield: (fiber) => {
      counts.operations++
      return Scheduler.defaultScheduler.shouldYield(fiber)
    },
    scheduleTask: (task, priority, fiber) => {
      counts.tasks++
      Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
    }
  }
  return { counts, scheduler }
}

describe("A long queue", () => {
  /** Serves this many concurrent callers, 50 per second, and returns the counted work. */
  const serve = (callers: number) =>
    Effect.gen(function*() {
      const { counted, timers } = yield* countingClock
      const limiter = yield* RateLimiter.make({ name: "test", limit: 50, window: "1 second", maxQueue: callers })
      const { counts, scheduler } = countingScheduler()
      const begin = yield* Clock.currentTimeMillis
      const served: Array<{ readonly caller: number; readonly at: number }> = []
      const serveOne = (caller: number) =>
        limiter.withCost(1)(Effect.clockWith((clock) => {
          served.push({ caller, at: clock.unsafeCurrentTimeMillis() - begin })
          return Effect.void
        })).pipe(
          Effect.provideService(Deadline.Deadline, Option.some(BigInt(1_000_000_000_000))),
          Effect.fork,
          Effect.withScheduler(scheduler),
          counted
        )
      const fibers = yield* Effect.forEach(Array.from({ length: callers }, (_, caller) => caller), serveOne)
      yield* settle
      assert.strictEqual(yield* limiter.queued, callers - 50)
      assert.strictEqual(timers.sleeping, 1, "one timer for all calls, each with a deadline")
      yield* TestClock.adjust(Duration.seconds(callers / 50))
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(
        served,
        Array.from({ length: callers }, (_, caller) => ({ caller, at: 1000 * Math.floor(caller / 50) }))
      )
      return { ...counts, timers: timers.slept }
    })

  it.effect("serves 2,000 calls in order, with work linear in their number", () =>
    Effect.gen(function*() {
      const few = yield* serve(500)
      const many = yield* serve(2000)
      assert.isAbove(few.operations, 500)
      assert.isAtMost(many.operations / few.operations, 4.5)
      assert.isAtMost(many.tasks / few.tasks, 4.5)
      assert.strictEqual(few.timers, 9)
      assert.strictEqual(many.timers, 39)
    }), 30_000)

  it("forecasts every call, with steps linear in their number", () => {
    const steps = (callers: number) => {
      let steps = 0
      const window: Budget.Window = {
        _tag: "Window",
        get length() {
          steps++
          return 1000n
        }
      }
      const budget = Budget.make({ limit: 10, reserved: 0, maxPause: 1000n, rate: window })
      const forecast = rateLimiterForecast.make()
      for (let caller = 0; caller < callers; caller++) {
        rateLimiterForecast.peek(forecast, [{ budget, cost: 1, isFirst: true }], 0n)
        rateLimiterForecast.add(forecast, [{ budget, cost: 1, isFirst: true }], 0n)
      }
      return steps
    }
    const few = steps(500)
    assert.isAbove(few, 500)
    assert.isAtMost(steps(2000), few * 4.4)
  })

  it.effect(
    "serves 1,000 calls in three lanes of two scopes by lane, with work linear in their number",
    () =>
      Effect.gen(function*() {
        const lanes = ["cancel", "place", "query"] as const
        const serve = (callers: number) =>
          Effect.gen(function*() {
            const { counts, scheduler } = countingScheduler()
            const group = yield* RateLimiter.group({
              name: "test",
              scopes: { ip: { limit: 50, window: "1 second" }, key: { limit: 70, window: "1 second" } },
              lanes,
              maxQueue: callers
            })
            const full = yield* group.reserve({ ip: 50, key: 50 })
            const served: Array<number> = []
            const costs = [{ ip: 1 }, { ip: 1, key: 1 }]
            const fibers = yield* Effect.forEach(
              Array.from({ length: callers }, (_, caller) => caller),
              (caller) =>
                group.withCosts(costs[caller % 2], { lane: lanes[caller % 3] })(Effect.sync(() => served.push(caller)))
                  .pipe(Effect.withScheduler(scheduler), Effect.fork)
            )
            yield* settle
            assert.strictEqual(yield* group.queued, callers)
            yield* group.refund(full)
            yield* TestClock.adjust(Duration.seconds(callers / 50))
            yield* Fiber.joinAll(fibers)
            assert.deepStrictEqual(served, served.toSorted((a, b) => a % 3 - b % 3 || a - b))
            return counts
          })
        const few = yield* serve(250)
        const many = yield* serve(1000)
        assert.isAtMost(many.operations / few.operations, 4.5)
        assert.isAtMost(many.tasks / few.tasks, 4.5)
      }),
    30_000
  )
})

describe("An interrupt at every yield point leaks no token", () => {
  const assertNoLeak = (limiter: RateLimiter.RateLimiter, sent: () => number) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* limiter.queued, 0)
      assert.strictEqual(yield* limiter.available, 10 - sent())
    })

  it.effect("of a call that is admitted immediately", () =>
    interruptEverywhere(Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      let sent = 0
      return {
        victim: limiter.withReservation(7)(() => {
          sent = 7
          return Effect.void
        }),
        meanwhile: Effect.void,
        verify: assertNoLeak(limiter, () => sent)
      }
    })), 30_000)

  it.effect("of a queued call that is admitted by a refund", () =>
    interruptEverywhere(Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const reservation = yield* limiter.reserve(10)
      let sent = 0
      return {
        victim: limiter.withReservation(7)(() => {
          sent = 7
          return Effect.void
        }),
        meanwhile: limiter.refund(reservation),
        verify: assertNoLeak(limiter, () => sent)
      }
    })), 30_000)

  it.effect("of a queued call with a deadline and a maxWait", () =>
    interruptEverywhere(Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 10, window: "1 second", maxWait: "1 minute" })
      const reservation = yield* limiter.reserve(10)
      let sent = 0
      return {
        victim: Deadline.within(
          limiter.withReservation(7)(() => {
            sent = 7
            return Effect.void
          }),
          "30 seconds"
        ),
        meanwhile: limiter.refund(reservation),
        verify: assertNoLeak(limiter, () => sent)
      }
    })), 30_000)

  it.effect(
    "of a call that is queued for two scopes, one of which is free",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const group = yield* RateLimiter.group({
          name: "test",
          scopes: { ip: { limit: 10, window: "1 second" }, key: { limit: 3, window: "1 second" } }
        })
        const reservation = yield* group.reserve({ key: 3 })
        let sent = 0
        return {
          victim: group.withReservation({ ip: 4, key: 2 })(() => {
            sent = 1
            return Effect.void
          }),
          meanwhile: group.refund(reservation),
          verify: Effect.gen(function*() {
            assert.strictEqual(yield* group.queued, 0)
            assert.strictEqual(yield* group.scopes.ip.available, 10 - 4 * sent)
            assert.strictEqual(yield* group.scopes.key.available, 3 - 2 * sent)
          })
        }
      })),
    30_000
  )

  it.effect(
    "of a queued call with another one behind it, which is still admitted",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const limiter = yield* tenPerSecond()
        const reservation = yield* limiter.reserve(10)
        const gate = yield* Deferred.make<void>()
        let sent = 0
        const victim = limiter.withReservation(7)(() => {
          sent = 7
          return Effect.void
        })
        const behind = Effect.zipRight(Deferred.await(gate), limiter.reserve(3))
        const follower = yield* Effect.fork(behind)
        return {
          victim,
          meanwhile: Deferred.succeed(gate, undefined).pipe(
            Effect.zipRight(settle),
            Effect.zipRight(limiter.refund(reservation))
          ),
          verify: Effect.zipRight(
            Effect.asVoid(Fiber.join(follower)),
            assertNoLeak(limiter, () => sent + 3)
          )
        }
      })),
    30_000
  )
})
