import { Backoff, Deadline, Idempotent, Retry, RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, throws } from "@effect/vitest/utils"
import { Cause, Context, Duration, Effect, Exit, Fiber, Option, Predicate, Schedule, TestClock } from "effect"
import { metricValue } from "./support/metrics.js"

/** An effect that fails with its attempt number before attempt `succeedsOn`, and the instants of its attempts. */
const failing = (succeedsOn = Infinity) => {
  const instants: Array<number> = []
  const effect = Idempotent.mark(Effect.clockWith((clock) => {
    instants.push(clock.unsafeCurrentTimeMillis())
    return instants.length >= succeedsOn ? Effect.succeed("done") : Effect.fail(instants.length)
  }))
  return { effect, instants }
}

const every = (delay: Duration.DurationInput) => Backoff.none({ base: delay, max: delay })

/** Returns the exit of the effect after an hour. */
const exitAfterHour = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.await(fiber)
  })

describe("The arguments of Retry", () => {
  it.effect("retry requires an effect with the brand Idempotent, and its result has it too", () =>
    Effect.gen(function*() {
      const read = Effect.succeed(1)
      // @ts-expect-error The effect is not marked as idempotent.
      const unmarked = () => Retry.retry(read)
      // @ts-expect-error `while` is required for an effect that is not idempotent.
      const withoutWhile = (order: Effect.Effect<number, string>) => Retry.retryNonIdempotent(order, { attempts: 2 })
      assert.isTrue([unmarked, withoutWhile].every(Predicate.isFunction))
      const marked: Idempotent.Idempotent<number> = Retry.retry(Idempotent.mark(read))
      const piped: Idempotent.Idempotent<number> = read.pipe(Idempotent.mark, Retry.retry({ attempts: 2 }))
      assert.isTrue(Idempotent.isIdempotent(marked) && Idempotent.isIdempotent(piped))
      assert.deepStrictEqual(yield* Effect.all([marked, piped]), [1, 1])
    }))

  it("an invalid number of attempts throws a RangeError", () => {
    const { effect } = failing()
    for (const attempts of [0, -1, 1.5, NaN]) {
      const error = new RangeError(
        `Retry: attempts must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got ${attempts}`
      )
      throws(() => Retry.retry(effect, { attempts }), error)
      throws(() => Retry.schedule({ attempts }), error)
      throws(() => Retry.retryNonIdempotent(effect, { attempts, while: () => true }), error)
    }
  })

  it.effect("the number of attempts may be infinite", () =>
    Effect.gen(function*() {
      const { effect, instants } = failing(500)
      const exit = yield* exitAfterHour(Retry.retry(effect, { attempts: Infinity, backoff: every(1) }))
      assert.deepStrictEqual(exit, Exit.succeed("done"))
      assert.strictEqual(instants.length, 500)
    }))

  it.effect("the backoff can be any schedule, and receives the error", () =>
    Effect.gen(function*() {
      const attemptTimes = (backoff: NonNullable<Retry.Options<number>["backoff"]>) =>
        Effect.gen(function*() {
          const { effect, instants } = failing()
          yield* exitAfterHour(Retry.retry(effect, { attempts: 4, backoff }))
          return instants.map((instant) => instant - (instants[0] ?? NaN))
        })
      assert.deepStrictEqual(yield* attemptTimes(Schedule.exponential(100)), [0, 100, 300, 700])
      assert.deepStrictEqual(yield* attemptTimes(Schedule.spaced(100)), [0, 100, 200, 300])
      assert.deepStrictEqual(yield* attemptTimes(Schedule.linear(100)), [0, 100, 300, 600])
      assert.deepStrictEqual(yield* attemptTimes(Schedule.recurs(2)), [0, 0, 0])
      assert.deepStrictEqual(
        yield* attemptTimes(Schedule.whileInput(Schedule.spaced(100), (error: number) => error < 2)),
        [0, 100]
      )
      assert.deepStrictEqual(
        yield* attemptTimes(Schedule.addDelay(Schedule.identity<number>(), (error) => error * 10)),
        [0, 10, 30, 60]
      )

      const piped = failing().effect.pipe(Retry.retry({ attempts: 2, backoff: Schedule.recurs(9) }))
      const numbered: Idempotent.Idempotent<string, number> = piped
      assert.strictEqual(yield* Effect.flip(numbered), 2)
      const ofStrings = Schedule.identity<string>()
      // @ts-expect-error The effect fails with numbers.
      const wrongInput = () => Retry.retry(failing().effect, { backoff: ofStrings })
      const withRequirements = Schedule.mapEffect(
        Schedule.forever,
        () => Context.GenericTag<"Needed", string>("Needed")
      )
      // @ts-expect-error The schedule has requirements.
      const missingRequirements = () => Retry.retry(failing().effect, { backoff: withRequirements })
      assert.isTrue([wrongInput, missingRequirements].every(Predicate.isFunction))
    }))

  it.effect("delays are whole milliseconds, for any schedule and any time of the clock", () =>
    Effect.gen(function*() {
      const delays: Array<number> = []
      const recordDelays = (options: Retry.Options<number>) =>
        exitAfterHour(Retry.retry(failing().effect, {
          ...options,
          onRetry: ({ delay }) => Effect.sync(() => delays.push(Duration.toMillis(delay)))
        }))
      yield* recordDelays({ backoff: Schedule.spaced(Duration.micros(100_001n)) })
      assert.deepStrictEqual(delays, [101, 101])
      yield* recordDelays({ spread: 0, retryAfter: () => Option.some(Duration.micros(2_000_001n)) })
      assert.deepStrictEqual(delays.slice(2), [2001, 2001])
      yield* TestClock.adjust(Duration.micros(700n))
      yield* recordDelays({ backoff: Schedule.exponential(100, 1.1) })
      assert.deepStrictEqual(delays.slice(4), [100, 110])
      yield* recordDelays({ attempts: 50, backoff: Schedule.jittered(Schedule.spaced(100)) })
      assert.strictEqual(delays.length, 4 + 2 + 49)
      assert.isTrue(delays.every(Number.isInteger))
    }))

  it.effect("retryNonIdempotent does not retry a cause that also contains another failure or an interruption", () =>
    Effect.gen(function*() {
      const refused = Effect.zipRight(Effect.yieldNow(), Effect.fail("refused"))
      const lost = Effect.failCause(Cause.parallel(Cause.fail("refused"), Cause.fail("lost")))
      const interrupted = Effect.all([refused, Effect.never], { concurrency: "unbounded" })
      for (const failure of [lost, interrupted]) {
        let placed = 0
        const both = Effect.suspend(() => {
          placed++
          return Effect.asVoid(failure)
        })
        yield* exitAfterHour(Retry.retryNonIdempotent(both, { while: (error) => error === "refused" }))
        assert.strictEqual(placed, 1)
      }
    }))

  it.effect("retryNonIdempotent retries only errors that `while` accepts", () =>
    Effect.gen(function*() {
      const sent: Array<string> = []
      const outcomes = ["refused", "refused", "timed out"] as const
      const order = Effect.suspend(() => {
        const outcome = outcomes[sent.length] ?? "filled"
        sent.push(outcome)
        return outcome === "filled" ? Effect.succeed(outcome) : Effect.fail(outcome)
      })
      const exit = yield* exitAfterHour(order.pipe(
        Retry.retryNonIdempotent({ attempts: 10, while: (error) => error === "refused" })
      ))
      assert.deepStrictEqual(exit, Exit.fail("timed out" as const))
      assert.deepStrictEqual(sent, ["refused", "refused", "timed out"])
    }))
})

describe("The decisions of Retry", () => {
  const reason = (
    options: Retry.Options<number>,
    effect: Idempotent.Idempotent<string, number> = failing().effect
  ) =>
    Effect.gen(function*() {
      const infos: Array<Retry.GaveUp<number>> = []
      yield* exitAfterHour(Retry.retry(effect, {
        backoff: every(100),
        ...options,
        onGiveUp: (info) => Effect.sync(() => infos.push(info))
      }))
      return infos.map(({ attempt, reason }) => [attempt, reason])
    })

  it.effect("onGiveUp receives the attempt and the reason", () =>
    Effect.gen(function*() {
      const emptyBudget = yield* RetryBudget.make({ ratio: 0, reservePerSecond: 0.1 })
      assert.deepStrictEqual(yield* reason({ attempts: 2 }), [[2, "AttemptsUsedUp"]])
      assert.deepStrictEqual(yield* reason({ while: (error) => error < 2 }), [[2, "NotRetryable"]])
      assert.deepStrictEqual(yield* reason({ elapsed: 199 }), [[2, "ElapsedExceeded"]])
      assert.deepStrictEqual(
        yield* reason({ backoff: Schedule.as(Schedule.recurs(1), Duration.zero) }),
        [[2, "BackoffDone"]]
      )
      assert.deepStrictEqual(
        yield* reason({ retryAfter: () => Option.some(Duration.infinity) }),
        [[1, "DelayTooLong"]]
      )
      assert.deepStrictEqual(yield* Deadline.within(reason({}), 150), [[2, "DeadlineTooNear"]])
      assert.deepStrictEqual(yield* reason({ budget: emptyBudget }), [[2, "BudgetRefused"]])
      assert.deepStrictEqual(yield* reason({}, Idempotent.mark(Effect.die("bug"))), [[1, "NotRetryable"]])
      assert.deepStrictEqual(yield* reason({}, Idempotent.mark(Effect.succeed("done"))), [])
    }), 20_000)

  it.effect("onRetry receives whether the delay comes from the backoff or from Retry-After", () =>
    Effect.gen(function*() {
      const infos: Array<readonly [string, number]> = []
      yield* exitAfterHour(Retry.retry(failing().effect, {
        backoff: every(100),
        spread: 0,
        retryAfter: (error) => error === 1 ? Option.some(Duration.millis(99)) : Option.some(Duration.millis(101)),
        onRetry: ({ because, delay }) => Effect.sync(() => infos.push([because, Duration.toMillis(delay)]))
      }))
      assert.deepStrictEqual(infos, [["Backoff", 100], ["RetryAfter", 101]])
    }))

  it.effect("retry fails with the whole cause of the last attempt", () =>
    Effect.gen(function*() {
      const parallel = Idempotent.mark(
        Effect.failCause(Cause.parallel(Cause.fail("a"), Cause.interrupt(yield* Effect.fiberId)))
      )
      assert.deepStrictEqual(yield* exitAfterHour(Retry.retry(parallel)), yield* Effect.exit(parallel))
    }))

  it.effect("a failure with an interruption is retried, a failure with a defect is not", () =>
    Effect.gen(function*() {
      const id = yield* Effect.fiberId
      const calls = { interrupted: 0, died: 0 }
      const counted = (kind: keyof typeof calls, beside: Cause.Cause<never>) =>
        Idempotent.mark(Effect.suspend(() => {
          calls[kind]++
          return Effect.failCause(Cause.parallel(Cause.fail("down"), beside))
        }))
      yield* exitAfterHour(Retry.retry(counted("interrupted", Cause.interrupt(id))))
      yield* exitAfterHour(Retry.retry(counted("died", Cause.die("bug"))))
      assert.deepStrictEqual(calls, { interrupted: 3, died: 1 })
    }))

  it.effect("calls that failed or were retried are counted by name and outcome", () =>
    Effect.gen(function*() {
      const named = { name: "Retry.test", backoff: every(1) }
      const count = (kind: string) => metricValue("retry_calls", { name: named.name, kind })
      yield* exitAfterHour(Retry.retry(failing(1).effect, named))
      assert.isUndefined(yield* count("successful_with_retry"))
      yield* exitAfterHour(Retry.retry(failing(2).effect, named))
      yield* exitAfterHour(Retry.retry(failing(3).effect, named))
      yield* exitAfterHour(Retry.retry(failing().effect, named))
      yield* exitAfterHour(Retry.retry(failing().effect, { ...named, while: () => false }))
      yield* exitAfterHour(Retry.retry(Idempotent.mark(Effect.interrupt), named))
      assert.strictEqual(yield* count("successful_with_retry"), 2)
      assert.strictEqual(yield* count("failed_with_retry"), 1)
      assert.strictEqual(yield* count("failed_without_retry"), 1)
    }))

  it.effect("Retry.schedule makes the same decisions as retry, from its own start", () =>
    Effect.gen(function*() {
      const options: Retry.Options<number> = { attempts: 3, backoff: Backoff.none({ base: 100, max: 1000 }) }
      const own = failing()
      const other = failing()
      yield* exitAfterHour(Retry.retry(own.effect, options))
      yield* exitAfterHour(Effect.retry(other.effect, Retry.schedule(options)))
      assert.deepStrictEqual(own.instants, [0, 100, 300])
      assert.deepStrictEqual(other.instants.map((instant) => instant - 3_600_000), own.instants)
    }))
})

describe("Retry does not have the bugs of others", () => {
  it.effect("an interruption during the delay ends the call, without another attempt (cockatiel)", () =>
    Effect.gen(function*() {
      const { effect, instants } = failing()
      const fiber = yield* Effect.fork(Retry.retry(effect, { backoff: every("1 hour") }))
      yield* TestClock.adjust("1 minute")
      assertNone(yield* Fiber.poll(fiber))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual(instants, [0])
    }))

  it.effect("gives up instead of a delay that exceeds the longest timer (effect 3: 2^31 ms)", () =>
    Effect.gen(function*() {
      const infos: Array<string> = []
      const exit = yield* Effect.exit(Retry.retry(failing().effect, {
        backoff: Schedule.spaced(Duration.millis(2 ** 31)).pipe(Schedule.as(Duration.zero)),
        onGiveUp: ({ reason }) => Effect.sync(() => infos.push(reason))
      }))
      assert.deepStrictEqual(exit, Exit.fail(1))
      assert.deepStrictEqual(infos, ["DelayTooLong"])
    }))

  it.effect("uses the backoff for a negative Retry-After (Polly #2163)", () =>
    Effect.gen(function*() {
      const { effect, instants } = failing(2)
      const exit = yield* exitAfterHour(Retry.retry(effect, {
        backoff: every(100),
        spread: 0,
        retryAfter: () => Option.some(Duration.millis(-5000))
      }))
      assert.deepStrictEqual(exit, Exit.succeed("done"))
      assert.deepStrictEqual(instants, [0, 100])
    }))

  it.effect("the delay of a backoff with base 0 is 0 (cockatiel #86)", () =>
    Effect.gen(function*() {
      for (const backoff of [Backoff.full, Backoff.equal, Backoff.decorrelated, Backoff.none]) {
        const { effect, instants } = failing(2000)
        const exit = yield* exitAfterHour(
          Retry.retry(effect, { attempts: 2000, backoff: backoff({ base: 0, max: 1000 }) })
        )
        assert.deepStrictEqual(exit, Exit.succeed("done"))
        assert.strictEqual(instants.at(-1), instants[0])
      }
    }), 30_000)

  it.effect("retries never exceed `elapsed` (effect 3: upTo)", () =>
    Effect.gen(function*() {
      const { effect, instants } = failing()
      yield* exitAfterHour(Retry.retry(effect, { attempts: 100, backoff: every(300), elapsed: 1000 }))
      assert.deepStrictEqual(instants, [0, 300, 600, 900])
    }))
})
