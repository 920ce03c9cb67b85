import * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { countsAsFailure, type ExchangeError } from "../../model/ExchangeError.js"
import type { Capability } from "../Endpoint.js"
import * as SteadyInstant from "./steadyInstant.js"

/** @internal */
export type Breaker = CircuitBreaker.CircuitBreaker<ExchangeError>

/**
 * One circuit breaker per capability, so that failing public data cannot block a cancel. Each is created on first use:
 * most clients serve one capability, and a breaker is a large part of a client's memory.
 *
 * @internal
 */
export interface Breakers {
  readonly of: (capability: Capability) => Effect.Effect<Breaker>
  /** Runs `use` with the breaker of a capability, without an extra operation once the breaker exists. */
  readonly with: <A, E, R>(
    capability: Capability,
    use: (breaker: Breaker) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** Opens all breakers until an instant in epoch milliseconds, including those that are created later. */
  readonly openUntil: (epochMillis: number) => Effect.Effect<void>
  readonly reset: Effect.Effect<void>
}

/** @internal */
export const make = (
  exchange: string,
  options: Pick<CircuitBreaker.Options<never>, "trip" | "openFor" | "halfOpen"> | undefined
): Breakers => {
  const known = new Map<Capability, Breaker>()
  /** A `SteadyInstant`. */
  let stopped = -Infinity

  const opened = (breaker: Breaker): Effect.Effect<void> =>
    Effect.clockWith((clock) => {
      const until = SteadyInstant.toEpoch(clock, stopped)
      return until > clock.unsafeCurrentTimeMillis() ? breaker.openUntil(until) : Effect.void
    })

  const getOrMake = (capability: Capability): Effect.Effect<Breaker> =>
    CircuitBreaker.make<ExchangeError>({ ...options, name: `${exchange}.${capability}`, classify }).pipe(
      Effect.map((made) => {
        const found = known.get(capability) ?? made
        known.set(capability, found)
        return found
      }),
      Effect.tap(opened)
    )

  const withBreaker: Breakers["with"] = (capability, use) => {
    const found = known.get(capability)
    return found === undefined ? Effect.flatMap(getOrMake(capability), use) : use(found)
  }

  const all = (f: (breaker: Breaker) => Effect.Effect<void>): Effect.Effect<void> =>
    Effect.suspend(() => Effect.forEach(known.values(), f, { discard: true }))

  return {
    of: (capability) => Effect.suspend(() => withBreaker(capability, Effect.succeed)),
    with: withBreaker,
    openUntil: (epochMillis) =>
      Effect.clockWith((clock) => {
        stopped = Math.max(stopped, SteadyInstant.fromEpoch(clock, epochMillis))
        return all((breaker) => breaker.openUntil(epochMillis))
      }),
    reset: Effect.suspend(() => {
      stopped = -Infinity
      return all((breaker) => breaker.reset)
    })
  }
}

const classify = (exit: Exit.Exit<unknown, ExchangeError>): CircuitBreaker.Verdict => {
  if (Exit.isSuccess(exit)) return "success"
  return Option.match(Cause.failureOption(exit.cause), {
    // A defect. Interruption alone never gets here.
    onNone: () => "failure",
    onSome: (error) => {
      // A ban opens the breakers of all capabilities by `openUntil`, for `maxPause` at most.
      return countsAsFailure(error) ? "failure" : "ignore"
    }
  })
}
