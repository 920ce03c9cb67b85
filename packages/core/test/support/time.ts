import { assert } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"

/** Runs all fibers until they wait, without advancing the clock, including promises of response bodies. */
export const settle: Effect.Effect<void> = TestClock.adjust(0)

/** Forks the effect and runs it until it waits. */
export const start = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Fiber.RuntimeFiber<A, E>, never, R> =>
  Effect.zipLeft(Effect.fork(effect), settle)

export const assertRunning = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<void> =>
  Effect.map(Fiber.poll(fiber), (exit) => assert.isTrue(Option.isNone(exit), "the fiber is still waiting"))

export const assertDone = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<void> =>
  Effect.map(Fiber.poll(fiber), (exit) => assert.isTrue(Option.isSome(exit), "the fiber is done"))
