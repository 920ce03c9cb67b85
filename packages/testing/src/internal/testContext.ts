import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"

/**
 * @internal What Effect's `TestContext` gives, built in 0.3 ms instead of 4: only the clock is made anew, as only it is changed by a
 * test, and nothing is merged, as each merge of Layers forks two fibers.
 */
export const TestContext: Layer.Layer<TestServices.TestServices> = Layer.build(TestClock.defaultTestClock).pipe(
  Effect.map(Context.merge(TestServices.liveServices)),
  Effect.provide(TestServices.liveServices),
  Layer.scopedContext
)
