import {
  Bulkhead,
  CircuitBreaker,
  Deadline,
  Hedge,
  Idempotent,
  Policy,
  RateLimiter,
  Retry,
  RetryBudget,
  Trip
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, FiberId, Option, Ref, TestClock } from "effect"
import { retry, safe, tenPerMinute } from "./support/policies.js"
import { decodedBulkheadFull } from "./support/refusals.js"

const once = { idempotency: "once" } as const

/** How an attempt reports that it leaves: with the effect, or synchronously. */
const ways = {
  "with an effect": (given: Policy.Attempt) => given,
  "synchronously": (given: Policy.Attempt) => ({
    ...given,
    leaving: Effect.suspend(() => given.unsafeLeave() ?? Effect.void)
  })
}

/** Runs one call with a limiter of ten per minute. Returns its attempts, its exit and the spent tokens. */
const attemptCall = <E>(
  attempt: (attempt: Policy.Attempt) => Effect.Effect<void, E>,
  options: { readonly notSent?: (error: E) => boolean; readonly notDone?: (error: E) => boolean } = {}
) =>
  Effect.gen(function*() {
    const limiter = yield* tenPerMinute
    const policy = Policy.make({ name: "leaving", limiter, retry, ...options })
    let attempts = 0
    const call = policy.apply((given) => {
      assert.strictEqual(given.number, ++attempts)
      return attempt(given)
    }, once)
    const fiber = yield* Effect.fork(Effect.exit(call))
    yield* TestClock.adjust("1 second")
    const exit = yield* Fiber.join(fiber)
    return { attempts, exit, spent: 10 - (yield* limiter.available) }
  })

describe.each(Object.entries(ways))("An attempt under a policy that reports %s when it leaves", (_, reporting) => {
  it.effect("spends its tokens from the moment it leaves", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const policy = Policy.make({ name: "leaving", limiter })
      const fiber = yield* Effect.fork(
        policy.apply((given) => Effect.zipRight(Effect.sleep("30 seconds"), reporting(given).leaving), {
          ...safe,
          cost: 10
        })
      )
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.join(fiber)
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(yield* limiter.available, 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("spends nothing if it ends before it leaves", () =>
    Effect.gen(function*() {
      for (const end of [Effect.fail("no credentials"), Effect.die("bug"), Effect.interrupt, Effect.void]) {
        assert.strictEqual((yield* attemptCall(() => end)).spent, 0)
      }
      const limiter = yield* tenPerMinute
      const fiber = yield* Effect.fork(Policy.make({ name: "leaving", limiter }).apply(() => Effect.never, once))
      yield* Effect.yieldNow()
      assert.strictEqual(yield* limiter.available, 9)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("spends its cost if it ends after it has left, and leaves only once", () =>
    Effect.gen(function*() {
      for (const end of [Effect.fail("reset"), Effect.die("bug"), Effect.interrupt, Effect.void]) {
        const { attempts, spent } = yield* attemptCall((given) => {
          const { leaving } = reporting(given)
          return Effect.zipRight(Effect.zipRight(leaving, leaving), end)
        })
        assert.deepStrictEqual({ attempts, spent }, { attempts: 1, spent: 1 })
      }
    }))

  it.effect("is retried with idempotency \"once\" if it has not left", () =>
    Effect.gen(function*() {
      const { attempts, exit, spent } = yield* attemptCall((given) =>
        given.number < 3 ? Effect.fail("no credentials") : reporting(given).leaving
      )
      assert.deepStrictEqual({ attempts, exit, spent }, { attempts: 3, exit: Exit.void, spent: 1 })
    }))

  it.effect("is refunded and retried if notSent returns true, and only retried if notDone does", () =>
    Effect.gen(function*() {
      const refused = (given: Policy.Attempt) =>
        Effect.zipRight(reporting(given).leaving, given.number < 3 ? Effect.fail("refused") : Effect.void)
      const isRefused = (error: string) => error === "refused"
      const none = yield* attemptCall(refused)
      assert.deepStrictEqual([none.attempts, none.spent], [1, 1])
      const notSent = yield* attemptCall(refused, { notSent: isRefused })
      assert.deepStrictEqual([notSent.attempts, notSent.spent], [3, 1])
      const notDone = yield* attemptCall(refused, { notDone: isRefused })
      assert.deepStrictEqual([notDone.attempts, notDone.spent], [3, 3])
    }))

  it.effect("is not retried if its cause contains another failure or an interruption too", () =>
    Effect.gen(function*() {
      const isRefused = (error: string) => error === "refused"
      const otherCauses = [Cause.fail("lost"), Cause.interrupt(FiberId.none)]
      for (const other of otherCauses) {
        for (const options of [{ notSent: isRefused }, { notDone: isRefused }]) {
          const { attempts, spent } = yield* attemptCall(
            (given) =>
              Effect.zipRight(reporting(given).leaving, Effect.failCause(Cause.parallel(Cause.fail("refused"), other))),
            options
          )
          assert.deepStrictEqual({ attempts, spent }, { attempts: 1, spent: 1 })
        }
      }
    }))

  it.effect("is not retried if notSent or notDone dies, and its error is unchanged", () =>
    Effect.gen(function*() {
      const failing = (given: Policy.Attempt) => Effect.zipRight(reporting(given).leaving, Effect.fail("down"))
      const bug = () => {
        throw new Error("bug")
      }
      for (const options of [{ notSent: bug }, { notDone: bug }]) {
        const { attempts, exit, spent } = yield* attemptCall(failing, options)
        assert.deepStrictEqual({ attempts, exit, spent }, { attempts: 1, exit: Exit.fail("down"), spent: 1 })
      }
    }))

  it.effect("cannot leave after it has timed out and was left behind", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const late = { duration: "1 second", onTimeout: () => "late" as const, disconnect: true } as const
      const policy = Policy.make({ name: "leaving", limiter, attemptTimeout: late })
      let sent = false
      const slow = Effect.uninterruptible(Effect.sleep("2 seconds"))
      const fiber = yield* Effect.fork(Effect.exit(policy.apply(
        (given) =>
          slow.pipe(
            Effect.zipRight(Effect.uninterruptible(reporting(given).leaving)),
            Effect.zipRight(Effect.sync(() => (sent = true)))
          ),
        once
      )))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("late" as const))
      yield* TestClock.adjust("5 seconds")
      assert.isFalse(sent)
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("is sent once with idempotency \"once\", without a limiter, after a retry or an interruption", () =>
    Effect.gen(function*() {
      const late = { duration: "1 second", onTimeout: () => "late" as const, disconnect: true } as const
      const policy = Policy.make({ name: "leaving", attemptTimeout: late, retry })
      let sent = 0
      const call = (given: Policy.Attempt) =>
        Effect.sleep(given.number === 1 ? "2 seconds" : 0).pipe(
          Effect.zipRight(reporting(given).leaving),
          Effect.zipRight(Effect.sync(() => sent++)),
          Effect.uninterruptible
        )
      const retried = yield* Effect.fork(policy.apply(call, once))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(retried)
      assert.strictEqual(sent, 1)
      const abandoned = yield* Effect.fork(policy.apply(call, once))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(abandoned)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(sent, 1)
    }))

  it.effect("starts the delay of a hedge when it leaves, and the hedge has its own number and tokens", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const budget = yield* RetryBudget.make()
      const hedge = yield* Hedge.make({ name: "leaving", delay: "1 second", budget })
      const policy = Policy.make({ name: "leaving", hedge, limiter })
      const left: Array<number> = []
      const fiber = yield* Effect.fork(policy.apply(
        (given) =>
          Effect.sleep("10 seconds").pipe(
            Effect.zipRight(reporting(given).leaving),
            Effect.zipRight(Effect.sync(() => left.push(given.number))),
            Effect.zipRight(Effect.sleep("1 minute"))
          ),
        { ...safe, cost: 3 }
      ))
      yield* TestClock.adjust("10999 millis")
      assert.deepStrictEqual(left, [1])
      assert.strictEqual(yield* limiter.available, 7)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* limiter.available, 4)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(left, [1, 2])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("is traced by explain as sent or refunded", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const policy = Policy.make({ name: "leaving", limiter, retry })
      const fiber = yield* Effect.fork(policy.explain(
        (given) => given.number === 1 ? Effect.fail("no credentials") : reporting(given).leaving,
        once
      ))
      yield* TestClock.adjust("1 second")
      const [, trace] = yield* Fiber.join(fiber)
      assert.deepStrictEqual(trace.map(({ attempt, event, gate }) => `${attempt} ${gate} ${event}`), [
        "1 limiter passed",
        "1 call started",
        "1 call failed",
        "1 limiter refunded",
        "1 retry retrying",
        "2 limiter passed",
        "2 call started",
        "2 call sent",
        "2 call succeeded"
      ])
    }))
})

describe("A call under a policy whose deadline has passed", () => {
  it.effect("is refused without being sent", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make<unknown>({ name: "late", trip: Trip.consecutive(1) })
      const limiter = yield* tenPerMinute
      const policy = Policy.make({ name: "late", breaker, limiter })
      let sent = false
      const fiber = yield* Effect.fork(Effect.flip(
        policy.apply(Effect.sync(() => (sent = true)), safe).pipe(
          // The deadline has passed when the call arrives.
          (call) =>
            Effect.flatMap(
              Effect.clock,
              (clock) => Effect.provideService(call, Deadline.Deadline, Option.some(clock.unsafeCurrentTimeNanos()))
            )
        )
      ))
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "DeadlineExceeded")
      assert.isFalse(sent)
      assert.strictEqual(yield* limiter.available, 10)
    }))
})

describe("A refusal by a gate", () => {
  const full = Effect.gen(function*() {
    const bulkhead = yield* Bulkhead.make({ name: "inside", permits: 1, maxQueue: 0 })
    yield* Effect.fork(bulkhead.withPermit(Effect.never))
    yield* Effect.yieldNow()
    return bulkhead.withPermit(Effect.void)
  })

  const counts = <E>(call: Effect.Effect<void, E>) =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      let attempts = 0
      const policy = Policy.make({ name: "outside", limiter, retry })
      const fiber = yield* Effect.fork(Effect.exit(
        policy.apply(
          Effect.suspend(() => {
            attempts++
            return call
          }),
          safe
        )
      ))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      return { attempts, spent: 10 - (yield* limiter.available) }
    })

  it.effect("inside the call is an error of the call, which was sent and is retried", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* counts(yield* full), { attempts: 3, spent: 3 })
      const inner = Policy.make({ name: "inner", bulkhead: yield* Bulkhead.make({ name: "inner", permits: 1 }) })
      assert.deepStrictEqual(yield* counts(inner.apply(Effect.fail("down"), safe)), { attempts: 3, spent: 3 })
    }))

  it.effect("that was decoded is an error of the call, is retried, and opens a breaker", () =>
    Effect.gen(function*() {
      const decoded = Effect.fail(decodedBulkheadFull("far away"))
      assert.deepStrictEqual(yield* counts(decoded), { attempts: 3, spent: 3 })
      const breaker = yield* CircuitBreaker.make({ name: "wire", trip: Trip.consecutive(1) })
      yield* Effect.exit(breaker.protect(decoded))
      assert.strictEqual((yield* breaker.state)._tag, "Open")
      const attempts = yield* Ref.make(0)
      const counting = Idempotent.mark(Effect.zipRight(Ref.update(attempts, (n) => n + 1), decoded))
      const fiber = yield* Effect.fork(Effect.exit(Retry.retry(counting, retry)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* Ref.get(attempts), 3)
    }))

  it.effect("of the policy itself is not retried, not passed to `while`, and refunded", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "own", permits: 1, maxQueue: 0 })
      const limiter = yield* RateLimiter.make({ name: "own", limit: 10, window: "1 minute" })
      const passed: Array<unknown> = []
      const policy = Policy.make({
        name: "own",
        bulkhead,
        limiter,
        retry: { ...retry, while: (error: string) => passed.push(error) > 0 }
      })
      yield* Effect.fork(bulkhead.withPermit(Effect.never))
      yield* Effect.yieldNow()
      const [exit, trace] = yield* policy.explain(Effect.fail("down"), safe)
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(passed, [])
      assert.strictEqual(yield* limiter.available, 10)
      assert.strictEqual(trace.filter(({ gate }) => gate === "check" || gate === "limiter").length, 2)
    }))
})
