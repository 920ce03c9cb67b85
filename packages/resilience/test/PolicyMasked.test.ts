import { Backoff, Bulkhead, CircuitBreaker, Policy, RateLimiter, RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"

const masked = { idempotency: "safe", isMasked: true } as const

/** On the fast path through all gates, or gate by gate, because a gate is chosen by key. */
const ways = { "on the fast path": false, "gate by gate": true }

const setup = (isKeyed: boolean) =>
  Effect.gen(function*() {
    const breaker = yield* CircuitBreaker.make({ name: "masked" })
    const bulkhead = yield* Bulkhead.make({ name: "masked", permits: 1 })
    const limiter = yield* RateLimiter.make({ name: "masked", limit: 100, window: "1 hour" })
    const policy = Policy.make({
      name: "masked",
      breaker,
      bulkhead: isKeyed ? () => bulkhead : bulkhead,
      limiter,
      retry: { backoff: Backoff.none({ base: 0, max: 0 }), budget: yield* RetryBudget.make() }
    })
    return { bulkhead, limiter, policy }
  })

describe.each(Object.entries(ways))("A masked call under a policy, %s,", (_, isKeyed) => {
  it.effect("is interrupted in its restored parts, and runs its onInterrupt", () =>
    Effect.gen(function*() {
      const { bulkhead, limiter, policy } = yield* setup(isKeyed)
      const finalizers: Array<string> = []
      const call = policy.apply(({ restore, unsafeLeave }) =>
        Effect.zipRight(
          unsafeLeave() ?? Effect.void,
          Effect.onInterrupt(restore(Effect.never), () => Effect.sync(() => finalizers.push("interrupted")))
        ), masked)
      const fiber = yield* Effect.fork(call)
      yield* settle
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.deepStrictEqual(finalizers, ["interrupted"])
      assert.strictEqual(yield* bulkhead.available, 1)
      assert.strictEqual(yield* limiter.available, 99)
    }))

  it.effect("is not interrupted outside its restored parts", () =>
    Effect.gen(function*() {
      const { policy } = yield* setup(isKeyed)
      const done: Array<string> = []
      const call = policy.apply(({ restore }) =>
        Effect.yieldNow().pipe(
          Effect.repeatN(30),
          Effect.zipRight(Effect.sync(() => done.push("before"))),
          Effect.zipRight(restore(Effect.yieldNow())),
          Effect.zipRight(Effect.sync(() => done.push("after")))
        ), masked)
      const fiber = yield* Effect.fork(call)
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.deepStrictEqual(done, ["before"])
    }))

  it.effect("is not interrupted at all in an uninterruptible region", () =>
    Effect.gen(function*() {
      const { policy } = yield* setup(isKeyed)
      const call = policy.apply(({ restore }) => restore(Effect.repeatN(Effect.yieldNow(), 30)), masked)
      let exit: Exit.Exit<void, unknown> | undefined
      const fiber = yield* Effect.fork(Effect.uninterruptible(Effect.map(Effect.exit(call), (ended) => exit = ended)))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(exit, Exit.void)
    }))

  it.effect("leaks neither tokens nor permits with an interrupt at every yield point", () =>
    interruptEverywhere(Effect.gen(function*() {
      const { bulkhead, limiter, policy } = yield* setup(isKeyed)
      let sent = 0
      const call = policy.apply(({ restore, unsafeLeave }) => {
        const left = unsafeLeave() ?? Effect.void
        return Effect.zipRight(left, Effect.zipRight(Effect.sync(() => sent++), restore(Effect.yieldNow())))
      }, { ...masked, cost: 3 })
      return {
        victim: call,
        meanwhile: Effect.void,
        verify: Effect.gen(function*() {
          assert.strictEqual(yield* bulkhead.available, 1)
          assert.strictEqual(yield* limiter.available, 100 - 3 * sent)
        })
      }
    })))
})
