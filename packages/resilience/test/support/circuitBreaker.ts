import { CircuitBreaker, Trip } from "@effect-exchange/resilience"
import { assert } from "@effect/vitest"
import { Deferred, Duration, Effect, type Exit, Fiber, Schedule } from "effect"

export const boom = Effect.fail("boom")

/** Trips at the first failure, and opens for 1 second, doubled each time without jitter. */
export const make = (options?: Partial<CircuitBreaker.Options<unknown>>) =>
  CircuitBreaker.make({
    name: "test",
    trip: Trip.consecutive(1),
    openFor: Schedule.exponential("1 second"),
    ...options
  })

/** A breaker that has just opened. */
export const opened = (options?: Partial<CircuitBreaker.Options<unknown>>) =>
  Effect.tap(make(options), (breaker) => Effect.exit(breaker.protect(boom)))

/** Starts a call that stays in flight until `end` is run. */
export const inFlight = (breaker: CircuitBreaker.CircuitBreaker) =>
  Effect.gen(function*() {
    const started = yield* Deferred.make<void>()
    const gate = yield* Deferred.make<void, string>()
    const fiber = yield* Effect.fork(
      breaker.protect(Effect.zipRight(Deferred.succeed(started, undefined), Deferred.await(gate)))
    )
    yield* Deferred.await(started)
    const end = (exit: Exit.Exit<void, string>) => Effect.zipRight(Deferred.done(gate, exit), Fiber.await(fiber))
    return { fiber, end }
  })

export const tag = (breaker: CircuitBreaker.CircuitBreaker) => Effect.map(breaker.state, (state) => state._tag)

export const retryAfter = (breaker: CircuitBreaker.CircuitBreaker) =>
  Effect.map(
    breaker.state,
    (state) => state._tag === "Open" ? Duration.toMillis(state.retryAfter) : assert.fail(`was ${state._tag}`)
  )
