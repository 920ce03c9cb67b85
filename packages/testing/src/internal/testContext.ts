import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"

/**
 * Provides the same as Effect's `TestContext`, but builds in 0.3 ms instead of 4 ms. Only the clock is created again,
 * because tests change nothing else. No Layers are merged, because each merge forks two fibers.
 *
 * @internal
 */
export const TestContext: Layer.Layer<TestServices.TestServices> = Layer.build(TestClock.defaultTestClock).pipe(
  Effect.map(Context.merge(TestServices.liveServices)),
  Effect.provide(TestServices.liveServices),
  Layer.scopedContext
)
