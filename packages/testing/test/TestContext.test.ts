import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"

describe("the test clock of this repository", () => {
  it.effect("lets other fibers run until they suspend, even if they yield thousands of times", () =>
    Effect.gen(function*() {
      // After some thousand yields in a row, the scheduler continues after a timer.
      const yields = Effect.repeatN(Effect.yieldNow(), 3000)
      let ended = 0
      const run = Effect.zipRight(yields, Effect.sync(() => ended++))
      for (let round = 1; round <= 6; round++) {
        yield* Effect.fork(run)
        yield* Effect.fork(Effect.delay(run, "1 second"))
        yield* TestClock.adjust("1 second")
        assert.strictEqual(ended, 2 * round)
      }
    }))
})
