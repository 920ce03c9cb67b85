import { Clock, Duration, Effect } from "effect"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/**
 * Creates a clock on which sleeping takes no real time. As soon as all fibers are idle, it jumps to the time at which
 * the next sleeper wakes. It is like a `TestClock` that adjusts itself.
 *
 * **Gotchas**
 *
 * The program must wait for nothing but this clock.
 */
export const skippingClock = (start: number): Clock.Clock => {
  let now = start
  let ticking = false
  const sleepers: Array<Sleeper> = []
  const tick = () => {
    // Waits two turns of the event loop, because a fiber that yields continues from a timer.
    setTimeout(() =>
      setImmediate(() => {
        sleepers.sort((one, other) => one.at - other.at)
        const next = sleepers.shift()
        ticking = sleepers.length > 0
        if (ticking) tick()
        if (next === undefined) return
        now = Math.max(now, next.at)
        next.wake()
      }), 0)
  }
  const millis = () => now
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: millis,
    unsafeCurrentTimeNanos: () => BigInt(Math.floor(now * 1000)) * 1000n,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanos: Effect.sync(() => BigInt(Math.floor(now * 1000)) * 1000n),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const sleeper: Sleeper = { at: now + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        sleepers.push(sleeper)
        if (!ticking) {
          ticking = true
          tick()
        }
        return Effect.sync(() => {
          const index = sleepers.indexOf(sleeper)
          if (index >= 0) sleepers.splice(index, 1)
        })
      })
  }
}
