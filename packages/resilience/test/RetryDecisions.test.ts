import { Backoff, Deadline, Idempotent, Retry, RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, throws } from "@effect/vitest/utils"
import { Cause, Context, Duration, Effect, Exit, Fiber, Option, Predicate, Schedule, TestClock } from "effect"
import { metricValue } from "./support/metrics.js"

/** An effect that fails with its own attempt number, and the instants at which it was tried. */
const failing = (succeedsOn = Infinity) => {
  const instants: Array<number> = []
  const effect = Idempotent.mark(Effect.clockWith((clock) => {
    instants.push(clock.unsafeCurrentTimeMillis())
    return instants.length >= succeedsOn ? Effect.succeed("done") : Effect.fail(instants.length)
  }))
  return { effect, instants }
}

const every = (delay: Duration.DurationInput) => Backoff.none({ base: delay, max: delay })

/** How it ends when there is as much time as it wants. */
const ending = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.await(fiber)
  })

describe("Retry, what it takes", () => {
  it.effect("retries what is marked as idempotent, and is idempotent then; anything else does not type-check", () =>
    Effect.gen(function*() {
      const read = Effect.succeed(1)
      // @ts-expect-error Nobody has said that it may happen twice.
      const unmarked = () => Retry.retry(read)
      // @ts-expect-error Whoever retries what must not happen twice has to judge its errors.
      const unjudged = (order: Effect.Effect<number, string>) => Retry.retryNonIdempotent(order, { attempts: 2 })
      assert.isTrue([unmarked, unjudged].every(Predicate.isFunction))
      const marked: Idempotent.Idempotent<number> = Retry.retry(Idempotent.mark(read))
      const piped: Idempotent.Idempotent<number> = read.pipe(Idempotent.mark, Retry.retry({ attempts: 2 }))
      assert.isTrue(Idempotent.isIdempotent(marked) && Idempotent.isIdempotent(piped))
      assert.deepStrictEqual(yield* Effect.all([marked, piped]), [1, 1])
    }))

  it("attempts that are no number of attempts are a mistake, said so", () => {
    const { effect } = failing()
    for (const attempts of [0, -1, 1.5, NaN]) {
      const mistake = new RangeError(
        `Retry: attempts must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got ${attempts}`
      )
      throws(() => Retry.retry(effect, { attempts }), mistake)
      throws(() => Retry.schedule({ attempts }), mistake)
      throws(() => Retry.retryNonIdempotent(effect, { attempts, while: () => true }), mistake)
    }
  })

  it.effect("attempts may be infinite", () =>
    Effect.gen(function*() {
      const { effect, instants } = failing(500)
      const exit = yield* ending(Retry.retry(effect, { attempts: Infinity, backoff: every(1) }))
      assert.deepStrictEqual(exit, Exit.succeed("done"))
      assert.strictEqual(instants.length, 500)
    }))

  it.effect("takes any schedule as its backoff, and gives it the error", () =>
    Effect.gen(function*() {
      const tried = (backoff: NonNullable<Retry.Options<number>["backoff"]>) =>
        Effect.gen(function*() {
          const { effect, instants } = failing()
          yield* ending(Retry.retry(effect, { attempts: 4, backoff }))
          return instants.map((instant) => instant - (instants[0] ?? NaN))
        })
      assert.deepStrictEqual(yield* tried(Schedule.exponential(100)), [0, 100, 300, 700])
      assert.deepStrictEqual(yield* tried(Schedule.spaced(100)), [0, 100, 200, 300])
      assert.deepStrictEqual(yield* tried(Schedule.linear(100)), [0, 100, 300, 600])
      assert.deepStrictEqual(yield* tried(Schedule.recurs(2)), [0, 0, 0])
      assert.deepStrictEqual(
        yield* tried(Schedule.whileInput(Schedule.spaced(100), (error: number) => error < 2)),
        [0, 100]
      )
      assert.deepStrictEqual(
        yield* tried(Schedule.addDelay(Schedule.identity<number>(), (error) => error * 10)),
        [0, 10, 30, 60]
      )

      const piped = failing().effect.pipe(Retry.retry({ attempts: 2, backoff: Schedule.recurs(9) }))
      const numbered: Idempotent.Idempotent<string, number> = piped
      assert.strictEqual(yield* Effect.flip(numbered), 2)
      const ofStrings = Schedule.identity<string>()
      // @ts-expect-error It fails with numbers.
      const unfit = () => Retry.retry(failing().effect, { backoff: ofStrings })
      const needy = Schedule.mapEffect(Schedule.forever, () => Context.GenericTag<"Needed", string>("Needed"))
      // @ts-expect-error Nobody provides what it needs.
      const unmet = () => Retry.retry(failing().effect, { backoff: needy })
      assert.isTrue([unfit, unmet].every(Predicate.isFunction))
    }))

  it.effect("sleeps whole milliseconds, whatever the schedule and wherever the clock stands", () =>
    Effect.gen(function*() {
      const delays: Array<number> = []
      const told = (options: Retry.Options<number>) =>
        ending(Retry.retry(failing().effect, {
          ...options,
          onRetry: ({ delay }) => Effect.sync(() => delays.push(Duration.toMillis(delay)))
        }))
      yield* told({ backoff: Schedule.spaced(Duration.micros(100_001n)) })
      assert.deepStrictEqual(delays, [101, 101])
      yield* told({ spread: 0, retryAfter: () => Option.some(Duration.micros(2_000_001n)) })
      assert.deepStrictEqual(delays.slice(2), [2001, 2001])
      yield* TestClock.adjust(Duration.micros(700n))
      yield* told({ backoff: Schedule.exponential(100, 1.1) })
      assert.deepStrictEqual(delays.slice(4), [100, 110])
      yield* told({ attempts: 50, backoff: Schedule.jittered(Schedule.spaced(100)) })
      assert.strictEqual(delays.length, 4 + 2 + 49)
      assert.isTrue(delays.every(Number.isInteger))
    }))

  it.effect("retryNonIdempotent repeats nothing of which one part has failed so, and another was lost or interrupted", () =>
    Effect.gen(function*() {
      const refused = Effect.zipRight(Effect.yieldNow(), Effect.fail("refused"))
      const lost = Effect.failCause(Cause.parallel(Cause.fail("refused"), Cause.fail("lost")))
      const cutOff = Effect.all([refused, Effect.never], { concurrency: "unbounded" })
      for (const legs of [lost, cutOff]) {
        let placed = 0
        const both = Effect.suspend(() => {
          placed++
          return Effect.asVoid(legs)
        })
        yield* ending(Retry.retryNonIdempotent(both, { while: (error) => error === "refused" }))
        assert.strictEqual(placed, 1)
      }
    }))

  it.effect("retryNonIdempotent repeats only after errors that prove that nothing was done", () =>
    Effect.gen(function*() {
      const sent: Array<string> = []
      const outcomes = ["refused", "refused", "timed out"] as const
      const order = Effect.suspend(() => {
        const outcome = outcomes[sent.length] ?? "filled"
        sent.push(outcome)
        return outcome === "filled" ? Effect.succeed(outcome) : Effect.fail(outcome)
      })
      const exit = yield* ending(order.pipe(
        Retry.retryNonIdempotent({ attempts: 10, while: (error) => error === "refused" })
      ))
      assert.deepStrictEqual(exit, Exit.fail("timed out" as const))
      assert.deepStrictEqual(sent, ["refused", "refused", "timed out"])
    }))
})

describe("Retry, what it decides and why", () => {
  const reason = (
    options: Retry.Options<number>,
    effect: Idempotent.Idempotent<string, number> = failing().effect
  ) =>
    Effect.gen(function*() {
      const told: Array<Retry.GaveUp<number>> = []
      yield* ending(Retry.retry(effect, {
        backoff: every(100),
        ...options,
        onGiveUp: (info) => Effect.sync(() => told.push(info))
      }))
      return told.map(({ attempt, reason }) => [attempt, reason])
    })

  it.effect("onGiveUp is told the attempt and the reason", () =>
    Effect.gen(function*() {
      const broke = yield* RetryBudget.make({ ratio: 0, reservePerSecond: 0.1 })
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
      assert.deepStrictEqual(yield* reason({ budget: broke }), [[2, "BudgetRefused"]])
      assert.deepStrictEqual(yield* reason({}, Idempotent.mark(Effect.die("bug"))), [[1, "NotRetryable"]])
      assert.deepStrictEqual(yield* reason({}, Idempotent.mark(Effect.succeed("done"))), [])
    }), 20_000)

  it.effect("says whether the delay follows from the backoff or from what the server asked for", () =>
    Effect.gen(function*() {
      const told: Array<readonly [string, number]> = []
      yield* ending(Retry.retry(failing().effect, {
        backoff: every(100),
        spread: 0,
        retryAfter: (error) => error === 1 ? Option.some(Duration.millis(99)) : Option.some(Duration.millis(101)),
        onRetry: ({ because, delay }) => Effect.sync(() => told.push([because, Duration.toMillis(delay)]))
      }))
      assert.deepStrictEqual(told, [["Backoff", 100], ["RetryAfter", 101]])
    }))

  it.effect("fails with the whole cause of the last attempt", () =>
    Effect.gen(function*() {
      const parallel = Idempotent.mark(
        Effect.failCause(Cause.parallel(Cause.fail("a"), Cause.interrupt(yield* Effect.fiberId)))
      )
      assert.deepStrictEqual(yield* ending(Retry.retry(parallel)), yield* Effect.exit(parallel))
    }))

  it.effect("a failure beside which siblings were interrupted is retried, one beside a defect is not", () =>
    Effect.gen(function*() {
      const id = yield* Effect.fiberId
      const calls = { interrupted: 0, died: 0 }
      const counted = (kind: keyof typeof calls, beside: Cause.Cause<never>) =>
        Idempotent.mark(Effect.suspend(() => {
          calls[kind]++
          return Effect.failCause(Cause.parallel(Cause.fail("down"), beside))
        }))
      yield* ending(Retry.retry(counted("interrupted", Cause.interrupt(id))))
      yield* ending(Retry.retry(counted("died", Cause.die("bug"))))
      assert.deepStrictEqual(calls, { interrupted: 3, died: 1 })
    }))

  it.effect("counts by name how calls that failed or were retried ended", () =>
    Effect.gen(function*() {
      const named = { name: "Retry.test", backoff: every(1) }
      const count = (kind: string) => metricValue("retry_calls", { name: named.name, kind })
      yield* ending(Retry.retry(failing(1).effect, named))
      assert.isUndefined(yield* count("successful_with_retry"))
      yield* ending(Retry.retry(failing(2).effect, named))
      yield* ending(Retry.retry(failing(3).effect, named))
      yield* ending(Retry.retry(failing().effect, named))
      yield* ending(Retry.retry(failing().effect, { ...named, while: () => false }))
      yield* ending(Retry.retry(Idempotent.mark(Effect.interrupt), named))
      assert.strictEqual(yield* count("successful_with_retry"), 2)
      assert.strictEqual(yield* count("failed_with_retry"), 1)
      assert.strictEqual(yield* count("failed_without_retry"), 1)
    }))

  it.effect("the schedule decides as retry does, with its own beginning", () =>
    Effect.gen(function*() {
      const options: Retry.Options<number> = { attempts: 3, backoff: Backoff.none({ base: 100, max: 1000 }) }
      const own = failing()
      const other = failing()
      yield* ending(Retry.retry(own.effect, options))
      yield* ending(Effect.retry(other.effect, Retry.schedule(options)))
      assert.deepStrictEqual(own.instants, [0, 100, 300])
      assert.deepStrictEqual(other.instants.map((instant) => instant - 3_600_000), own.instants)
    }))
})

describe("Retry does not have the faults of others", () => {
  it.effect("an interrupt during the backoff ends the call at once and nothing is called again (cockatiel)", () =>
    Effect.gen(function*() {
      const { effect, instants } = failing()
      const fiber = yield* Effect.fork(Retry.retry(effect, { backoff: every("1 hour") }))
      yield* TestClock.adjust("1 minute")
      assertNone(yield* Fiber.poll(fiber))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual(instants, [0])
    }))

  it.effect("a delay that no timer can hold is refused, not slept for ever (effect 3: 2^31 ms)", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const exit = yield* Effect.exit(Retry.retry(failing().effect, {
        backoff: Schedule.spaced(Duration.millis(2 ** 31)).pipe(Schedule.as(Duration.zero)),
        onGiveUp: ({ reason }) => Effect.sync(() => told.push(reason))
      }))
      assert.deepStrictEqual(exit, Exit.fail(1))
      assert.deepStrictEqual(told, ["DelayTooLong"])
    }))

  it.effect("a Retry-After in the past delays by the backoff, never by a negative time (Polly #2163)", () =>
    Effect.gen(function*() {
      const { effect, instants } = failing(2)
      const exit = yield* ending(Retry.retry(effect, {
        backoff: every(100),
        spread: 0,
        retryAfter: () => Option.some(Duration.millis(-5000))
      }))
      assert.deepStrictEqual(exit, Exit.succeed("done"))
      assert.deepStrictEqual(instants, [0, 100])
    }))

  it.effect("the jitter of a backoff without a base is a number (cockatiel #86)", () =>
    Effect.gen(function*() {
      for (const backoff of [Backoff.full, Backoff.equal, Backoff.decorrelated, Backoff.none]) {
        const { effect, instants } = failing(2000)
        const exit = yield* ending(
          Retry.retry(effect, { attempts: 2000, backoff: backoff({ base: 0, max: 1000 }) })
        )
        assert.deepStrictEqual(exit, Exit.succeed("done"))
        assert.strictEqual(instants.at(-1), instants[0])
      }
    }), 30_000)

  it.effect("retries stay below what `elapsed` says instead of overshooting (effect 3: upTo)", () =>
    Effect.gen(function*() {
      const { effect, instants } = failing()
      yield* ending(Retry.retry(effect, { attempts: 100, backoff: every(300), elapsed: 1000 }))
      assert.deepStrictEqual(instants, [0, 300, 600, 900])
    }))
})
