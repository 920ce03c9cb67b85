import { Backoff, Idempotent, Retry, RetryBudget, Timeout } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Cause, Clock, Duration, Effect, Exit, FastCheck, Fiber, Option, Random, Schedule, TestClock } from "effect"
import { full } from "./support/refusals.js"

/** An effect that fails with its attempt number before attempt `succeedsOn`, and the instants of its attempts. */
const flaky = (succeedsOn = Infinity) => {
  const instants: Array<number> = []
  const effect = Idempotent.mark(Effect.clockWith((clock) => {
    instants.push(clock.unsafeCurrentTimeMillis())
    return instants.length >= succeedsOn ? Effect.succeed("done") : Effect.fail(instants.length)
  }))
  return { effect, instants }
}

const every = (delay: Duration.DurationInput) => Backoff.none({ base: delay, max: delay })

describe("Retry", () => {
  it.effect("makes three attempts by default and fails with the last error", () =>
    Effect.gen(function*() {
      const { effect, instants } = flaky()
      const fiber = yield* Effect.fork(Effect.flip(Retry.retry(effect)))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* Fiber.join(fiber), 3)
      assert.strictEqual(instants.length, 3)
    }))

  it.effect("waits exactly the delays of the backoff, and stops after a success", () =>
    Effect.gen(function*() {
      const { effect, instants } = flaky(4)
      const fiber = yield* effect.pipe(
        Retry.retry({ attempts: 10, backoff: Backoff.none({ base: 100, max: 300 }) }),
        Effect.fork
      )
      yield* TestClock.adjust(599)
      assert.deepStrictEqual(instants, [0, 100, 300])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(instants, [0, 100, 300, 600])
      assert.strictEqual(yield* Fiber.join(fiber), "done")
    }))

  it.effect("does not retry with attempts: 1", () =>
    Effect.gen(function*() {
      const { effect, instants } = flaky()
      assert.strictEqual(yield* Effect.flip(Retry.retry(effect, { attempts: 1 })), 1)
      assert.strictEqual(instants.length, 1)
    }))

  it.effect("uses full jitter from 100 ms to 5 s by default", () =>
    Effect.gen(function*() {
      const random = Random.make("seed")
      const expected = [Math.ceil(100 * (yield* random.next)), Math.ceil(200 * (yield* random.next))]
      const delays: Array<number> = []
      const fiber = yield* flaky().effect.pipe(
        Retry.retry({ onRetry: ({ delay }) => Effect.sync(() => delays.push(Duration.toMillis(delay))) }),
        Effect.withRandom(Random.make("seed")),
        Effect.exit,
        Effect.fork
      )
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(delays, expected)
    }))

  it.effect("retries only errors that `while` accepts", () =>
    Effect.gen(function*() {
      const { effect, instants } = flaky()
      const fiber = yield* effect.pipe(
        Retry.retry({ attempts: 10, while: (error) => error < 2 }),
        Effect.flip,
        Effect.fork
      )
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* Fiber.join(fiber), 2)
      assert.strictEqual(instants.length, 2)
    }))

  it.effect("does not retry local rejections, defects or interruption (resilience4j #1012, #682)", () =>
    Effect.gen(function*() {
      let calls = 0
      const counted = <A, E>(effect: Effect.Effect<A, E>) =>
        Idempotent.mark(Effect.zipRight(Effect.sync(() => calls++), effect))
      const refused = full("orders")
      assert.strictEqual(yield* Effect.flip(Retry.retry(counted(Effect.fail(refused)))), refused)
      const died = yield* Effect.exit(Retry.retry(counted(Effect.die("bug"))))
      assert.deepStrictEqual(died, Exit.die("bug"))
      const interrupted = yield* Effect.exit(Retry.retry(counted(Effect.interrupt)))
      assert.isTrue(Exit.isFailure(interrupted) && Cause.isInterruptedOnly(interrupted.cause))
      assert.strictEqual(calls, 3)
    }))

  it.effect("`elapsed` counts from the start of the call, and prevents a delay that would exceed it", () =>
    Effect.gen(function*() {
      const attemptTimes = (elapsed: number) =>
        Effect.gen(function*() {
          const { effect, instants } = flaky()
          const begin = yield* Clock.currentTimeMillis
          const fiber = yield* Effect.zipRight(Effect.sleep(50), effect).pipe(
            Idempotent.mark,
            Retry.retry({ attempts: 100, backoff: every(100), elapsed }),
            Effect.exit,
            Effect.fork
          )
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(fiber)
          return instants.map((instant) => instant - begin)
        })
      // The attempt that ends at 200 would be followed by one that starts at 300.
      assert.deepStrictEqual(yield* attemptTimes(300), [50, 200, 350])
      assert.deepStrictEqual(yield* attemptTimes(299), [50, 200])
    }))

  it.effect.prop(
    "respects `attempts` and `elapsed` for any options",
    [
      FastCheck.record({
        attempts: FastCheck.integer({ min: 1, max: 6 }),
        elapsed: FastCheck.integer({ min: 0, max: 2000 }),
        base: FastCheck.integer({ min: 1, max: 500 }),
        took: FastCheck.integer({ min: 1, max: 300 }),
        seed: FastCheck.integer()
      })
    ],
    ([{ attempts, base, elapsed, seed, took }]) =>
      Effect.gen(function*() {
        const { effect, instants } = flaky()
        const fiber = yield* Effect.zipLeft(Effect.sleep(took), Effect.void).pipe(
          Effect.zipRight(effect),
          Idempotent.mark,
          Retry.retry({ attempts, elapsed, backoff: Backoff.equal({ base, max: 1000 }) }),
          Effect.withRandom(Random.make(seed)),
          Effect.exit,
          Effect.fork
        )
        yield* TestClock.adjust("1 hour")
        yield* Fiber.join(fiber)
        assert.isAtMost(instants.length, attempts)
        assert.isAtMost((instants.at(-1) ?? NaN) - took, Math.max(elapsed, 0))
      }),
    { fastCheck: { numRuns: 20 }, timeout: 30_000 }
  )

  it.effect("waits at least for Retry-After, plus a spread", () =>
    Effect.gen(function*() {
      const { effect, instants } = flaky(2)
      const random = Random.make("seed")
      yield* random.next // The backoff draws first.
      const spread = 200 * (yield* random.next)
      assert.isAbove(spread, 1)
      const fiber = yield* effect.pipe(
        Retry.retry({
          backoff: Backoff.full({ base: 100, max: 1000 }),
          retryAfter: () => Option.some(Duration.seconds(3)),
          spread: 200
        }),
        Effect.withRandom(Random.make("seed")),
        Effect.fork
      )
      yield* TestClock.adjust(3000 + Math.floor(spread))
      assert.strictEqual(instants.length, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(fiber), "done")
      assert.deepStrictEqual(instants, [0, 3000 + Math.ceil(spread)])
    }))

  it.effect("Retry-After does not shorten a longer delay", () =>
    Effect.gen(function*() {
      const { effect, instants } = flaky(2)
      const fiber = yield* effect.pipe(
        Retry.retry({ backoff: every(1000), retryAfter: () => Option.some(Duration.millis(10)), spread: 0 }),
        Effect.fork
      )
      yield* TestClock.adjust(999)
      assert.strictEqual(instants.length, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(fiber), "done")
    }))

  it.effect.prop(
    "never retries before Retry-After, and spreads concurrent callers (Polly #414, #2160)",
    [FastCheck.integer({ min: 0, max: 100000 }), FastCheck.integer()],
    ([retryAfter, seed]) =>
      Effect.gen(function*() {
        const schedule = Retry.schedule<string>({
          retryAfter: () => Option.some(Duration.millis(retryAfter)),
          spread: "10 seconds"
        })
        const delays = yield* Effect.all(
          Array.from({ length: 10 }, () => Schedule.run(schedule, 0, ["failed"]))
        ).pipe(Effect.withRandom(Random.make(seed)))
        const millis = delays.flatMap((delays) => [...delays].map(Duration.toMillis))
        millis.forEach((delay) => assert.isAtLeast(delay, retryAfter))
        assert.isAbove(new Set(millis).size, 8)
      }),
    { fastCheck: { numRuns: 30 }, timeout: 30_000 }
  )

  it.effect("fails immediately if Retry-After is longer than the longest timer", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Retry.retry(Idempotent.mark(Effect.fail("banned")), {
        retryAfter: () => Option.some(Duration.days(25))
      }))
      assert.strictEqual(error, "banned")
    }))

  it.effect("fails immediately instead of a delay that would end after the deadline", () =>
    Effect.gen(function*() {
      const { effect, instants } = flaky()
      const fiber = yield* effect.pipe(
        Retry.retry({ attempts: 10, backoff: every(400) }),
        Timeout.deadline({ duration: 1000, onTimeout: () => "timed out" as const }),
        Effect.flip,
        Effect.fork
      )
      yield* TestClock.adjust(799)
      assert.deepStrictEqual(instants, [0, 400])
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(instants, [0, 400, 800])
      // 200 ms before the deadline: the third failure is returned without a delay.
      assert.strictEqual(yield* Fiber.join(fiber), 3)
    }))

  it.effect("fails immediately instead of a delay that would end at the instant of the deadline", () =>
    Effect.gen(function*() {
      const error = yield* flaky().effect.pipe(
        Retry.retry({ backoff: every(1000) }),
        Timeout.deadline({ duration: 1000, onTimeout: () => "timed out" as const }),
        Effect.flip
      )
      assert.strictEqual(error, 1)
    }))

  it.effect("a shared budget limits the retries of all callers (resilience4j #172)", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ ratio: 0.2, reservePerSecond: 1, timeToLive: "10 seconds" })
      let calls = 0
      const down = Idempotent.mark(Effect.zipRight(Effect.sync(() => calls++), Effect.fail("down")))
      const fiber = yield* Effect.fork(Effect.forEach(
        Array.from({ length: 1000 }),
        () => Effect.exit(Retry.retry(down, { attempts: 5, backoff: every(10), budget })),
        { concurrency: "unbounded" }
      ))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      // Without the budget there would be 5000 attempts.
      assert.strictEqual(calls, 1000 + 200 + 10)
    }))

  it.effect("deposits once per call, not per retry", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ ratio: 1, reservePerSecond: 1, timeToLive: "10 seconds" })
      const fiber = yield* Effect.fork(Effect.exit(Retry.retry(flaky().effect, { backoff: every(1), budget })))
      yield* TestClock.adjust(10)
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* budget.balance, 10 + 1 - 2)
      yield* Retry.retry(Idempotent.mark(Effect.void), { budget })
      assert.strictEqual(yield* budget.balance, 10 + 2 - 2)
    }))

  it.effect("withdraws nothing from the budget for a retry that is not made for another reason", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ ratio: 0 })
      yield* Effect.exit(Retry.retry(flaky().effect, { attempts: 1, budget }))
      yield* Effect.exit(Retry.retry(flaky().effect, { while: () => false, budget }))
      yield* Effect.exit(Retry.retry(flaky().effect, { elapsed: 10, backoff: every(11), budget }))
      assert.strictEqual(yield* budget.balance, 100)
    }))

  it.effect("onRetry receives the attempt, the delay, the error and the cause before each delay", () =>
    Effect.gen(function*() {
      const infos: Array<Retry.Info<number>> = []
      const fiber = yield* flaky().effect.pipe(
        Retry.retry({
          backoff: Backoff.none({ base: 10, max: 100 }),
          onRetry: (info) => Effect.sync(() => infos.push(info))
        }),
        Effect.exit,
        Effect.fork
      )
      yield* TestClock.adjust(9)
      const because = "Backoff" as const
      assert.deepStrictEqual(infos, [
        { attempt: 1, delay: Duration.millis(10), because, error: 1, cause: Cause.fail(1) }
      ])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(infos[1], {
        attempt: 2,
        delay: Duration.millis(20),
        because,
        error: 2,
        cause: Cause.fail(2)
      })
      yield* TestClock.adjust(100)
      yield* Fiber.join(fiber)
      assert.strictEqual(infos.length, 2)
    }))

  it.effect("Retry.schedule can be used with Effect.retry", () =>
    Effect.gen(function*() {
      const { effect, instants } = flaky()
      const schedule = Retry.schedule<number>({ attempts: 10, backoff: every(100), elapsed: 250 })
      const fiber = yield* Effect.fork(Effect.flip(Effect.retry(effect, schedule)))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* Fiber.join(fiber), 3)
      assert.deepStrictEqual(instants, [0, 100, 200])
    }))

  it.effect("calls that share an options value share no state", () =>
    Effect.gen(function*() {
      const options = { attempts: 2, backoff: Backoff.none({ base: 10, max: 1000 }) }
      const first = flaky()
      const second = flaky()
      const fiber = yield* Effect.fork(
        Effect.zip(Effect.exit(Retry.retry(first.effect, options)), Effect.exit(Retry.retry(second.effect, options)))
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(first.instants, [0, 10])
      assert.deepStrictEqual(second.instants, [10, 20])
    }))
})
