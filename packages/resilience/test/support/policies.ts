import { Backoff, CircuitBreaker, RateLimiter, Trip } from "@effect-exchange/resilience"
import { Effect, Schedule } from "effect"

export const late = { duration: "1 second", onTimeout: () => "late" as const } as const
export const over = { duration: "10 seconds", onTimeout: () => "over" as const } as const
export const down = Effect.fail("down" as const)
export const safe = { idempotency: "safe" } as const
export const retry = { attempts: 3, backoff: Backoff.none({ base: 100, max: 100 }) }

export const tenPerMinute = RateLimiter.make({ name: "Policy.test", limit: 10, window: "1 minute" })

export const fragile = CircuitBreaker.make({
  name: "Policy.test",
  trip: Trip.consecutive(1),
  openFor: Schedule.spaced("30 seconds")
})

/** Counts how often an effect has started and ended. */
export const counted = <A, E>(effect: Effect.Effect<A, E>) => {
  const counts = { started: 0, ended: 0 }
  const counting = Effect.suspend(() => {
    counts.started++
    return Effect.ensuring(effect, Effect.sync(() => counts.ended++))
  })
  return { counts, counting }
}
