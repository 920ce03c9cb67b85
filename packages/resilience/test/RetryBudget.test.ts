import { RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Cause, Duration, Effect, FastCheck, TestClock } from "effect"
import * as retryBudget from "../src/internal/retryBudget.js"

const withdrawals = (budget: RetryBudget.RetryBudget, count: number) =>
  Effect.map(
    Effect.all(Array.from({ length: count }, () => budget.withdraw)),
    (granted) => granted.filter((granted) => granted).length
  )

describe("RetryBudget", () => {
  it.effect("defaults to a reserve of 10 per second over 10 seconds, plus one retry per five calls", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make()
      assert.strictEqual(yield* budget.balance, 100)
      yield* Effect.repeatN(budget.deposit, 49)
      assert.strictEqual(yield* budget.balance, 110)
      assert.strictEqual(yield* withdrawals(budget, 200), 110)
      assert.strictEqual(yield* budget.balance, 0)
    }))

  it.effect("does not allow a retry for a fraction", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ reservePerSecond: 0 })
      yield* Effect.repeatN(budget.deposit, 3)
      assert.isFalse(yield* budget.withdraw)
      yield* budget.deposit
      assert.isTrue(yield* budget.withdraw)
      assert.isFalse(yield* budget.withdraw)
    }))

  it.effect("deposits expire after the time to live", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ ratio: 1, reservePerSecond: 0, timeToLive: "10 seconds" })
      yield* budget.deposit
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual(yield* budget.balance, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* budget.balance, 0)
    }))

  it.effect("the reserve is restored as withdrawals expire", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ ratio: 0, reservePerSecond: 1, timeToLive: "10 seconds" })
      assert.strictEqual(yield* withdrawals(budget, 20), 10)
      yield* TestClock.adjust("9999 millis")
      assert.isFalse(yield* budget.withdraw)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* withdrawals(budget, 20), 10)
    }))

  it.effect("dies with a RangeError for invalid options", () =>
    Effect.gen(function*() {
      const invalidCases: ReadonlyArray<readonly [RetryBudget.Options, string]> = [
        [{ ratio: -0.1 }, "ratio must be finite and at least 0, got -0.1"],
        [{ ratio: NaN }, "ratio must be finite and at least 0, got NaN"],
        [{ ratio: Infinity }, "ratio must be finite and at least 0, got Infinity"],
        [{ reservePerSecond: -1 }, "reservePerSecond must be finite and at least 0, got -1"],
        [{ timeToLive: 0 }, "timeToLive must be finite and longer than 0, got 0"],
        [{ timeToLive: Duration.infinity }, "timeToLive must be finite and longer than 0, got Infinity"]
      ]
      for (const [options, message] of invalidCases) {
        assertFailure(
          yield* Effect.exit(RetryBudget.make(options)),
          Cause.die(new RangeError(`RetryBudget: ${message}`))
        )
      }
      assert.strictEqual(yield* (yield* RetryBudget.make({ ratio: 0, reservePerSecond: 0 })).balance, 0)
    }))

  const commands = FastCheck.array(
    FastCheck.oneof(
      FastCheck.constant<"deposit" | "withdraw">("deposit"),
      FastCheck.constant<"deposit" | "withdraw">("withdraw"),
      FastCheck.record({ wait: FastCheck.integer({ min: 0, max: 60 }) })
    ),
    { maxLength: 200 }
  )

  it.prop(
    "agrees with a list of all deposits and withdrawals",
    [commands, FastCheck.integer({ min: 0, max: 5 }), FastCheck.constantFrom(0, 0.1, 0.2, 0.5, 1)],
    ([commands, reserve, ratio]) => {
      const state = retryBudget.make({ reserve, ratio, timeToLive: BigInt(100) })
      const history: Array<{ readonly bucket: number; readonly amount: number }> = []
      let now = 0
      const balance = () =>
        history.reduce(
          (sum, { amount, bucket }) => Math.floor(now / 10) - bucket < 10 ? sum + amount : sum,
          reserve
        )
      const record = (amount: number) => history.push({ bucket: Math.floor(now / 10), amount })
      for (const command of commands) {
        if (command === "deposit") {
          retryBudget.deposit(state, BigInt(now))
          record(ratio)
        } else if (command === "withdraw") {
          const expected = balance() > 1 - 1e-6
          assert.strictEqual(retryBudget.withdraw(state, BigInt(now)), expected)
          if (expected) record(-1)
        } else {
          now += command.wait
        }
        assert.closeTo(retryBudget.balance(state, BigInt(now)), Math.max(0, balance()), 1e-6)
      }
    }
  )
})
