import {
  Bulkhead,
  CircuitBreaker,
  Idempotent,
  Policy,
  RateLimiter,
  Retry,
  RetryBudget
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { manualClock } from "./support/manualClock.js"

// Does what `node --expose-gc` does, for this process only.
setFlagsFromString("--expose_gc")
const collect: unknown = runInNewContext("gc")

/** The reachable heap, in MiB. */
const heap = Effect.sync(() => {
  if (typeof collect === "function") collect()
  return process.memoryUsage().heapUsed / 2 ** 20
})

/** A clock, and an effect that advances it by a millisecond. */
const ticking = Effect.sync(() => {
  const { advance, clock } = manualClock()
  let ticks = 0
  const tick = Effect.sync(() => {
    advance(1)
    return ++ticks
  })
  return { tick, withTicks: Effect.withClock(clock) }
})

const gates = Effect.gen(function*() {
  const breaker = yield* CircuitBreaker.make({ name: "soak" })
  const bulkhead = yield* Bulkhead.make({ name: "soak", permits: 8 })
  const limiter = yield* RateLimiter.make({ name: "soak", limit: 1000, window: "500 millis" })
  const budget = yield* RetryBudget.make()
  return { breaker, bulkhead, limiter, budget }
})

/** The growth of the heap over this many runs, measured after the first tenth. */
const growth = (call: Effect.Effect<unknown, unknown>, runs: number) =>
  Effect.gen(function*() {
    const some = Effect.repeatN(call, runs / 10 - 1)
    yield* some
    const before = yield* heap
    yield* Effect.repeatN(some, 8)
    return (yield* heap) - before
  })

// Sequential, because the tests share a heap.
describe.sequential("The heap", () => {
  it.effect(
    "does not grow over a million calls through retry, limiter, bulkhead and a closed breaker",
    () =>
      Effect.gen(function*() {
        const { breaker, budget, bulkhead, limiter } = yield* gates
        const { tick, withTicks } = yield* ticking
        const call = tick.pipe(
          breaker.protect,
          bulkhead.withPermit,
          limiter.withCost(),
          Idempotent.mark,
          Retry.retry({ budget })
        )
        assert.isBelow(yield* withTicks(growth(call, 1_000_000)), 5)
        assert.strictEqual((yield* breaker.metrics).rejected, 0)
        assert.strictEqual(yield* bulkhead.available, 8)
      }),
    120_000
  )

  it.effect(
    "does not grow over 30,000 calls under a policy, a tenth of which fail",
    () =>
      Effect.gen(function*() {
        const { breaker, bulkhead, limiter } = yield* gates
        const { tick, withTicks } = yield* ticking
        const policy = Policy.make({ name: "soak", breaker, bulkhead, limiter, retry: { attempts: 1 } })
        const call = policy.apply(
          Effect.flatMap(tick, (n) => n % 10 === 0 ? Effect.fail("down") : Effect.void),
          { idempotency: "safe" }
        )
        assert.isBelow(yield* withTicks(growth(Effect.ignore(call), 30_000)), 5)
      }),
    120_000
  )
})
