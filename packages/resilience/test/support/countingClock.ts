import { Clock, Effect } from "effect"

/**
 * Runs effects with the current clock and counts the sleeps that were started and those that are in progress.
 * (`TestClock.sleeps` also lists sleeps that were interrupted.)
 */
export const countingClock: Effect.Effect<{
  readonly timers: { slept: number; sleeping: number }
  readonly counted: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}> = Effect.clockWith((clock) => {
  const timers = { slept: 0, sleeping: 0 }
  const counting: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
    unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
    currentTimeMillis: clock.currentTimeMillis,
    currentTimeNanos: clock.currentTimeNanos,
    sleep: (duration) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          timers.slept++
          timers.sleeping++
        }),
        () => clock.sleep(duration),
        () => Effect.sync(() => timers.sleeping--)
      )
  }
  return Effect.succeed({ timers, counted: Effect.withClock(counting) })
})
