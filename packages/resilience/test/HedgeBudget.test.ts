import { type Bulkhead, type Hedge, Idempotent, RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { after, failAfter, make, service } from "./support/hedges.js"
import { settle } from "./support/interruption.js"
import { metricValue } from "./support/metrics.js"
import { full } from "./support/refusals.js"

describe("The budget of a hedge", () => {
  const balance = (tokens: number) =>
    RetryBudget.make({ ratio: 0, reservePerSecond: tokens / 1000, timeToLive: "1000 seconds" })

  it.effect("with an empty budget no hedge starts, and the first attempt decides", () =>
    Effect.gen(function*() {
      const budget = yield* balance(0)
      const hedge = yield* make({ name: "penniless", budget, maxHedges: 3 })
      const late = service(after(500, "late"))
      const failed = service(failAfter(20, "down"))
      const success = yield* Effect.fork(hedge.apply(late.call))
      const failure = yield* Effect.fork(Effect.flip(hedge.apply(failed.call)))
      yield* TestClock.adjust("20 millis")
      assert.strictEqual(yield* Fiber.join(failure), "down")
      yield* TestClock.adjust("480 millis")
      assert.strictEqual(yield* Fiber.join(success), "late")
      assert.deepStrictEqual([late.log.started, failed.log.started], [1, 1])
      assert.deepStrictEqual(yield* hedge.metrics, { calls: 2, hedges: 0, won: 0, denied: 2 })
      assert.strictEqual(yield* metricValue("hedge_denied_attempts", { name: "penniless" }), 2)
      assert.isUndefined(yield* metricValue("hedge_started_attempts", { name: "penniless" }))
    }))

  it.effect("each call deposits once, unless `reports` is false", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ ratio: 0.5, reservePerSecond: 0 })
      const reporting = yield* make({ name: "paying", budget })
      const call = Idempotent.mark(Effect.void)
      yield* Effect.repeatN(reporting.apply(call), 3)
      assert.strictEqual(yield* budget.balance, 2)
      const silent = yield* make({ budget, reports: false })
      yield* silent.apply(call)
      assert.strictEqual(yield* budget.balance, 2)
      const late = service(Effect.never, Effect.void)
      const fiber = yield* Effect.fork(reporting.apply(late.call))
      yield* TestClock.adjust("50 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* budget.balance, 1.5)
      assert.strictEqual(yield* metricValue("hedge_started_attempts", { name: "paying" }), 1)
      assert.strictEqual(yield* metricValue("hedge_won_calls", { name: "paying" }), 1)
    }))

  it.effect("a throttle stops hedges until enough calls succeed", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.throttle({ maxTokens: 4, ratio: 1 })
      const refused = full("reads")
      const hedge = yield* make<string | Bulkhead.BulkheadFull>({
        budget,
        maxHedges: 3,
        classify: (error) => error === "invalid" ? "fail" : error === "slowDown" || error === refused ? "wait" : "next"
      })
      const attempts = (...effects: ReadonlyArray<Effect.Effect<void, string | Bulkhead.BulkheadFull>>) => {
        const { call, log } = service(...effects)
        return Effect.map(Effect.exit(hedge.apply(call)), () => log.started)
      }
      const down = Effect.fail("down")
      assert.strictEqual(yield* attempts(Effect.fail("invalid")), 1)
      assert.strictEqual(yield* attempts(Effect.fail(refused)), 1)
      assert.strictEqual(yield* budget.balance, 2)
      assert.strictEqual(yield* attempts(down, down, down), 2)
      assert.strictEqual(yield* attempts(down), 1)
      assert.strictEqual(yield* attempts(Effect.void), 1)
      assert.strictEqual(yield* attempts(Effect.void), 1)
      assert.strictEqual(yield* budget.balance, 1)
      assert.strictEqual(yield* attempts(Effect.fail("slowDown")), 1)
      assert.strictEqual(yield* budget.balance, 0)
      const silent = yield* make({ budget, reports: false })
      yield* silent.apply(Idempotent.mark(Effect.void))
      yield* Effect.exit(silent.apply(Idempotent.mark(Effect.fail("down"))))
      assert.strictEqual(yield* budget.balance, 0)
    }))

  it.effect("100 concurrent slow calls start no more hedges than the budget allows", () =>
    Effect.gen(function*() {
      const budget = yield* balance(7)
      const hedge = yield* make({ budget, maxHedges: 3 })
      const { call, log } = service(...Array.from({ length: 100 }, () => after(1000, "late")))
      const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.fork(hedge.apply(call)))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(log.started, 107)
      assert.strictEqual(yield* budget.balance, 0)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.joinAll(fibers)
      yield* settle
      assert.strictEqual(log.running, 0)
      assert.deepStrictEqual(yield* hedge.metrics, { calls: 100, hedges: 7, won: 0, denied: 100 })
    }))
})

describe("A percentile as the delay", () => {
  const makePercentile = (options?: Partial<Hedge.Percentile>) =>
    make({ delay: { percentile: 0.9, initial: "200 millis", minSamples: 10, ...options } })

  const delay = (hedge: Hedge.Hedge) => Effect.map(hedge.delay, Duration.toMillis)

  const calls = (hedge: Hedge.Hedge, latencies: ReadonlyArray<number>) =>
    Effect.gen(function*() {
      const fibers = yield* Effect.forEach(
        latencies,
        (latency) => Effect.fork(hedge.apply(Idempotent.mark(Effect.sleep(latency))))
      )
      yield* TestClock.adjust(Math.max(...latencies))
      yield* Fiber.joinAll(fibers)
    })

  it.effect("is the initial delay until there are enough samples, then the percentile", () =>
    Effect.gen(function*() {
      const hedge = yield* makePercentile()
      yield* calls(hedge, [10, 20, 30, 40, 50, 60, 70, 80, 90])
      assert.strictEqual(yield* delay(hedge), 200)
      yield* calls(hedge, [100])
      assert.approximately(yield* delay(hedge), 90, 90 * 0.02 + 1)
      const { call, log } = service<never, never>()
      const fiber = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("86 millis")
      assert.strictEqual(log.started, 1)
      yield* TestClock.adjust("8 millis")
      assert.strictEqual(log.started, 2)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("ignores latencies from before an idle hour", () =>
    Effect.gen(function*() {
      const hedge = yield* makePercentile({ window: "1 minute" })
      yield* calls(hedge, Array.from({ length: 20 }, () => 10))
      assert.approximately(yield* delay(hedge), 10, 2)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* delay(hedge), 200)
    }))

  it.effect("ignores failures and calls interrupted before the delay, and counts calls interrupted after it", () =>
    Effect.gen(function*() {
      const hedge = yield* makePercentile({ initial: "50 millis" })
      const callMany = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.forEach(Array.from({ length: 20 }), () => Effect.fork(hedge.apply(Idempotent.mark(effect))))
      yield* Effect.flatMap(callMany(Effect.fail("fast")), Fiber.awaitAll)
      const early = yield* callMany(Effect.never)
      yield* TestClock.adjust("49 millis")
      yield* Fiber.interruptAll(early)
      assert.strictEqual(yield* delay(hedge), 50)
      const late = yield* callMany(Effect.never)
      yield* TestClock.adjust("300 millis")
      yield* Fiber.interruptAll(late)
      assert.approximately(yield* delay(hedge), 300, 300 * 0.02 + 1)
    }))
})
