import { Clock, Duration, Effect } from "effect"

/** A manual clock whose wall-clock time can be stepped without changing its monotonic time. */
export const manualClock = () => {
  let monotonic = 5_000
  let wall = 1_700_000_000_000
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>()
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => wall,
    unsafeCurrentTimeNanos: () => BigInt(monotonic) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => wall),
    currentTimeNanos: Effect.sync(() => BigInt(monotonic) * 1_000_000n),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const sleeper = { until: monotonic + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        sleepers.add(sleeper)
        return Effect.sync(() => sleepers.delete(sleeper))
      })
  }
  return {
    clock,
    wall: () => wall,
    advance: (millis: number) => {
      monotonic += millis
      wall += millis
      for (const sleeper of sleepers) {
        if (sleeper.until > monotonic) continue
        sleepers.delete(sleeper)
        sleeper.wake()
      }
    },
    stepWall: (millis: number) => {
      wall += millis
    },
    stepMonotonic: (millis: number) => {
      monotonic += millis
    },
    sleeping: () => sleepers.size
  }
}
