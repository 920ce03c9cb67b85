import { Bulkhead, Hedge, Policy, RateLimiter, RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Ref, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { safe } from "./support/policies.js"

const leaveBehind = { duration: "1 second", onTimeout: () => "late" as const, disconnect: true } as const

const hedged = (permits: number, name: "bulkhead" | "turn" = "bulkhead") =>
  Effect.gen(function*() {
    const budget = yield* RetryBudget.make({ reservePerSecond: 1000 })
    const hedge = yield* Hedge.make({ name: "permits", delay: "1 second", budget })
    const bulkhead = yield* Bulkhead.make({ name: "permits", permits })
    const gate = name === "turn" ? { turn: bulkhead } : { bulkhead }
    return { bulkhead, policy: Policy.make({ name: "permits", hedge, ...gate }) }
  })

describe("A policy with a hedge and a bulkhead", () => {
  it.effect("does not deadlock: twelve calls share two permits, and two of them fail once", () =>
    Effect.gen(function*() {
      const { bulkhead, policy } = yield* hedged(2)
      const call = (index: number) => {
        let runs = 0
        return policy.apply(
          Effect.suspend(() => ++runs === 1 && index < 2 ? Effect.fail("down") : Effect.sleep("10 millis")),
          safe
        )
      }
      const fiber = yield* Effect.fork(
        Effect.all(Array.from({ length: 12 }, (_, index) => call(index)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* bulkhead.available, 2)
    }))

  for (const gate of ["bulkhead", "turn"] as const) {
    it.effect(`a hedge does not wait for a permit of the ${gate} while the first attempt holds one`, () =>
      Effect.gen(function*() {
        const { bulkhead, policy } = yield* hedged(1, gate)
        const runs = yield* Ref.make(0)
        const call = Effect.zipRight(Ref.update(runs, (n) => n + 1), Effect.sleep("5 seconds"))
        const fiber = yield* Effect.fork(policy.explain(call, safe))
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(yield* bulkhead.queued, 0)
        yield* TestClock.adjust("3 seconds")
        const [exit, trace] = yield* Fiber.join(fiber)
        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(yield* Ref.get(runs), 1)
        assert.deepInclude(trace.find(({ event }) => event === "refused"), { attempt: 2, gate })
      }))
  }

  it.effect("a hedge after a failed attempt waits for a permit like any call", () =>
    Effect.gen(function*() {
      const { bulkhead, policy } = yield* hedged(1)
      let runs = 0
      const call = Effect.suspend(() => ++runs === 1 ? Effect.fail("down") : Effect.succeed("second"))
      const others = yield* Effect.fork(Effect.all([1, 2].map(() => bulkhead.withPermit(Effect.sleep("1 second"))), {
        concurrency: "unbounded"
      }))
      yield* settle
      const fiber = yield* Effect.fork(policy.apply(call, safe))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "second")
      yield* Fiber.join(others)
    }))
})

describe("An attempt that is left behind", () => {
  const gated = Effect.gen(function*() {
    const bulkhead = yield* Bulkhead.make({ name: "behind", permits: 2 })
    const turn = yield* Bulkhead.make({ name: "behind.turn", permits: 1 })
    const limiter = yield* RateLimiter.make({ name: "behind", limit: 10, window: "1 hour" })
    return {
      bulkhead,
      limiter,
      turn,
      policy: Policy.make({ name: "behind", attemptTimeout: leaveBehind, bulkhead, limiter, turn })
    }
  })

  const working = Effect.uninterruptible(Effect.sleep("5 seconds"))

  it.effect("keeps its permit and its turn until its work has ended, and its caller fails on time", () =>
    Effect.gen(function*() {
      const { bulkhead, policy, turn } = yield* gated
      const fiber = yield* Effect.fork(Effect.exit(policy.apply(working, safe)))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("late" as const))
      assert.deepStrictEqual([yield* bulkhead.available, yield* turn.available], [1, 0])
      yield* TestClock.adjust("3999 millis")
      assert.deepStrictEqual([yield* bulkhead.available, yield* turn.available], [1, 0])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual([yield* bulkhead.available, yield* turn.available], [2, 1])
    }))

  it.effect("keeps its permit and its turn after an interruption of its caller, which does not wait", () =>
    Effect.gen(function*() {
      const { bulkhead, policy, turn } = yield* gated
      const fiber = yield* Effect.fork(policy.apply(working, safe))
      yield* settle
      yield* Fiber.interrupt(fiber)
      yield* settle
      assert.deepStrictEqual([yield* bulkhead.available, yield* turn.available], [1, 0])
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual([yield* bulkhead.available, yield* turn.available], [2, 1])
    }))

  it.effect("succeeds, fails and is refused as without `disconnect`", () =>
    Effect.gen(function*() {
      const { policy, turn } = yield* gated
      assert.strictEqual(yield* policy.apply(Effect.succeed(1), safe), 1)
      assert.deepStrictEqual(yield* Effect.exit(policy.apply(Effect.fail("down"), safe)), Exit.fail("down"))
      const small = yield* Bulkhead.make({ name: "small", permits: 1, maxQueue: 0 })
      yield* Effect.fork(small.withPermit(Effect.never))
      yield* settle
      const refusing = Policy.make({ name: "behind", attemptTimeout: leaveBehind, bulkhead: small, turn })
      const error = yield* Effect.flip(refusing.apply(Effect.void, safe))
      assert.strictEqual(error === "late" ? error : error._tag, "BulkheadFull")
    }))

  it.effect(
    "an interrupt at every yield point leaks neither permits nor tokens",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const { bulkhead, limiter, policy, turn } = yield* gated
        let sent = 0
        return {
          victim: policy.apply(
            ({ leaving }) =>
              leaving.pipe(Effect.zipRight(Effect.sync(() => sent++)), Effect.zipRight(Effect.yieldNow())),
            safe
          ),
          meanwhile: Effect.void,
          verify: Effect.gen(function*() {
            yield* settle
            assert.deepStrictEqual([yield* bulkhead.available, yield* turn.available], [2, 1])
            assert.isAtLeast(10 - sent, yield* limiter.available)
            assert.isAtMost(9 - sent, yield* limiter.available)
          })
        }
      })),
    60_000
  )
})
