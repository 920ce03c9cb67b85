import { Backoff, Hedge, Idempotent, Retry, RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Cause, Effect, FastCheck, Fiber, TestClock } from "effect"
import * as retryThrottle from "../src/internal/retryThrottle.js"

const backoff = Backoff.none({ base: 10, max: 10 })

const exitAfterSecond = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Effect.exit(effect))
    yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

describe("RetryBudget.throttle", () => {
  it.effect("defaults to ten tokens and a tenth per success: five failures stop retries", () =>
    Effect.gen(function*() {
      const throttle = yield* RetryBudget.throttle()
      assert.strictEqual(yield* throttle.balance, 5)
      yield* Effect.repeatN(throttle.failed, 3)
      assert.isTrue(yield* throttle.withdraw)
      assert.isTrue(yield* throttle.withdraw) // withdraw takes no token.
      yield* throttle.failed
      assert.strictEqual(yield* throttle.balance, 0)
      assert.isFalse(yield* throttle.withdraw)
      yield* throttle.succeeded
      assert.isTrue(yield* throttle.withdraw)
      assert.strictEqual(yield* throttle.balance, 0.1)
    }))

  it.effect("the tokens stay between zero and maxTokens", () =>
    Effect.gen(function*() {
      const throttle = yield* RetryBudget.throttle({ maxTokens: 4, ratio: 1 })
      yield* Effect.repeatN(throttle.succeeded, 99)
      assert.strictEqual(yield* throttle.balance, 2)
      yield* Effect.repeatN(throttle.failed, 99)
      yield* Effect.repeatN(throttle.succeeded, 1)
      assert.isFalse(yield* throttle.withdraw)
      yield* throttle.succeeded
      assert.isTrue(yield* throttle.withdraw)
    }))

  it.effect("neither time nor a deposit changes the tokens", () =>
    Effect.gen(function*() {
      const throttle = yield* RetryBudget.throttle()
      yield* Effect.repeatN(throttle.failed, 4)
      yield* throttle.deposit
      yield* TestClock.adjust("1 day")
      assert.isFalse(yield* throttle.withdraw)
    }))

  it.effect("truncates the ratio to three decimals, and tenths add up exactly", () =>
    Effect.gen(function*() {
      const throttle = yield* RetryBudget.throttle({ maxTokens: 10, ratio: 0.1239 })
      yield* Effect.repeatN(throttle.failed, 4)
      yield* Effect.repeatN(throttle.succeeded, 9)
      assert.strictEqual(yield* throttle.balance, 1.23)
      const tenths = yield* RetryBudget.throttle()
      yield* Effect.repeatN(tenths.failed, 1)
      yield* Effect.repeatN(tenths.succeeded, 9)
      assert.strictEqual(yield* tenths.balance, 4)
    }))

  it.effect("dies with a RangeError for invalid options", () =>
    Effect.gen(function*() {
      const invalidCases: ReadonlyArray<readonly [RetryBudget.ThrottleOptions, string]> = [
        [{ maxTokens: 0 }, "maxTokens must be finite and greater than 0, got 0"],
        [{ maxTokens: Infinity }, "maxTokens must be finite and greater than 0, got Infinity"],
        [{ ratio: 0 }, "ratio must be finite and at least 0.001, got 0"],
        [{ ratio: NaN }, "ratio must be finite and at least 0.001, got NaN"]
      ]
      for (const [options, message] of invalidCases) {
        assertFailure(
          yield* Effect.exit(RetryBudget.throttle(options)),
          Cause.die(new RangeError(`RetryBudget.throttle: ${message}`))
        )
      }
    }))

  it.effect("allows four retries in an outage shared by a thousand callers", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.throttle()
      let calls = 0
      const down = Idempotent.mark(Effect.zipRight(Effect.sync(() => calls++), Effect.fail("down")))
      yield* exitAfterSecond(Effect.forEach(
        Array.from({ length: 1000 }),
        () => Effect.exit(Retry.retry(down, { backoff, budget })),
        { concurrency: "unbounded" }
      ))
      assert.strictEqual(calls, 1000 + 4)
    }))

  it.effect("Retry reports every attempt, except failures that are not retryable", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.throttle({ ratio: 0.5 })
      const failing = (error: string) => Idempotent.mark(Effect.fail(error))
      yield* exitAfterSecond(Retry.retry(failing("down"), { backoff, budget, attempts: 2 }))
      assert.strictEqual(yield* budget.balance, 3)
      yield* exitAfterSecond(Retry.retry(failing("rejected"), { backoff, budget, while: (error) => error === "down" }))
      yield* exitAfterSecond(Retry.retry(Idempotent.mark(Effect.die("bug")), { backoff, budget }))
      yield* exitAfterSecond(Retry.retry(Idempotent.mark(Effect.interrupt), { backoff, budget }))
      assert.strictEqual(yield* budget.balance, 3)
      yield* exitAfterSecond(Retry.retry(Idempotent.mark(Effect.void), { backoff, budget }))
      assert.strictEqual(yield* budget.balance, 3.5)
    }))

  it.effect("stops hedges together with retries", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.throttle()
      const hedge = yield* Hedge.make({ name: "throttled", delay: 10, budget })
      let calls = 0
      const slow = Idempotent.mark(Effect.zipRight(Effect.sync(() => calls++), Effect.sleep(100)))
      yield* exitAfterSecond(hedge.apply(slow))
      assert.strictEqual(calls, 2)
      yield* Effect.repeatN(budget.failed, 4)
      yield* exitAfterSecond(hedge.apply(slow))
      assert.strictEqual(calls, 3)
    }))

  it.prop(
    "agrees with counting all attempts",
    [
      FastCheck.array(FastCheck.boolean(), { maxLength: 300 }),
      FastCheck.integer({ min: 1, max: 50 }),
      FastCheck.integer({ min: 1, max: 2000 })
    ],
    ([attempts, maxTokens, thousandths]) => {
      const state = retryThrottle.make({ maxTokens, ratio: thousandths / 1000 })
      let tokens = maxTokens * 1000
      for (const succeeded of attempts) {
        if (succeeded) retryThrottle.succeeded(state)
        else retryThrottle.failed(state)
        tokens = Math.min(maxTokens * 1000, Math.max(0, tokens + (succeeded ? thousandths : -1000)))
        assert.strictEqual(retryThrottle.balance(state), Math.max(0, tokens - maxTokens * 500) / 1000)
      }
    }
  )
})
