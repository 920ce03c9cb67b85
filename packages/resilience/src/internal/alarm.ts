/**
 * At most one fiber, which sleeps until an instant of the monotonic clock and then runs an effect. There is no fiber
 * while there is no instant to wait for.
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
  /** Rings at that instant and no other, or not at all. */
  readonly set: (at: bigint | undefined) => Effect.Effect<void>
  /**
   * Rings at that instant at the latest, or not at all: one that was set to ring sooner is left alone, which is cheap.
   * What rings must ask whether it is time.
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
      // Asked again after each sleep: timers end early now and then, and none is longer than 24 days.
      if (left > 0n) {
        return Effect.zipRight(clock.sleep(Duration.millis(nanosToTimerMillis(left))), run(mine))
      }
      // Forgotten before it rings: what rings may set the next one, and must not be interrupted by that.
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
      // A daemon, since who happens to set it may leave before others for whom it matters.
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
