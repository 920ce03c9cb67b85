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

/** Runs the effect, and returns its exit and the logged lines. */
const runLogged = <A, E>(self: Effect.Effect<A, E>) =>
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

const optionsWithDefect: Record<string, Retry.Options<unknown>> = {
  "backoff": { backoff: dying },
  "backoff, in an effect": { backoff: Schedule.mapEffect(Schedule.forever, () => Effect.die(new Secret("hunter2"))) },
  "while": { while: bug },
  "retryAfter": { retryAfter: bug },
  "onRetry": { onRetry: bug },
  "onRetry, in an effect": { onRetry: () => Effect.die(new Secret("hunter2")) },
  "onRetry, with an interruption": { onRetry: () => Effect.interrupt },
  "onGiveUp": { attempts: 1, onGiveUp: bug },
  "onGiveUp, in an effect": { attempts: 1, onGiveUp: () => Effect.die(new Secret("hunter2")) }
}

describe("A defect in an option of a retry does not change the error of the call", () => {
  const call = Idempotent.mark(Effect.fail("down"))

  for (const [option, options] of Object.entries(optionsWithDefect)) {
    it.effect(`${option}: gives up and logs a warning without the message of the defect`, () =>
      Effect.gen(function*() {
        const { exit, lines } = yield* runLogged(Retry.retry(call, options))
        assert.deepStrictEqual(exit, Exit.fail("down"))
        assert.strictEqual(lines.length, 1)
        assert.include(lines[0], "WARN")
        assert.notInclude(lines[0], "hunter2")
        const viaPolicy = yield* runLogged(Policy.make({ name: "mishap", retry: options }).apply(call))
        assert.deepStrictEqual(viaPolicy.exit, Exit.fail("down"))
        const viaSchedule = yield* runLogged(Effect.retry(call, Retry.schedule(options)))
        assert.deepStrictEqual(viaSchedule.exit, Exit.fail("down"))
      }))
  }

  it.effect("and onGiveUp receives the reason Died", () =>
    Effect.gen(function*() {
      const reasons: Array<string> = []
      const onGiveUp = ({ reason }: Retry.GaveUp<string>) => Effect.sync(() => void reasons.push(reason))
      yield* runLogged(Retry.retry(call, { backoff: dying, onGiveUp }))
      assert.deepStrictEqual(reasons, ["Died"])
    }))

  it.effect("and attempts before the schedule dies are retried", () =>
    Effect.gen(function*() {
      let runs = 0
      const counting = Idempotent.mark(Effect.suspend(() => Effect.fail(++runs)))
      const backoff = Schedule.map(Backoff.none({ base: 1, max: 1 }), () => runs === 3 ? bug() : undefined)
      const { exit } = yield* runLogged(Retry.retry(counting, { attempts: 10, backoff }))
      assert.deepStrictEqual(exit, Exit.fail(3))
    }))
})

describe("A defect in a custom budget", () => {
  const budget: RetryBudget.RetryBudget = {
    deposit: Effect.void,
    withdraw: Effect.succeed(true),
    succeeded: Effect.void,
    failed: Effect.void,
    balance: Effect.succeed(1)
  }
  const dies = Effect.die(new Secret("hunter2"))
  const succeeding = Idempotent.mark(Effect.as(Effect.sleep(20), "placed"))
  const failing = Idempotent.mark(Effect.zipRight(Effect.sleep(20), Effect.fail("down")))
  const hedged = (budget: RetryBudget.RetryBudget, call: Idempotent.Idempotent<string, string>) =>
    Effect.flatMap(Hedge.make({ name: "mishap", delay: 10, budget }), (hedge) => hedge.apply(call))

  for (const operation of ["deposit", "succeeded"] as const) {
    it.effect(`${operation}: the result is unchanged and a warning is logged`, () =>
      Effect.gen(function*() {
        const dying = { ...budget, [operation]: dies }
        for (
          const call of [
            Retry.retry(succeeding, { budget: dying }),
            Retry.retryNonIdempotent(succeeding, { budget: dying, while: () => false }),
            Policy.make({ name: "mishap", retry: { budget: dying } }).apply(succeeding, { idempotency: "once" }),
            hedged({ ...dying, withdraw: Effect.succeed(false) }, succeeding)
          ]
        ) {
          const { exit, lines } = yield* runLogged(call)
          assert.deepStrictEqual(exit, Exit.succeed("placed"))
          assert.strictEqual(lines.length, 1)
          assert.notInclude(lines[0], "hunter2")
        }
      }))
  }

  it.effect("withdraw: a hedge does not start, and the attempt in flight succeeds", () =>
    Effect.gen(function*() {
      const { exit, lines } = yield* runLogged(hedged({ ...budget, withdraw: dies }, succeeding))
      assert.deepStrictEqual(exit, Exit.succeed("placed"))
      assert.strictEqual(lines.length, 1)
    }))

  it.effect("failed: the failure of a hedged call is unchanged", () =>
    Effect.gen(function*() {
      const { exit } = yield* runLogged(hedged({ ...budget, failed: dies, withdraw: Effect.succeed(false) }, failing))
      assert.deepStrictEqual(exit, Exit.fail("down"))
    }))
})

describe("A defect in an option of a gate", () => {
  it.effect("openFor of a breaker: it opens for a minute, and the failure is unchanged", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "mishap", trip: Trip.consecutive(1), openFor: dying })
      const { exit, lines } = yield* runLogged(breaker.protect(Effect.fail("down")))
      assert.deepStrictEqual(exit, Exit.fail("down"))
      assert.strictEqual(lines.length, 1)
      yield* breaker.reset
      yield* Effect.exit(breaker.protect(Effect.fail("down")))
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual((yield* Effect.flip(breaker.protect(Effect.void)))._tag, "CircuitOpen")
      yield* TestClock.adjust("1 millis")
      yield* breaker.protect(Effect.void)
    }))

  it.effect("classify of a breaker: the default classifier is used, with one warning per call", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "mishap", trip: Trip.consecutive(2), classify: bug })
      for (let call = 0; call < 2; call++) {
        const { exit, lines } = yield* runLogged(breaker.protect(Effect.fail("down")))
        assert.deepStrictEqual(exit, Exit.fail("down"))
        assert.strictEqual(lines.length, 1)
        assert.notInclude(lines[0], "hunter2")
      }
      assert.strictEqual((yield* breaker.state)._tag, "Open")
    }))

  it.effect("classify of a hedge: the failure is unchanged and a warning is logged", () =>
    Effect.gen(function*() {
      const hedge = yield* Hedge.make({ name: "mishap", delay: 1, budget: yield* RetryBudget.make(), classify: bug })
      const { exit, lines } = yield* runLogged(hedge.apply(Idempotent.mark(Effect.fail("down"))))
      assert.deepStrictEqual(exit, Exit.fail("down"))
      assert.strictEqual(lines.length, 1)
    }))

  it.effect("isOverload of a bulkhead: the failure is no sign of overload, and the permit is returned", () =>
    Effect.gen(function*() {
      const adaptive = Bulkhead.aimd({ isOverload: bug })
      const bulkhead = yield* Bulkhead.make({ name: "mishap", permits: 10, adaptive })
      const { exit, lines } = yield* runLogged(bulkhead.withPermit(Effect.fail("down")))
      assert.deepStrictEqual(exit, Exit.fail("down"))
      assert.strictEqual(lines.length, 1)
      assert.notInclude(lines[0], "hunter2")
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.permits], [10, 10])
    }))

  it.effect("the hooks of a policy: the failure is unchanged", () =>
    Effect.gen(function*() {
      const retry = { while: bug, retryAfter: () => Option.none(), onGiveUp: bug }
      const policy = Policy.make({ name: "mishap", notDone: bug, notSent: bug, retry })
      const { exit } = yield* runLogged(policy.apply(Effect.fail("down"), safe))
      assert.deepStrictEqual(exit, Exit.fail("down"))
    }))
})
