import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Scheduler from "effect/Scheduler"
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

// Before each sleep that ends, the clock compares the states of all supervised fibers four times, waits for three timers
// of a millisecond between them, and forks a fiber that would warn about a fiber that never suspends. `@effect/vitest`
// supervises no fibers, so only the waiting has an effect: it lets all other fibers run until they suspend.
const advanceFaster = (clock: TestClock.TestClock): void => {
  if (Predicate.hasProperty(clock, "awaitSuspended")) clock.awaitSuspended = () => settled
}

// Fibers run in microtasks, which end before the next turn of the event loop, unless the scheduler waits for a timer
// after many of them.
const isBusy = (scheduler: Scheduler.Scheduler): boolean =>
  Predicate.hasProperty(scheduler, "running") && scheduler.running === true

const settled = Effect.async<void>((resume) => {
  const turn = (quiet: number): void => {
    if (quiet === 3) resume(Effect.void)
    else setImmediate(() => turn(isBusy(Scheduler.defaultScheduler) ? 0 : quiet + 1))
  }
  turn(0)
})
