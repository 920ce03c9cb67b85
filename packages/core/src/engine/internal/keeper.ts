import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"

/**
 * Tracks the timeouts of many requests by one fiber, which sleeps until the earliest is due. A timer fiber for each
 * request would cost more than everything else that a request does.
 *
 * @internal
 */
export interface Keeper {
  /** Calls `late` once when the duration has passed. Call `leave` when the timeout no longer matters. */
  readonly watch: (clock: Clock.Clock, duration: Duration.Duration, late: () => void) => Watch
}

/** @internal */
export interface Watch {
  /** Ensures that the timer fiber wakes up in time. `undefined` if it already will. */
  readonly begin: Effect.Effect<void> | undefined
  leave(): void
}

// A class rather than a literal: see decision 12 in `docs/decisions`.
class Wait implements Watch {
  readonly due: number
  readonly late: () => void
  readonly begin: Effect.Effect<void> | undefined
  private readonly all: Set<Wait>

  constructor(all: Set<Wait>, due: number, late: () => void, begin: Effect.Effect<void> | undefined) {
    this.all = all
    this.due = due
    this.late = late
    this.begin = begin
    all.add(this)
  }

  leave(): void {
    this.all.delete(this)
  }
}

/** The timeouts that one clock measures. */
interface Watched {
  readonly waits: Set<Wait>
  /** When the fiber wakes up. */
  alarm: number
  fiber: Fiber.RuntimeFiber<void> | undefined
  isClosed: boolean
}

/**
 * Makes a keeper that works until its scope closes.
 *
 * @internal
 */
export const make: Effect.Effect<Keeper, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => new Set<Watched>()),
    (all) =>
      Effect.sync(() => {
        for (const watched of all) {
          watched.isClosed = true
          watched.fiber?.unsafeInterruptAsFork(FiberId.none)
        }
      })
  ),
  (all): Keeper => {
    const known = new WeakMap<Clock.Clock, Watched>()
    const watchedBy = (clock: Clock.Clock): Watched => {
      const found = known.get(clock)
      if (found !== undefined) return found
      const made: Watched = { waits: new Set(), alarm: Number.POSITIVE_INFINITY, fiber: undefined, isClosed: false }
      known.set(clock, made)
      all.add(made)
      return made
    }
    return {
      watch: (clock, duration, late) => {
        const watched = watchedBy(clock)
        const due = millis(clock) + Duration.toMillis(duration)
        return new Wait(watched.waits, due, late, due < watched.alarm ? awake(watched, clock, due) : undefined)
      }
    }
  }
)

const millis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6

const awake = (watched: Watched, clock: Clock.Clock, at: number): Effect.Effect<void> =>
  // Uninterruptible: an interruption halfway would leak the timer fiber.
  Effect.uninterruptible(Effect.suspend(() => {
    // Another request may have set an earlier alarm in the meantime.
    if (watched.isClosed || watched.alarm <= at) return Effect.void
    watched.fiber?.unsafeInterruptAsFork(FiberId.none)
    watched.alarm = at
    // A daemon, because other requests depend on it as well.
    return Effect.map(Effect.forkDaemon(Effect.interruptible(keeping(watched, clock))), (fiber) => {
      watched.fiber = fiber
    })
  }))

const keeping = (watched: Watched, clock: Clock.Clock): Effect.Effect<void> =>
  Effect.suspend(() => {
    const left = watched.alarm - millis(clock)
    // Checked again after each sleep: timers sometimes fire early, and none can be longer than 24 days.
    if (left > 0) {
      const sleep = clock.sleep(Duration.millis(Math.min(Math.max(1, Math.ceil(left)), 2 ** 31 - 1)))
      return Effect.zipRight(sleep, keeping(watched, clock))
    }
    watched.alarm = Number.POSITIVE_INFINITY
    const now = millis(clock)
    for (const wait of watched.waits) {
      if (wait.due > now) watched.alarm = Math.min(watched.alarm, wait.due)
      else {
        wait.leave()
        wait.late()
      }
    }
    return watched.alarm === Number.POSITIVE_INFINITY ? Effect.void : keeping(watched, clock)
  })
