import { Deadline, Rejection, Timeout } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Duration, Effect, Exit, Fiber, Option, Schema, TestClock } from "effect"
import { countingClock } from "./support/countingClock.js"
import { settle } from "./support/interruption.js"

const tooLate = () => "too late" as const

const millis = Option.map(Duration.toMillis)

describe("Timeout", () => {
  it("decodes the duration of a limit, but not what Effect would read as zero", () => {
    assertSome(Timeout.decodeDuration("2 seconds"), Duration.seconds(2))
    assertSome(Timeout.decodeDuration(0), Duration.zero)
    for (const given of [Number.NaN, -1, -1n, "-1 seconds", "soon", [1, -1]] as const) {
      assertNone(Timeout.decodeDuration(given))
    }
  })

  it.effect("attempt: fails at the exact instant", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.never.pipe(
        Timeout.attempt({ duration: "1 second", onTimeout: tooLate }),
        Effect.flip,
        Effect.fork
      )
      yield* TestClock.adjust("999 millis")
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "too late")
    }))

  it.effect("attempt: returns the result of an effect that ends in time", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Timeout.attempt(Effect.succeed(1), { duration: "1 second", onTimeout: tooLate }), 1)
      assert.strictEqual(
        yield* Effect.flip(Timeout.attempt(Effect.fail("own"), { duration: "1 second", onTimeout: tooLate })),
        "own"
      )
    }))

  it.effect("attempt: waits for an uninterruptible effect, unless it is disconnected (effect 3: timeout)", () =>
    Effect.gen(function*() {
      const slowToStop = Effect.uninterruptible(Effect.sleep("1 minute"))
      const options: Timeout.Options<"too late"> = { duration: "1 second", onTimeout: tooLate }
      const waiting = yield* Effect.fork(Effect.flip(Timeout.attempt(slowToStop, options)))
      const disconnected = yield* Effect.fork(Effect.flip(Timeout.attempt(Effect.disconnect(slowToStop), options)))
      yield* TestClock.adjust("1 second")
      assertNone(yield* Fiber.poll(waiting))
      assert.strictEqual(yield* Fiber.join(disconnected), "too late")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* Fiber.join(waiting), "too late")
    }))

  it.effect("disconnect: fails on time, and an uninterruptible effect continues in the background", () =>
    Effect.gen(function*() {
      let finished = 0
      const slowToStop = Effect.uninterruptible(
        Effect.zipRight(Effect.sleep("1 minute"), Effect.sync(() => finished++))
      )
      const options = { duration: "1 second", onTimeout: tooLate, disconnect: true } as const
      const attempt = yield* Effect.fork(Effect.flip(Timeout.attempt(slowToStop, options)))
      const deadline = yield* Effect.fork(Effect.flip(Timeout.deadline(slowToStop, options)))
      yield* TestClock.adjust("999 millis")
      assertNone(yield* Fiber.poll(attempt))
      assertNone(yield* Fiber.poll(deadline))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(attempt), "too late")
      assert.strictEqual(yield* Fiber.join(deadline), "too late")
      yield* TestClock.adjust("58 seconds")
      assert.strictEqual(finished, 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(finished, 2)
      assert.strictEqual(yield* Timeout.attempt(Effect.succeed(1), options), 1)
    }))

  it.effect("deadline: sets the remaining time for the effect", () =>
    Effect.gen(function*() {
      assertNone(yield* Deadline.remaining)
      const fiber = yield* Effect.sleep("400 millis").pipe(
        Effect.zipRight(Deadline.remaining),
        Timeout.deadline({ duration: "1 second", onTimeout: tooLate }),
        Effect.fork
      )
      yield* TestClock.adjust("400 millis")
      assertSome(millis(yield* Fiber.join(fiber)), Duration.toMillis(Duration.millis(600)))
    }))

  it.effect("deadline: fails at the exact instant", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.never.pipe(
        Timeout.deadline({ duration: "1 second", onTimeout: tooLate }),
        Effect.flip,
        Effect.fork
      )
      yield* TestClock.adjust("999 millis")
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "too late")
    }))

  it.effect("deadline: the sooner one of two applies, inside or outside", () =>
    Effect.gen(function*() {
      const remaining = (outer: Duration.DurationInput, inner: Duration.DurationInput) =>
        Deadline.remaining.pipe(
          Timeout.deadline({ duration: inner, onTimeout: tooLate }),
          Timeout.deadline({ duration: outer, onTimeout: tooLate })
        )
      assertSome(millis(yield* remaining("1 second", "1 minute")), Duration.toMillis(Duration.seconds(1)))
      assertSome(millis(yield* remaining("1 minute", "1 second")), Duration.toMillis(Duration.seconds(1)))
      assertSome(millis(yield* remaining("1 minute", Duration.infinity)), Duration.toMillis(Duration.minutes(1)))
      assertNone(yield* remaining(Duration.infinity, Duration.infinity))
    }))

  it.effect("deadline: does not start an effect after the deadline", () =>
    Effect.gen(function*() {
      let started = false
      const exit = yield* Effect.sync(() => started = true).pipe(
        Timeout.deadline({ duration: "1 second", onTimeout: tooLate }),
        Effect.provideService(Deadline.Deadline, Option.some(BigInt(0))),
        Effect.exit
      )
      assert.deepStrictEqual(exit, Exit.fail("too late"))
      assert.isFalse(started)
    }))

  it.effect("Deadline.within: sets the sooner deadline, and does not interrupt the effect", () =>
    Effect.gen(function*() {
      const within = (outer: Duration.DurationInput, inner: Duration.DurationInput) =>
        Deadline.remaining.pipe(Deadline.within(inner), Deadline.within(outer))
      assertSome(millis(yield* within("1 second", "1 minute")), 1000)
      assertSome(millis(yield* within("1 minute", "1 second")), 1000)
      assertNone(yield* within(Duration.infinity, Duration.infinity))
      const fiber = yield* Effect.fork(Deadline.within(Effect.sleep("2 seconds"), "1 second"))
      yield* TestClock.adjust("1999 millis")
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
    }))

  it.effect("Deadline.remaining: is never below zero", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 second")
      const remaining = yield* Deadline.remaining.pipe(
        Effect.provideService(Deadline.Deadline, Option.some(BigInt(0)))
      )
      assertSome(millis(remaining), Duration.toMillis(Duration.zero))
    }))

  it.effect("DeadlineExceeded: can be encoded and decoded, and is then no local rejection any more", () =>
    Effect.gen(function*() {
      const error = new Deadline.DeadlineExceeded({ name: "orders", after: Duration.millis(1500) })
      assert.include(error.message, "\"orders\" could not start within the 1s 500ms left")
      const decoded = yield* Schema.decode(Deadline.DeadlineExceeded)(
        yield* Schema.encode(Deadline.DeadlineExceeded)(error)
      )
      assert.isFalse(Rejection.isRejection(decoded))
      assert.deepStrictEqual(decoded.after, error.after)
    }))
})

describe("Timeout does not have the bugs of others", () => {
  it.effect("a timeout of one call does not interrupt another (opossum #780)", () =>
    Effect.gen(function*() {
      const options: Timeout.Options<"too late"> = { duration: "1 second", onTimeout: tooLate }
      const sleeping = (millis: number) => Effect.as(Effect.sleep(millis), millis)
      const early = yield* Effect.fork(Effect.exit(Timeout.attempt(sleeping(2000), options)))
      yield* TestClock.adjust(500)
      const later = yield* Effect.fork(Effect.exit(Timeout.attempt(sleeping(900), options)))
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(yield* Fiber.join(early), Exit.fail("too late" as const))
      assertNone(yield* Fiber.poll(later))
      yield* TestClock.adjust(400)
      assert.deepStrictEqual(yield* Fiber.join(later), Exit.succeed(900))
    }))

  it.effect("an effect that ends in time leaves no timer (cockatiel #69, #81)", () =>
    Effect.gen(function*() {
      const { counted, timers } = yield* countingClock
      const options: Timeout.Options<"too late"> = { duration: "1 hour", onTimeout: tooLate }
      const prompt = Effect.yieldNow()
      yield* counted(Effect.repeatN(Timeout.attempt(prompt, options), 99))
      yield* counted(Effect.repeatN(Timeout.deadline(prompt, { ...options, disconnect: true }), 99))
      yield* settle
      assert.deepStrictEqual(timers, { slept: 200, sleeping: 0 })
    }))

  it.effect("a timeout adds its error to the type, and keeps the others (cockatiel #97)", () =>
    Effect.gen(function*() {
      const call: Effect.Effect<number, "down" | "rejected"> = Effect.fail("down")
      const limited = call.pipe(
        Timeout.attempt({ duration: "1 second", onTimeout: () => "late" as const }),
        Timeout.deadline({ duration: "1 second", onTimeout: () => "over" as const })
      )
      const typed: Effect.Effect<number, "down" | "rejected" | "late" | "over"> = limited
      // @ts-expect-error It may time out.
      const untimed: Effect.Effect<number, "down" | "rejected"> = limited
      assert.strictEqual(yield* Effect.flip(typed), yield* Effect.flip(untimed))
    }))
})
