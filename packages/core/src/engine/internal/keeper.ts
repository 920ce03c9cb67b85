import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"

/**
 * Keeps the time of many waits by one fiber, which sleeps until the earliest of them is due: to fork a timer for each would
 * cost more than all else that a request does.
 *
 * @internal
 */
export interface Keeper {
  /** Has `late` called once that time is over. To be left when it does not matter any more. */
  readonly watch: (clock: Clock.Clock, duration: Duration.Duration, late: () => void) => Watch
}

/** @internal */
export interface Watch {
  /** Makes sure that somebody is awake when the time is over; `undefined` where that is so already. */
  readonly begin: Effect.Effect<void> | undefined
  leave(): void
}

// A class, see `docs/decisions`, 12.
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

/** What is waited for by one clock. */
interface Watched {
  readonly waits: Set<Wait>
  /** When the fiber wakes up. */
  alarm: number
  fiber: Fiber.RuntimeFiber<void> | undefined
  isClosed: boolean
}

/**
 * Makes one that keeps time until its scope closes.
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
  // Whoever is interrupted in the middle would leave a fiber that nobody knows of.
  Effect.uninterruptible(Effect.suspend(() => {
    // Another may have been here in between, and sooner.
    if (watched.isClosed || watched.alarm <= at) return Effect.void
    watched.fiber?.unsafeInterruptAsFork(FiberId.none)
    watched.alarm = at
    // A daemon, as others wait for it too.
    return Effect.map(Effect.forkDaemon(Effect.interruptible(keeping(watched, clock))), (fiber) => {
      watched.fiber = fiber
    })
  }))

const keeping = (watched: Watched, clock: Clock.Clock): Effect.Effect<void> =>
  Effect.suspend(() => {
    const left = watched.alarm - millis(clock)
    // Asked again after each sleep: timers end early now and then, and none is longer than 24 days.
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
