import {
  Backoff,
  Bulkhead,
  Chaos,
  CircuitBreaker,
  Deadline,
  Fallback,
  Hedge,
  Idempotent,
  KeyedCircuitBreaker,
  Policy,
  RateLimiter,
  Retry,
  RetryBudget,
  Timeout,
  Trip,
  Window
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Cause, type Duration, Effect, Exit, Option } from "effect"

const onTimeout = () => "late"
const budget = {
  deposit: Effect.void,
  withdraw: Effect.succeed(true),
  succeeded: Effect.void,
  failed: Effect.void,
  balance: Effect.succeed(1)
}
const call = Idempotent.mark(Effect.fail("down"))
const hedge = (options: Pick<Hedge.Options<unknown>, "delay">) => Hedge.make({ name: "test", budget, ...options })
const percentile = { percentile: 0.9, initial: 1 }

const isEffect = (u: unknown): u is Effect.Effect<unknown, unknown> => Effect.isEffect(u)

/** Every option of the package that is a duration, except those of rate limiters that must be longer than 0. */
const options: Record<string, (duration: Duration.DurationInput) => unknown> = {
  "Backoff base": (base) => Backoff.full({ base, max: 1 }),
  "Backoff max": (max) => Backoff.decorrelated({ base: 1, max }),
  "Bulkhead maxWait": (maxWait) => Bulkhead.make({ name: "test", permits: 1, maxWait }),
  "Bulkhead maxWait of a call": (maxWait) =>
    Effect.flatMap(
      Bulkhead.make({ name: "test", permits: 1 }),
      (bulkhead) => bulkhead.withPermit(bulkhead.withPermit(Effect.void, { maxWait }))
    ),
  "Bulkhead slowAfter": (slowAfter) => Bulkhead.aimd({ slowAfter }),
  "Chaos min": (min) => Chaos.latency({ rate: 1, min, max: "1 hour" }),
  "Chaos max": (max) => Chaos.latency({ rate: 1, min: 0, max }),
  "CircuitBreaker halfOpen.timeout": (timeout) => CircuitBreaker.make({ name: "test", halfOpen: { timeout } }),
  "Deadline.within": (duration) => Deadline.within(Effect.void, duration),
  "Fallback maxAge": (maxAge) => Fallback.lastKnown({ maxAge }),
  "Hedge delay": (delay) => hedge({ delay }),
  "Hedge initial": (initial) => hedge({ delay: { ...percentile, initial } }),
  "Hedge window": (window) => hedge({ delay: { ...percentile, window } }),
  "KeyedCircuitBreaker idleTimeToLive": (idleTimeToLive) =>
    KeyedCircuitBreaker.make(() => ({ name: "test" }), { idleTimeToLive }),
  "Policy deadline": (duration) => Policy.make({ name: "test", deadline: { duration, onTimeout } }),
  "Policy attemptTimeout": (duration) => Policy.make({ name: "test", attemptTimeout: { duration, onTimeout } }),
  "Policy retry.elapsed": (elapsed) => Policy.make({ name: "test", retry: { elapsed } }),
  "RateLimiter maxWait": (maxWait) => RateLimiter.make({ name: "test", limit: 1, window: 1, maxWait }),
  "RateLimiter maxWait of a call": (maxWait) =>
    Effect.flatMap(
      RateLimiter.make({ name: "test", limit: 1, window: 1 }),
      (limiter) => limiter.reserve(1, { maxWait })
    ),
  "Retry elapsed": (elapsed) => Retry.retry(call, { elapsed }),
  "Retry spread": (spread) => Retry.schedule({ spread, retryAfter: () => Option.none() }),
  "RetryBudget timeToLive": (timeToLive) => RetryBudget.make({ timeToLive }),
  "Timeout.attempt": (duration) => Timeout.attempt(Effect.void, { duration, onTimeout }),
  "Timeout.deadline": (duration) => Timeout.deadline(Effect.void, { duration, onTimeout }),
  "Trip slowCallRate": (duration) => Trip.slowCallRate({ duration }),
  "Trip slowAfter": (slowAfter) => Trip.make(() => assert.fail(), { slowAfter }),
  "Window.time": (duration) => Window.time(duration)
}

describe("An invalid duration is a RangeError that names the option", () => {
  for (const [name, make] of Object.entries(options)) {
    it.effect(name, () =>
      Effect.gen(function*() {
        for (const invalid of [Number.NaN, -1, -1n, "-1 seconds", [Number.NaN, 0], [-1, 0]] as const) {
          const exit = yield* Effect.exit(Effect.suspend(() => {
            const made = make(invalid)
            return isEffect(made) ? Effect.orDie(made) : Effect.succeed(made)
          }))
          const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : assert.fail(`accepted ${String(invalid)}`)
          assert.instanceOf(error, RangeError)
          assert.match(error.message, /^[A-Z].+ must be a duration of at least 0, got /)
        }
      }))
  }
})
