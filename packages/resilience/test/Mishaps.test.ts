import {
  Backoff,
  Bulkhead,
  CircuitBreaker,
  Hedge,
  Idempotent,
  Policy,
  Retry,
  RetryBudget,
  Trip
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Option, Schedule, TestClock } from "effect"
import { safe } from "./support/policies.js"

class Secret extends Error {
  override readonly name = "Secret"
}

const bug = (): never => {
  throw new Secret("hunter2")
}

/** Runs the effect, and gives how it ended and what was logged meanwhile. */
const observed = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const logger = Logger.make((options) => {
      lines.push(Logger.logfmtLogger.log(options))
    })
    const logging = Logger.replace(Logger.defaultLogger, logger)
    const fiber = yield* Effect.fork(Effect.provide(Effect.exit(self), logging))
    yield* TestClock.adjust("1 minute")
    return { exit: yield* Fiber.join(fiber), lines }
  })

const dying = Schedule.map(Schedule.forever, bug)

const mishaps: Record<string, Retry.Options<unknown>> = {
  "backoff": { backoff: dying },
  "backoff, effectfully": { backoff: Schedule.mapEffect(Schedule.forever, () => Effect.die(new Secret("hunter2"))) },
  "while": { while: bug },
  "retryAfter": { retryAfter: bug },
  "onRetry": { onRetry: bug },
  "onRetry, effectfully": { onRetry: () => Effect.die(new Secret("hunter2")) },
  "onRetry, by interrupting itself": { onRetry: () => Effect.interrupt },
  "onGiveUp": { attempts: 1, onGiveUp: bug },
  "onGiveUp, effectfully": { attempts: 1, onGiveUp: () => Effect.die(new Secret("hunter2")) }
}

describe("what a retry asks and dies leaves the call its own error", () => {
  const call = Idempotent.mark(Effect.fail("down"))

  for (const [what, options] of Object.entries(mishaps)) {
    it.effect(`${what}: gives up, says so in the log, and nothing of what it said`, () =>
      Effect.gen(function*() {
        const { exit, lines } = yield* observed(Retry.retry(call, options))
        assert.deepStrictEqual(exit, Exit.fail("down"))
        assert.strictEqual(lines.length, 1)
        assert.include(lines[0], "WARN")
        assert.notInclude(lines[0], "hunter2")
        const viaPolicy = yield* observed(Policy.make({ name: "mishap", retry: options }).apply(call))
        assert.deepStrictEqual(viaPolicy.exit, Exit.fail("down"))
        const viaSchedule = yield* observed(Effect.retry(call, Retry.schedule(options)))
        assert.deepStrictEqual(viaSchedule.exit, Exit.fail("down"))
      }))
  }

  it.effect("and is told as the reason for giving up", () =>
    Effect.gen(function*() {
      const reasons: Array<string> = []
      const onGiveUp = ({ reason }: Retry.GaveUp<string>) => Effect.sync(() => void reasons.push(reason))
      yield* observed(Retry.retry(call, { backoff: dying, onGiveUp }))
      assert.deepStrictEqual(reasons, ["Died"])
    }))

  it.effect("an attempt before is none the worse: retries until the schedule dies", () =>
    Effect.gen(function*() {
      let runs = 0
      const counting = Idempotent.mark(Effect.suspend(() => Effect.fail(++runs)))
      const backoff = Schedule.map(Backoff.none({ base: 1, max: 1 }), () => runs === 3 ? bug() : undefined)
      const { exit } = yield* observed(Retry.retry(counting, { attempts: 10, backoff }))
      assert.deepStrictEqual(exit, Exit.fail(3))
    }))
})

describe("a budget of one's own that dies", () => {
  const budget: RetryBudget.RetryBudget = {
    deposit: Effect.void,
    withdraw: Effect.succeed(true),
    succeeded: Effect.void,
    failed: Effect.void,
    balance: Effect.succeed(1)
  }
  const dies = Effect.die(new Secret("hunter2"))
  const placed = Idempotent.mark(Effect.as(Effect.sleep(20), "placed"))
  const down = Idempotent.mark(Effect.zipRight(Effect.sleep(20), Effect.fail("down")))
  const hedged = (budget: RetryBudget.RetryBudget, call: Idempotent.Idempotent<string, string>) =>
    Effect.flatMap(Hedge.make({ name: "mishap", delay: 10, budget }), (hedge) => hedge.apply(call))

  for (const told of ["deposit", "succeeded"] as const) {
    it.effect(`${told}: the answer stays what it was, and the log says so`, () =>
      Effect.gen(function*() {
        const dying = { ...budget, [told]: dies }
        for (
          const call of [
            Retry.retry(placed, { budget: dying }),
            Retry.retryNonIdempotent(placed, { budget: dying, while: () => false }),
            Policy.make({ name: "mishap", retry: { budget: dying } }).apply(placed, { idempotency: "once" }),
            hedged({ ...dying, withdraw: Effect.succeed(false) }, placed)
          ]
        ) {
          const { exit, lines } = yield* observed(call)
          assert.deepStrictEqual(exit, Exit.succeed("placed"))
          assert.strictEqual(lines.length, 1)
          assert.notInclude(lines[0], "hunter2")
        }
      }))
  }

  it.effect("withdraw: a hedge that is due does not begin, and the attempt that is under way answers", () =>
    Effect.gen(function*() {
      const { exit, lines } = yield* observed(hedged({ ...budget, withdraw: dies }, placed))
      assert.deepStrictEqual(exit, Exit.succeed("placed"))
      assert.strictEqual(lines.length, 1)
    }))

  it.effect("failed: a hedged call fails as it failed", () =>
    Effect.gen(function*() {
      const { exit } = yield* observed(hedged({ ...budget, failed: dies, withdraw: Effect.succeed(false) }, down))
      assert.deepStrictEqual(exit, Exit.fail("down"))
    }))
})

describe("other gates", () => {
  it.effect("a breaker whose schedule dies opens all the same, for a minute, and the failure stays what it was", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "mishap", trip: Trip.consecutive(1), openFor: dying })
      const { exit, lines } = yield* observed(breaker.protect(Effect.fail("down")))
      assert.deepStrictEqual(exit, Exit.fail("down"))
      assert.strictEqual(lines.length, 1)
      yield* breaker.reset
      yield* Effect.exit(breaker.protect(Effect.fail("down")))
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual((yield* Effect.flip(breaker.protect(Effect.void)))._tag, "CircuitOpen")
      yield* TestClock.adjust("1 millis")
      yield* breaker.protect(Effect.void)
    }))

  it.effect("a breaker whose classifier dies judges by default, and says so once a call", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "mishap", trip: Trip.consecutive(2), classify: bug })
      for (let call = 0; call < 2; call++) {
        const { exit, lines } = yield* observed(breaker.protect(Effect.fail("down")))
        assert.deepStrictEqual(exit, Exit.fail("down"))
        assert.strictEqual(lines.length, 1)
        assert.notInclude(lines[0], "hunter2")
      }
      assert.strictEqual((yield* breaker.state)._tag, "Open")
    }))

  it.effect("a hedge whose classifier dies waits for what is on its way", () =>
    Effect.gen(function*() {
      const hedge = yield* Hedge.make({ name: "mishap", delay: 1, budget: yield* RetryBudget.make(), classify: bug })
      const { exit, lines } = yield* observed(hedge.apply(Idempotent.mark(Effect.fail("down"))))
      assert.deepStrictEqual(exit, Exit.fail("down"))
      assert.strictEqual(lines.length, 1)
    }))

  it.effect("a bulkhead whose sign of overload dies takes the failure for none, and its permit back", () =>
    Effect.gen(function*() {
      const adaptive = Bulkhead.aimd({ isOverload: bug })
      const bulkhead = yield* Bulkhead.make({ name: "mishap", permits: 10, adaptive })
      const { exit, lines } = yield* observed(bulkhead.withPermit(Effect.fail("down")))
      assert.deepStrictEqual(exit, Exit.fail("down"))
      assert.strictEqual(lines.length, 1)
      assert.notInclude(lines[0], "hunter2")
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.permits], [10, 10])
    }))

  it.effect("a policy's hooks, all of them dying, change nothing", () =>
    Effect.gen(function*() {
      const retry = { while: bug, retryAfter: () => Option.none(), onGiveUp: bug }
      const policy = Policy.make({ name: "mishap", notDone: bug, notSent: bug, retry })
      const { exit } = yield* observed(policy.apply(Effect.fail("down"), safe))
      assert.deepStrictEqual(exit, Exit.fail("down"))
    }))
})
