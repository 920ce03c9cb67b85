import { Bulkhead } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, FastCheck, Fiber, TestClock } from "effect"
import * as AdaptiveLimit from "../src/internal/adaptiveLimit.js"
import { settle } from "./support/interruption.js"

const millis = (n: number) => BigInt(Math.round(n * 1000)) * 1000n

let now = 0n

/** Feeds consecutive calls, each with its duration and the number of running calls. */
const feed = (
  state: AdaptiveLimit.State,
  calls: ReadonlyArray<{ readonly took: number; readonly running: number; readonly isOverload?: boolean }>
) =>
  calls.map(({ isOverload = false, running, took }) => {
    const begin = now
    now += millis(took)
    return AdaptiveLimit.step(state, { begin, end: now, running, isOverload })
  })

const feedFull = (state: AdaptiveLimit.State, took: number, calls: number, isOverload = false) => {
  for (let call = 0; call < calls; call++) {
    feed(state, [{ took, running: Math.floor(state.limit), isOverload }])
  }
  return state.limit
}

const samples = FastCheck.array(
  FastCheck.record({
    took: FastCheck.oneof(FastCheck.integer({ min: 0, max: 50 }), FastCheck.integer({ min: 0, max: 100_000 })),
    running: FastCheck.integer({ min: 1, max: 60 }),
    isOverload: FastCheck.boolean()
  }),
  { maxLength: 200 }
)

describe("AdaptiveLimit", () => {
  it.prop(
    "stays within its bounds and is a whole number, for any samples",
    [
      samples,
      FastCheck.integer({ min: 1, max: 20 }),
      FastCheck.integer({ min: 0, max: 30 }),
      FastCheck.integer({ min: 1, max: 100 })
    ],
    ([samples, min, more, permits]) => {
      const bounds = { min, max: min + more }
      for (const adaptive of [Bulkhead.aimd(bounds), Bulkhead.gradient(bounds)]) {
        const state = AdaptiveLimit.make(adaptive, permits)
        for (const limit of [Math.floor(state.limit), ...feed(state, samples)]) {
          assert.isTrue(Number.isInteger(limit))
          assert.isAtLeast(limit, min)
          assert.isAtMost(limit, min + more)
        }
      }
    }
  )

  it.prop(
    "does not grow while less than half of the limit is in use",
    [FastCheck.integer({ min: 4, max: 100 }), FastCheck.integer({ min: 1, max: 100 })],
    ([permits, took]) => {
      for (const adaptive of [Bulkhead.aimd(), Bulkhead.gradient()]) {
        const state = AdaptiveLimit.make(adaptive, permits)
        const running = Math.max(1, Math.ceil(permits / 2) - 1)
        assert.deepStrictEqual(
          new Set(feed(state, Array.from({ length: 300 }, () => ({ took, running })))),
          new Set([permits])
        )
      }
    }
  )

  it("aimd: grows by one per as many successful calls as the limit, and shrinks by a tenth on overload", () => {
    const state = AdaptiveLimit.make(Bulkhead.aimd({ max: 50 }), 10)
    assert.closeTo(feedFull(state, 20, 10), 11, 0.05)
    assert.strictEqual(feedFull(state, 20, 3000), 50)
    assert.strictEqual(feedFull(state, 20, 1, true), 45)
    assert.strictEqual(feedFull(state, 5000, 1), 40.5)
  })

  it("counts an overload of all calls in flight once", () => {
    for (const adaptive of [Bulkhead.aimd({ max: 100 }), Bulkhead.gradient({ max: 100 })]) {
      const state = AdaptiveLimit.make(adaptive, 100)
      for (let call = 0n; call < 100n; call++) {
        AdaptiveLimit.step(state, { begin: call, end: millis(100) + call, running: 100, isOverload: true })
      }
      assert.strictEqual(state.limit, 90)
      AdaptiveLimit.step(state, { begin: millis(101), end: millis(200), running: 90, isOverload: true })
      assert.strictEqual(state.limit, 81)
    }
  })

  it("gradient: grows while calls take as long as usual, shrinks when they take longer, and grows again", () => {
    const state = AdaptiveLimit.make(Bulkhead.gradient({ min: 5, max: 100 }), 20)
    assert.strictEqual(feedFull(state, 20, 20_000), 100)
    while (state.calls > 0) feedFull(state, 20, 1)
    const before = state.limit
    feedFull(state, 60, 100)
    // One comparison: to 0.5 * 100 + 4, a fifth of the way.
    assert.closeTo(state.limit, before + 0.2 * (54 - before), 1)
    const shrunk = feedFull(state, 60, 500)
    assert.isBelow(shrunk, 50)
    assert.isAbove(feedFull(state, 20, 1000), shrunk)
  })

  it("gradient: forgets long durations faster than it learns them", () => {
    const state = AdaptiveLimit.make(Bulkhead.gradient({ max: 10 }), 10)
    feedFull(state, 60, 6000)
    assert.closeTo(state.usual, 60, 0.1)
    feedFull(state, 20, 300)
    assert.isBelow(state.usual, 41)
  })

  it("gradient: tolerates calls that take a little longer than usual", () => {
    const state = AdaptiveLimit.make(Bulkhead.gradient({ max: 100 }), 20)
    feedFull(state, 20, 5000)
    const before = state.limit
    feedFull(state, 29, 5000)
    assert.isAtLeast(state.limit, before)
  })

  it("throws a RangeError for invalid options", () => {
    const invalidCases: ReadonlyArray<() => Bulkhead.Adaptive> = [
      () => Bulkhead.aimd({ min: 0 }),
      () => Bulkhead.aimd({ min: 10, max: 5 }),
      () => Bulkhead.aimd({ backoff: 1 }),
      () => Bulkhead.gradient({ tolerance: 0.5 }),
      () => Bulkhead.gradient({ queue: 0 }),
      () => Bulkhead.gradient({ smoothing: 0 }),
      () => Bulkhead.gradient({ memory: 1.5 })
    ]
    for (const invalidCase of invalidCases) assert.throws(invalidCase, RangeError, / must be .*, got /)
  })
})

describe("An adaptive bulkhead", () => {
  const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

  it.effect("grows after a successful call, and admits waiting calls", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, adaptive: Bulkhead.aimd({ max: 2 }) })
      const gates = yield* Effect.forEach([0, 1, 2, 3], () => Deferred.make<void>())
      const started: Array<number> = []
      for (const [caller, gate] of gates.entries()) {
        yield* start(
          bulkhead.withPermit(Effect.zipRight(Effect.sync(() => started.push(caller)), Deferred.await(gate)))
        )
      }
      assert.deepStrictEqual(started, [0])
      yield* Effect.forEach(gates.slice(0, 1), (gate) => Deferred.succeed(gate, undefined))
      yield* settle
      assert.strictEqual(yield* bulkhead.permits, 2)
      assert.deepStrictEqual(started, [0, 1, 2])
    }))

  it.effect("shrinks for overload failures and slow calls, not for other failures, refusals or interruption", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({
        name: "test",
        permits: 100,
        adaptive: Bulkhead.aimd({ isOverload: (error) => error === "overloaded", slowAfter: "1 second" })
      })
      const none = yield* Bulkhead.make({ name: "none", permits: 1, maxQueue: 0 })
      yield* start(none.withPermit(Effect.never))
      yield* Effect.exit(bulkhead.withPermit(Effect.fail("not found")))
      yield* Effect.exit(bulkhead.withPermit(none.withPermit(Effect.void)))
      const called = yield* start(bulkhead.withPermit(Effect.never))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(called)
      assert.strictEqual(yield* bulkhead.permits, 100)
      yield* Effect.exit(bulkhead.withPermit(Effect.fail("overloaded")))
      assert.strictEqual(yield* bulkhead.permits, 90)
      const slow = yield* start(
        Effect.exit(bulkhead.withPermit(Effect.zipRight(Effect.sleep("1 second"), Effect.fail("timed out"))))
      )
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* bulkhead.permits, 90)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(slow)
      assert.strictEqual(yield* bulkhead.permits, 81)
      yield* bulkhead.resize(10)
      assert.strictEqual(yield* bulkhead.permits, 10)
      assert.strictEqual(yield* bulkhead.available, 10)
    }))
})
