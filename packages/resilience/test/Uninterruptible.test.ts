import {
  Backoff,
  Bulkhead,
  CircuitBreaker,
  Deadline,
  Hedge,
  Idempotent,
  Policy,
  RateLimiter,
  Retry,
  RetryBudget,
  SingleFlight,
  Timeout,
  Trip
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Effect, Exit, Fiber, Ref, Schedule, TestClock } from "effect"
import { settle } from "./support/interruption.js"
import { safe } from "./support/policies.js"

const oneSecond = { duration: "1 second", onTimeout: () => "late" as const } as const

/** Uninterruptible regions. */
const regions = {
  "a finalizer": <A, E>(self: Effect.Effect<A, E>) =>
    Effect.gen(function*() {
      const exit = yield* Ref.make<Exit.Exit<A, E> | undefined>(undefined)
      yield* Effect.scoped(
        Effect.addFinalizer(() => Effect.flatMap(Effect.exit(self), (ended) => Ref.set(exit, ended)))
      )
      return (yield* Ref.get(exit)) ?? assert.fail("the finalizer did not run")
    }),
  "an acquire": <A, E>(self: Effect.Effect<A, E>) =>
    Effect.scoped(Effect.exit(Effect.acquireRelease(self, () => Effect.void)))
}

const tag = (exit: Exit.Exit<unknown, unknown>): unknown => {
  const error = Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error : assert.fail(`was ${exit}`)
  return typeof error === "object" && error !== null && "_tag" in error ? error._tag : error
}

/** Effects that never end by themselves. Each must end after one second with its error. */
const endless: Record<
  string,
  Effect.Effect<{ readonly self: Effect.Effect<unknown, unknown>; readonly error: string }>
> = {
  "Timeout.attempt": Effect.succeed({ self: Timeout.attempt(Effect.never, oneSecond), error: "late" }),
  "Timeout.deadline": Effect.succeed({ self: Timeout.deadline(Effect.never, oneSecond), error: "late" }),
  "the queue of a bulkhead": Effect.gen(function*() {
    const bulkhead = yield* Bulkhead.make({ name: "masked", permits: 1 })
    yield* Effect.fork(bulkhead.withPermit(Effect.never))
    yield* settle
    return { self: Deadline.within(bulkhead.withPermit(Effect.void), "1 second"), error: "DeadlineExceeded" }
  }),
  "the queue of a limiter, paused during the wait": Effect.gen(function*() {
    const limiter = yield* RateLimiter.make({ name: "masked", limit: 10, window: "900 millis" })
    yield* Effect.orDie(limiter.reserve(10))
    yield* Effect.fork(
      Effect.flatMap(Effect.clock, (clock) => limiter.pauseUntil(clock.unsafeCurrentTimeMillis() + 60_000)).pipe(
        Effect.delay("500 millis")
      )
    )
    return { self: Deadline.within(limiter.reserve(1), "1 second"), error: "DeadlineExceeded" }
  }),
  "the wait for the probes of a circuit": Effect.gen(function*() {
    const breaker = yield* CircuitBreaker.make({
      name: "masked",
      trip: Trip.consecutive(1),
      openFor: Schedule.spaced("1 millis"),
      halfOpen: { excess: "wait", timeout: "1 hour" }
    })
    yield* Effect.exit(breaker.protect(Effect.fail("down")))
    yield* TestClock.adjust("1 millis")
    yield* Effect.fork(breaker.protect(Effect.never))
    yield* settle
    return { self: Deadline.within(breaker.protect(Effect.void), "1 second"), error: "CircuitOpen" }
  }),
  "a hedge": Effect.gen(function*() {
    const hedge = yield* Hedge.make({ name: "masked", delay: "100 millis", budget: yield* RetryBudget.make() })
    return { self: Timeout.deadline(hedge.apply(Idempotent.mark(Effect.never)), oneSecond), error: "late" }
  }),
  "a shared run": Effect.gen(function*() {
    const flights = yield* SingleFlight.make<never, never>({ name: "masked" })
    return { self: Timeout.deadline(flights.run("key", Effect.never), oneSecond), error: "late" }
  }),
  "a policy with a server that does not respond": Effect.gen(function*() {
    const policy = Policy.make({
      name: "masked",
      attemptTimeout: { duration: "300 millis", onTimeout: () => "slow" as const },
      bulkhead: yield* Bulkhead.make({ name: "masked", permits: 1 }),
      limiter: yield* RateLimiter.make({ name: "masked", limit: 10, window: "1 minute" }),
      deadline: oneSecond,
      retry: { attempts: Infinity, backoff: Backoff.none({ base: 200, max: 200 }) }
    })
    return {
      self: Effect.mapError(policy.apply(Effect.never, safe), (error) => error === "late" ? "late" : "slow"),
      error: "slow"
    }
  })
}

describe("Effects in an uninterruptible region end on time", () => {
  for (const [region, inside] of Object.entries(regions)) {
    for (const [what, make] of Object.entries(endless)) {
      it.effect(`${what}, in ${region}`, () =>
        Effect.gen(function*() {
          const { error, self } = yield* make
          const fiber = yield* Effect.fork(inside(self))
          yield* TestClock.adjust("1 second")
          yield* settle
          const ended = yield* Fiber.poll(fiber)
          assert.isTrue(ended._tag === "Some", "must have ended after a second")
          assert.strictEqual(tag(yield* Fiber.join(fiber)), error)
        }))
    }

    it.effect(`a retry in ${region} makes no delay beyond the deadline`, () =>
      Effect.gen(function*() {
        const failing = Idempotent.mark(Effect.fail("down"))
        const retried = Retry.retry(failing, { attempts: Infinity, backoff: Backoff.none({ base: 400, max: 400 }) })
        const fiber = yield* Effect.fork(inside(Deadline.within(retried, "1 second")))
        yield* TestClock.adjust("800 millis")
        assert.strictEqual(tag(yield* Fiber.join(fiber)), "down")
      }))

    it.effect(`a hedge in ${region} wins, and the first attempt, which never ends, is interrupted`, () =>
      Effect.gen(function*() {
        const hedge = yield* Hedge.make({ name: "masked", delay: "100 millis", budget: yield* RetryBudget.make() })
        let runs = 0
        let interrupted = 0
        const call = Idempotent.mark(Effect.suspend(() =>
          ++runs === 1
            ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
            : Effect.succeed("second")
        ))
        const fiber = yield* Effect.fork(inside(hedge.apply(call)))
        yield* TestClock.adjust("100 millis")
        assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.succeed("second"))
        yield* settle
        assert.strictEqual(interrupted, 1)
      }))
  }

  it.effect("an interruption in an interruptible region is passed on, and waits until the work has stopped", () =>
    Effect.gen(function*() {
      let stopped = false
      const slow = Effect.onInterrupt(
        Effect.never,
        () => Effect.zipRight(Effect.sleep("100 millis"), Effect.sync(() => (stopped = true)))
      )
      const fiber = yield* Effect.fork(Timeout.attempt(slow, oneSecond))
      yield* settle
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("99 millis")
      assertNone(yield* Fiber.poll(interrupting))
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(interrupting)
      assert.isTrue(stopped)
    }))

  it.effect("an interruption in an uninterruptible region is not passed on, and only the timeout ends the work", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.uninterruptible(Timeout.attempt(Effect.never, oneSecond)))
      yield* settle
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("999 millis")
      assertNone(yield* Fiber.poll(interrupting))
      yield* TestClock.adjust("1 millis")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(interrupting)))
    }))
})

describe("Deadline.none", () => {
  it.effect("removes the deadline of the operation that forked a daemon", () =>
    Effect.gen(function*() {
      const left = yield* Ref.make<ReadonlyArray<string>>([])
      const work = (name: string) =>
        Deadline.remaining.pipe(
          Effect.delay("1 minute"),
          Effect.flatMap((remaining) => Ref.update(left, (all) => [...all, `${name} ${remaining._tag}`]))
        )
      yield* Deadline.within(
        Effect.zipRight(Effect.forkDaemon(work("bound")), Effect.forkDaemon(Deadline.none(work("free")))),
        "1 second"
      )
      yield* TestClock.adjust("1 minute")
      assert.sameMembers([...yield* Ref.get(left)], ["bound Some", "free None"])
      assert.isTrue(Idempotent.isIdempotent(Deadline.none(Idempotent.mark(Effect.void))))
    }))
})
