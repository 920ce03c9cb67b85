import { RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Option, TestClock } from "effect"
import { settle } from "./support/interruption.js"
import { manualClock } from "./support/manualClock.js"

describe("RateLimiter does not have the bugs of others", () => {
  /** Sends as many calls as possible for ten seconds, after five idle seconds, and returns their times. */
  const flood = (limit: number) =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit, window: "1 second", maxQueue: 12 * limit })
      yield* TestClock.adjust("5 seconds")
      const sent: Array<number> = []
      const one = limiter.withCost()(Effect.clockWith((clock) => {
        sent.push(clock.unsafeCurrentTimeMillis())
        return Effect.void
      }))
      const fiber = yield* Effect.fork(Effect.replicateEffect(one, 10 * limit, { concurrency: "unbounded" }))
      yield* TestClock.adjust("9 seconds")
      yield* Fiber.join(fiber)
      return sent
    })

  it.effect("admits at most N calls in any window (effect: 2N - 1, tower #842: 2N - 1 across fixed windows)", () =>
    Effect.gen(function*() {
      const sent = yield* flood(10)
      assert.strictEqual(sent.length, 100)
      for (const from of sent) {
        assert.isAtMost(sent.filter((at) => at >= from && at < from + 1000).length, 10)
      }
    }))

  it.effect("admits 3,000 calls per second (effect: 1,000 of them)", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 3000, window: "1 second" })
      yield* limiter.reserve(3000)
      yield* TestClock.adjust("1 second")
      yield* Effect.replicateEffect(limiter.reserve(), 3000)
      assert.strictEqual(yield* limiter.available, 0)
    }))

  it.effect("keeps its rate with timers that are late (effect: loses an eighth of 200 per second)", () =>
    Effect.gen(function*() {
      const time = manualClock()
      const late = {
        ...time.clock,
        sleep: (duration: Duration.Duration) => time.clock.sleep(Duration.sum(duration, Duration.millis(5)))
      }
      const limiter = yield* RateLimiter.make({ name: "test", limit: 200, window: "1 second", maxQueue: 2000 })
      const fiber = yield* Effect.fork(
        Effect.withClock(Effect.replicateEffect(limiter.reserve(), 2000, { concurrency: "unbounded" }), late)
      )
      yield* settle
      for (let millis = 0; millis < 9045; millis++) {
        const sleeping = time.sleeping()
        time.advance(1)
        if (time.sleeping() !== sleeping) yield* settle
      }
      yield* settle
      assert.isTrue(Option.isSome(yield* Fiber.poll(fiber)))
    }))

  it.effect("refuses a cost above its limit (effect: hangs)", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 10, window: "1 second" })
      let sent = false
      const error = yield* Effect.flip(limiter.withCost(11)(Effect.sync(() => sent = true)))
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.strictEqual(error.reason, "CostExceedsLimit")
      assert.isFalse(Duration.isFinite(error.retryAfter))
      assert.isFalse(sent)
      yield* limiter.reserve(10)
    }))

  it.effect("retryAfter is the remaining time of the window (effect #8103: the whole interval)", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 5, window: "5 minutes", maxQueue: 0 })
      yield* limiter.reserve(5)
      yield* TestClock.adjust("299 seconds")
      const error = yield* Effect.flip(limiter.reserve())
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.strictEqual(Duration.toSeconds(error.retryAfter), 1)
      yield* TestClock.adjust("1 second")
      yield* limiter.reserve()
    }))
})
