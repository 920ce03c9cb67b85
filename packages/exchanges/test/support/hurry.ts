import { Clock, Duration, Effect } from "effect"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/**
 * A clock on which nobody waits: as soon as all that runs has come to rest, it is when the next sleeper wants to wake. As
 * `TestClock`, but driven by itself. Nothing that runs may wait for anything but this clock.
 */
export const hurried = (start: number): Clock.Clock => {
  let now = start
  let ticking = false
  const sleepers: Array<Sleeper> = []
  const tick = () => {
    // Twice around the event loop: fibers that make way for others go on from a timer.
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
