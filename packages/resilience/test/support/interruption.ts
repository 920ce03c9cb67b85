import { assert } from "@effect/vitest"
import { Effect, Exit, Fiber, FiberId, Scheduler } from "effect"
import { isWhole } from "./sample.js"

/**
 * Interrupts the first fiber that it runs before the `step`-th operation of that fiber, and yields there so that the
 * interruption takes effect. Fibers forked by it are not interrupted.
 */
export const interruptAt = (step: number) => {
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
 * Runs the victim once for each of its operations, or for every `stride`-th of them, interrupts it before that
 * operation, and verifies each run. `meanwhile` runs concurrently, once the victim has run until it waits.
 */
export const interruptEverywhere = <E>(
  scenario: Effect.Effect<{
    readonly victim: Effect.Effect<unknown, unknown>
    readonly meanwhile: Effect.Effect<unknown, E>
    readonly verify: Effect.Effect<void, E>
  }, E>,
  stride = 1
): Effect.Effect<void, E> =>
  Effect.gen(function*() {
    let interrupted = 0
    for (let step = 1;; step += stride) {
      const { meanwhile, verify, victim } = yield* scenario
      const { reached, scheduler } = interruptAt(step)
      const fiber = yield* Effect.fork(Effect.withScheduler(victim, scheduler))
      yield* settle
      yield* meanwhile
      const exit = yield* Fiber.await(fiber)
      yield* settle
      yield* verify
      if (!reached()) {
        assert.isTrue(Exit.isSuccess(exit), "the run without an interruption must succeed")
        break
      }
      if (Exit.isInterrupted(exit)) interrupted++
    }
    assert.isAbove(interrupted * stride, 10)
  })

/** Interrupts before every operation if the tests run in full, or else before every eleventh. */
export const interruptSampled: typeof interruptEverywhere = (scenario) =>
  interruptEverywhere(scenario, isWhole ? 1 : 11)

/** Lets all other fibers run until they wait, without advancing the clock. */
export const settle: Effect.Effect<void> = Effect.yieldNow().pipe(Effect.repeatN(20))
