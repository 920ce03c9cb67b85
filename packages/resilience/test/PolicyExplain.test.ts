import {
  Backoff,
  Bulkhead,
  CircuitBreaker,
  Hedge,
  Idempotent,
  Policy,
  RateLimiter,
  RetryBudget,
  Trip
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Data, Duration, Effect, Exit, Fiber, Option, Schedule, TestClock } from "effect"

class Down extends Data.TaggedError("Down")<{ readonly url: string }> {}
class Late extends Data.TaggedError("Late")<{}> {}

const down = new Down({ url: "https://example.com/?signature=secret" })
const safe = { idempotency: "safe" } as const

/** One line for each entry: time, attempt, gate, event and details. */
const lines = (trace: Policy.Trace) =>
  trace.map(({ at, attempt, detail, event, gate }) =>
    [Duration.toMillis(at), attempt, gate, event, ...Object.entries(detail).map((pair) => pair.join("="))].join(" ")
  )

const explained = <A, E>(self: Effect.Effect<readonly [Exit.Exit<A, E>, Policy.Trace]>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(self)
    yield* TestClock.adjust("1 hour")
    const [exit, trace] = yield* Fiber.join(fiber)
    return [exit, lines(trace)] as const
  })

/** An effect that takes 10 ms and ends with the next exit on each run. */
const ending = <A, E>(...exits: ReadonlyArray<Exit.Exit<A, E>>) => {
  let run = 0
  return Effect.zipRight(Effect.sleep(10), Effect.suspend(() => exits[run++] ?? Effect.dieMessage("no more")))
}

const gates = Effect.gen(function*() {
  const breaker = yield* CircuitBreaker.make({
    name: "explain",
    trip: Trip.consecutive(2),
    openFor: Schedule.spaced("1 minute")
  })
  const limiter = yield* RateLimiter.make({ name: "explain", limit: 2, window: "1 second" })
  const bulkhead = yield* Bulkhead.make({ name: "explain", permits: 1, maxQueue: 0 })
  return { breaker, bulkhead, limiter }
})

describe("Policy.explain", () => {
  it.effect("traces a call that passes every gate without waiting", () =>
    Effect.gen(function*() {
      const policy = Policy.make({ name: "good", ...yield* gates, retry: {} })
      assert.deepStrictEqual(yield* explained(policy.explain(ending(Exit.succeed(1)), safe)), [Exit.succeed(1), [
        "0 1 check passed waitedMillis=0",
        "0 1 limiter passed waitedMillis=0",
        "0 1 bulkhead passed waitedMillis=0",
        "0 1 breaker passed waitedMillis=0",
        "0 1 call started",
        "10 1 call succeeded"
      ]])
    }))

  it.effect("traces waits, retries with the origin of their delay, an opening circuit and the fallback", () =>
    Effect.gen(function*() {
      const policy = Policy.make({
        name: "bad",
        ...yield* gates,
        attemptTimeout: { duration: 5, onTimeout: () => new Late() },
        retry: {
          attempts: 5,
          backoff: Backoff.none({ base: 100, max: 100 }),
          spread: 0,
          retryAfter: (error: Down | Late) => error._tag === "Down" ? Option.some(Duration.millis(500)) : Option.none()
        },
        fallback: { use: () => Effect.succeed("old") }
      })
      yield* policy.apply(Effect.void, safe)
      let runs = 0
      const call = Effect.suspend(() => ++runs === 1 ? down : Effect.never)
      assert.deepStrictEqual(yield* explained(policy.explain(call, safe)), [Exit.succeed("old"), [
        "0 1 check passed waitedMillis=0",
        "0 1 limiter passed waitedMillis=0",
        "0 1 bulkhead passed waitedMillis=0",
        "0 1 breaker passed waitedMillis=0",
        "0 1 call started",
        "0 1 call failed error=Down",
        "0 1 retry retrying delayMillis=500 because=RetryAfter error=Down",
        "500 2 check passed waitedMillis=0",
        "1000 2 limiter passed waitedMillis=500",
        "1000 2 bulkhead passed waitedMillis=0",
        "1000 2 breaker passed waitedMillis=0",
        "1000 2 call started",
        "1005 2 call interrupted",
        "1005 2 call timedOut",
        "1005 2 breaker judged state=Open",
        "1005 2 retry retrying delayMillis=100 because=Backoff error=Late",
        "1105 3 check refused waitedMillis=0 error=CircuitOpen retryAfterMillis=59900",
        "1105 3 retry gaveUp reason=NotRetryable error=CircuitOpen retryAfterMillis=59900",
        "1105 0 fallback used error=CircuitOpen retryAfterMillis=59900"
      ]])
    }))

  it.effect("traces which gate refused and what was refunded", () =>
    Effect.gen(function*() {
      const { bulkhead, limiter } = yield* gates
      const policy = Policy.make({ name: "refused", bulkhead, limiter })
      const holder = yield* Effect.fork(bulkhead.withPermit(Effect.never))
      yield* Effect.yieldNow()
      const [exit, trace] = yield* policy.explain(ending(Exit.succeed(1)), safe)
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(lines(trace), [
        "0 1 limiter passed waitedMillis=0",
        "0 1 bulkhead refused waitedMillis=0 error=BulkheadFull",
        "0 1 limiter refunded"
      ])
      yield* Fiber.interrupt(holder)
      const costly = yield* policy.explain(Effect.void, { ...safe, cost: 3 })
      assert.deepStrictEqual(lines(costly[1]), [
        "0 1 limiter refused waitedMillis=0 error=RateLimiterFull retryAfterMillis=Infinity"
      ])
    }))

  it.effect("traces the deadline and the interrupted attempt", () =>
    Effect.gen(function*() {
      const policy = Policy.make({
        name: "deadline",
        deadline: { duration: 50, onTimeout: () => "over" as const },
        retry: { backoff: Backoff.none({ base: 60, max: 60 }) }
      })
      assert.deepStrictEqual(yield* explained(policy.explain(Effect.never, safe)), [Exit.fail("over" as const), [
        "0 1 call started",
        "50 1 call interrupted",
        "50 0 deadline timedOut"
      ]])
      const [exit, trace] = yield* explained(policy.explain(ending<never, string>(Exit.fail("down")), safe))
      assert.deepStrictEqual(exit, Exit.fail("down"))
      assert.strictEqual(trace.at(-1), "10 1 retry gaveUp reason=DeadlineTooNear error=Failure")
    }))

  it.effect("traces a hedge as a separate attempt, and the winner", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make()
      const hedge = yield* Hedge.make({ name: "explain", delay: 20, budget })
      const policy = Policy.make({ name: "hedged", hedge })
      let run = 0
      const call = Idempotent.mark(Effect.suspend(() => Effect.sleep(++run === 1 ? 100 : 10)))
      const [, trace] = yield* explained(policy.explain(call))
      assert.deepStrictEqual(trace.slice(0, 4), [
        "0 1 call started",
        "20 2 hedge started",
        "20 2 call started",
        "30 2 call succeeded"
      ])
    }))

  it.effect("returns defects and interruption in the exit", () =>
    Effect.gen(function*() {
      const policy = Policy.make({ name: "defect" })
      const [died, trace] = yield* policy.explain(Effect.die(new TypeError("bug")), safe)
      assert.isTrue(Exit.isFailure(died))
      assert.deepStrictEqual(lines(trace), ["0 1 call started", "0 1 call failed error=Defect"])
      const [interrupted] = yield* policy.explain(Effect.interrupt, safe)
      assert.isTrue(Exit.isInterrupted(interrupted))
    }))

  it.effect("traces the names of errors and none of their contents", () =>
    Effect.gen(function*() {
      const policy = Policy.make({ name: "discreet", retry: { attempts: 1 }, fallback: { use: () => Effect.void } })
      const [, trace] = yield* policy.explain(Effect.fail(down), safe)
      assert.notInclude(JSON.stringify(trace), "secret")
      assert.strictEqual(lines(trace).length, 4)
    }))
})
