/**
 * Counts the operations of Effect's run loop and the fibers for one call under a policy: `pnpm bench operations`.
 * Counts, unlike times, are the same on every machine.
 */
import { Bulkhead, CircuitBreaker, Policy, RateLimiter, RetryBudget } from "@effect-exchange/resilience"
import type { Fiber } from "effect"
import { Effect, Scheduler } from "effect"

/** Runs an effect, and counts the operations of all its fibers and the fibers in addition to the first one. */
const count = async (self: Effect.Effect<unknown, unknown>): Promise<{ operations: number; fibers: number }> => {
  let operations = 0
  const fibers = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  const scheduler: Scheduler.Scheduler = {
    shouldYield: (fiber) => {
      operations++
      fibers.add(fiber)
      return Scheduler.defaultScheduler.shouldYield(fiber)
    },
    scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
  await Effect.runPromise(Effect.exit(Effect.withScheduler(self, scheduler)))
  return { operations, fibers: fibers.size - 1 }
}

const gates = Effect.gen(function*() {
  return {
    limiter: yield* RateLimiter.make({ name: "operations", limit: 1e9, window: "1 minute" }),
    bulkhead: yield* Bulkhead.make({ name: "operations", permits: 1000 }),
    breaker: yield* CircuitBreaker.make({ name: "operations" }),
    budget: yield* RetryBudget.make()
  }
})

const { breaker, budget, bulkhead, limiter } = await Effect.runPromise(gates)
const name = "operations"
const late = { duration: "10 seconds", onTimeout: () => "late" } as const
const call = Effect.succeed(1)
const safe = { idempotency: "safe" } as const

const measured = {
  "nothing": call,
  "a policy without gates": Policy.make({ name }).apply(call, safe),
  "limiter": Policy.make({ name, limiter }).apply(call, safe),
  "bulkhead": Policy.make({ name, bulkhead }).apply(call, safe),
  "breaker": Policy.make({ name, breaker }).apply(call, safe),
  "retry": Policy.make({ name, retry: { budget } }).apply(call, safe),
  "attemptTimeout": Policy.make({ name, attemptTimeout: late }).apply(call, safe),
  "limiter, bulkhead, breaker, retry": Policy.make({ name, breaker, bulkhead, limiter, retry: { budget } })
    .apply(call, safe),
  "all of these and attemptTimeout": Policy.make({
    name,
    attemptTimeout: late,
    breaker,
    bulkhead,
    limiter,
    retry: { budget }
  }).apply(call, safe),
  "all of these, no span, signaling departure": Policy.make({
    name,
    attemptTimeout: late,
    breaker,
    bulkhead,
    limiter,
    retry: { budget },
    span: false
  }).apply(({ leaving }) => Effect.zipRight(leaving, call), safe)
}

for (const [what, self] of Object.entries<Effect.Effect<unknown, unknown>>(measured)) {
  const { fibers, operations } = await count(self)
  console.log(`${what.padEnd(46)} ${String(operations).padStart(5)} operations ${fibers} additional fibers`)
}
