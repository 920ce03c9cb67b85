import { RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Cause, Effect, Fiber, TestClock } from "effect"
import { settle } from "./support/interruption.js"

const lanes = ["trading", "reading"] as const

const make = (limit: RateLimiter.Limit = RateLimiter.window(100, "1 minute", { reserved: 10 })) =>
  RateLimiter.group({ name: "exchange", scopes: { weight: limit }, lanes, maxQueue: 2000 })

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("The reserve of the first lane", () => {
  for (
    const [kind, limit] of [
      ["a window", RateLimiter.window(100, "1 minute", { reserved: 10 })],
      ["a bucket", RateLimiter.bucket({ burst: 100, perSecond: 1, reserved: 10 })]
    ] as const
  ) {
    it.effect(`of ${kind}: calls of the first lane are admitted immediately while 600 reads are queued`, () =>
      Effect.gen(function*() {
        const group = yield* make(limit)
        let read = 0
        const reads = yield* Effect.forEach(
          Array.from({ length: 690 }),
          () => Effect.fork(group.withCosts({ weight: 1 }, { lane: "reading" })(Effect.sync(() => read++)))
        )
        yield* settle
        assert.strictEqual(read, 90)
        assert.strictEqual(yield* group.queued, 600)
        for (let cancel = 0; cancel < 10; cancel++) {
          yield* start(group.reserve({ weight: 1 }, { lane: "trading" })).pipe(Effect.flatMap(Fiber.join))
        }
        const eleventh = yield* start(group.reserve({ weight: 1 }, { lane: "trading" }))
        assertNone(yield* Fiber.poll(eleventh))
        yield* Fiber.interrupt(eleventh)
        yield* Fiber.interruptAll(reads)
      }))
  }

  it.effect("is not available to a call without a lane", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.reserve({ weight: 90 })
      const waiting = yield* start(group.reserve({ weight: 1 }))
      assertNone(yield* Fiber.poll(waiting))
    }))

  it.effect("lowers the maximum cost of other lanes, which is in the error", () =>
    Effect.gen(function*() {
      const group = yield* make()
      const error = yield* Effect.flip(group.reserve({ weight: 91 }, { lane: "reading" }))
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.deepStrictEqual([error.reason, error.most], ["CostExceedsLimit", 90])
      assert.include(error.message, "The cost exceeds 90")
      yield* group.reserve({ weight: 91 }, { lane: "trading" })
    }))

  it.effect("is still available after a report that others have used the rest", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.scopes.weight.sync(60)
      yield* group.reserve({ weight: 30 }, { lane: "reading" })
      const waiting = yield* start(group.reserve({ weight: 1 }, { lane: "reading" }))
      yield* group.reserve({ weight: 10 }, { lane: "trading" })
      assertNone(yield* Fiber.poll(waiting))
      assert.strictEqual(yield* group.scopes.weight.available, 0)
    }))

  it.effect("is not included in the forecast for another lane", () =>
    Effect.gen(function*() {
      const group = yield* make(RateLimiter.bucket({ burst: 100, perSecond: 1, reserved: 10 }))
      yield* group.reserve({ weight: 90 }, { lane: "reading" })
      const wait = (seconds: number) => group.reserve({ weight: 5 }, { lane: "reading", maxWait: `${seconds} seconds` })
      assert.instanceOf(yield* Effect.flip(wait(4)), RateLimiter.RateLimiterFull)
      const longEnough = yield* start(wait(5))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(longEnough)
    }))

  it.effect("must be at least 0, below the limit, and 0 with a single lane", () =>
    Effect.gen(function*() {
      const invalidCases: ReadonlyArray<Effect.Effect<unknown>> = [
        make(RateLimiter.window(100, "1 minute", { reserved: -1 })),
        make(RateLimiter.window(100, "1 minute", { reserved: 100 })),
        make(RateLimiter.window(100, "1 minute", { reserved: NaN })),
        make(RateLimiter.bucket({ burst: 10, perSecond: 1, reserved: 10 })),
        RateLimiter.make({ name: "test", limit: 10, window: "1 second", reserved: 1 })
      ]
      for (const invalidCase of invalidCases) {
        const cause = yield* Effect.flip(Effect.sandbox(invalidCase))
        assert.isTrue(Cause.isDie(cause))
        assert.match(Cause.pretty(cause), /reserved must be .*, got /)
      }
    }))
})
