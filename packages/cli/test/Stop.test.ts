import * as Stop from "@effect-exchange/cli/Stop"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FiberId, Scheduler } from "effect"

/** Interrupts the first fiber that it runs before the `step`-th operation of that fiber, and yields there. */
const interruptAt = (step: number): Scheduler.Scheduler => {
  let steps = 0
  let victim: unknown
  return {
    shouldYield: (fiber) => {
      victim ??= fiber
      if (fiber !== victim || ++steps !== step) return false
      fiber.unsafeInterruptAsFork(FiberId.none)
      return 0
    },
    scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
}

describe("Stop", () => {
  for (const [name, until] of [["abort", Stop.abort], ["end", Stop.end]] as const) {
    it.effect(`${name} ends wherever it is interrupted`, () =>
      Effect.gen(function*() {
        const stopped: Array<boolean> = []
        for (let step = 1; step <= 40; step++) {
          const fiber = yield* Effect.forkDaemon(
            until(Effect.never).pipe(
              Effect.provideService(Stop.Stop, Effect.never),
              Effect.withScheduler(interruptAt(step))
            )
          )
          yield* Effect.repeatN(Effect.yieldNow(), 20)
          fiber.unsafeInterruptAsFork(FiberId.none)
          yield* Effect.repeatN(Effect.yieldNow(), 20)
          stopped.push(fiber.unsafePoll() !== null)
        }
        assert.notInclude(stopped, false)
      }))
  }
})
