import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"

/**
 * Provides the same as Effect's `TestContext`, but builds in 0.3 ms instead of 4 ms. Only the clock is created again,
 * because tests change nothing else. No Layers are merged, because each merge forks two fibers.
 *
 * @internal
 */
export const TestContext: Layer.Layer<TestServices.TestServices> = Layer.build(TestClock.defaultTestClock).pipe(
  Effect.tap((context) => Effect.sync(() => advanceFaster(Context.get(context, TestClock.TestClock)))),
  Effect.map(Context.merge(TestServices.liveServices)),
  Effect.provide(TestServices.liveServices),
  Layer.scopedContext
)

// Before each sleep that ends, the clock waits for three timers, compares the states of all supervised fibers before
// and after each, and forks a fiber that would warn about a fiber that never suspends. `@effect/vitest` supervises no
// fibers, so only the waiting has an effect. Turns of the event loop without a timer are not enough: after 2,048 yields
// in a row a fiber continues after a timer.
const advanceFaster = (clock: TestClock.TestClock): void => {
  if (!Predicate.hasProperty(clock, "awaitSuspended")) throw new Error("TestClock has no awaitSuspended any more")
  clock.awaitSuspended = () => threeTimers
}

const threeTimers = Effect.repeatN(Clock.make().sleep(Duration.zero), 2)
