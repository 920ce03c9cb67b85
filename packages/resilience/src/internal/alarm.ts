/**
 * An alarm: at most one fiber, which sleeps until an instant of the monotonic clock and then runs an effect. There is
 * no fiber while no instant is set.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { monotonic, nanosToTimerMillis } from "./time.js"

/** @internal */
export interface Alarm {
  /** Sets the alarm to exactly this instant, or turns it off. */
  readonly set: (at: bigint | undefined) => Effect.Effect<void>
  /**
   * Sets the alarm to ring no later than this instant, or turns it off. An alarm that is set to ring sooner is left
   * alone, which is cheap, so the effect must check whether its time has come.
   */
  readonly within: (at: bigint | undefined) => Effect.Effect<void>
}

/** @internal */
export const make = (ring: Effect.Effect<void>): Alarm => {
  let armed: Armed | undefined

  const run = (mine: Armed): Effect.Effect<void> =>
    Effect.clockWith((clock) => {
      if (armed !== mine) return Effect.void
      const left = mine.at - monotonic(clock)
      // Checked again after each sleep: timers sometimes end early, and none is longer than 24 days.
      if (left > 0n) {
        return Effect.zipRight(clock.sleep(Duration.millis(nanosToTimerMillis(left))), run(mine))
      }
      // Cleared before it rings: the effect may set the next alarm, which must not interrupt the effect.
      armed = undefined
      return Effect.uninterruptible(ring)
    })

  const set = (at: bigint | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (armed?.at === at) return Effect.void
      armed?.fiber?.unsafeInterruptAsFork(FiberId.none)
      armed = undefined
      if (at === undefined) return Effect.void
      const mine: Armed = { at, fiber: undefined }
      armed = mine
      // A daemon, because the fiber that sets the alarm may end before others that depend on it.
      return Effect.map(Effect.forkDaemon(Effect.interruptible(run(mine))), (fiber) => {
        if (armed === mine) mine.fiber = fiber
        else fiber.unsafeInterruptAsFork(FiberId.none)
      })
    })

  return {
    set,
    within: (at) =>
      Effect.suspend(() => at !== undefined && armed !== undefined && armed.at <= at ? Effect.void : set(at))
  }
}

interface Armed {
  readonly at: bigint
  fiber: Fiber.RuntimeFiber<void> | undefined
}
