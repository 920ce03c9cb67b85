import { assert } from "@effect/vitest"
import { type Clock, Effect, Fiber, Option, TestClock } from "effect"

/** Runs all fibers until they wait, without advancing the clock, including promises of response bodies. */
export const settle: Effect.Effect<void> = TestClock.adjust(0)

/** Forks the effect and runs it until it waits. */
export const start = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Fiber.RuntimeFiber<A, E>, never, R> =>
  Effect.zipLeft(Effect.fork(effect), settle)

export const assertRunning = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<void> =>
  Effect.map(Fiber.poll(fiber), (exit) => assert.isTrue(Option.isNone(exit), "the fiber is still waiting"))

export const assertDone = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<void> =>
  Effect.map(Fiber.poll(fiber), (exit) => assert.isTrue(Option.isSome(exit), "the fiber is done"))

/**
 * A clock that shows `ahead.millis` more than the test clock, so that a test can set it. Its monotonic clock follows the
 * test clock.
 */
export const settableClock = Effect.map(Effect.clock, (base) => {
  const ahead = { millis: 0 }
  const millis = () => base.unsafeCurrentTimeMillis() + ahead.millis
  const clock: Clock.Clock = Object.create(base, {
    unsafeCurrentTimeMillis: { value: millis },
    currentTimeMillis: { value: Effect.sync(millis) },
    unsafeCurrentTimeNanos: { value: () => base.unsafeCurrentTimeNanos() }
  })
  return { clock, ahead }
})
