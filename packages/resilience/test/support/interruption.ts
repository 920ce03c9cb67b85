import { assert } from "@effect/vitest"
import { Effect, Exit, Fiber, FiberId, Scheduler } from "effect"

/**
 * Interrupts the first fiber it runs before its `step`-th operation, yielding there so that the interruption is seen.
 * What that fiber forks is left alone.
 */
const interruptAt = (step: number) => {
  let steps = 0
  let victim: unknown
  const scheduler: Scheduler.Scheduler = {
    shouldYield: (fiber) => {
      victim ??= fiber
      if (fiber !== victim || ++steps !== step) return false
      fiber.unsafeInterruptAsFork(FiberId.none)
      return 0
    },
    scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
  return { scheduler, reached: () => steps >= step }
}

/**
 * Runs the victim once for every operation it executes, interrupting it before that one, and has each run verified.
 * `meanwhile` runs beside the victim, once that has had time to get as far as it can.
 */
export const interruptEverywhere = <E>(
  scenario: Effect.Effect<{
    readonly victim: Effect.Effect<unknown, unknown>
    readonly meanwhile: Effect.Effect<unknown, E>
    readonly verify: Effect.Effect<void, E>
  }, E>
): Effect.Effect<void, E> =>
  Effect.gen(function*() {
    let interrupted = 0
    for (let step = 1;; step++) {
      const { meanwhile, verify, victim } = yield* scenario
      const { reached, scheduler } = interruptAt(step)
      const fiber = yield* Effect.fork(Effect.withScheduler(victim, scheduler))
      yield* settle
      yield* meanwhile
      const exit = yield* Fiber.await(fiber)
      yield* settle
      yield* verify
      if (!reached()) {
        assert.isTrue(Exit.isSuccess(exit), "the run without interruption succeeds")
        break
      }
      if (Exit.isInterrupted(exit)) interrupted++
    }
    assert.isAbove(interrupted, 10)
  })

/** Lets every other fiber go as far as it can without time passing. */
export const settle: Effect.Effect<void> = Effect.yieldNow().pipe(Effect.repeatN(20))
