import * as Stop from "@effect-exchange/cli/Stop"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FiberId } from "effect"
import { interruptAt } from "../../resilience/test/support/interruption.js"

describe("Stop", () => {
  for (const [name, until] of [["abort", Stop.abort], ["end", Stop.end]] as const) {
    it.effect(`${name} ends wherever it is interrupted`, () =>
      Effect.gen(function*() {
        const stopped: Array<boolean> = []
        for (let step = 1; step <= 40; step++) {
          const fiber = yield* Effect.forkDaemon(
            until(Effect.never).pipe(
              Effect.provideService(Stop.Stop, Effect.never),
              Effect.withScheduler(interruptAt(step).scheduler)
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
