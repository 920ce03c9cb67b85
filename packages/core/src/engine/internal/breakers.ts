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
 * The requests that one breaker judges: those of a capability, or the reads that a change of an order needs.
 *
 * @internal
 */
export type Circuit = Capability | "trading.reads"

/**
 * Returns the circuit of a request, by its capability and the lane in which it queues.
 *
 * @internal
 */
export const circuitOf = (capability: Capability, lane: Capability): Circuit =>
  lane === "trading" && capability !== "trading" ? "trading.reads" : capability

/**
 * One circuit breaker per circuit, so that failing public data or other reads cannot block a cancel. Each is created on
 * first use: most clients serve one capability, and a breaker is a large part of a client's memory.
 *
 * @internal
 */
export interface Breakers {
  readonly of: (circuit: Circuit) => Effect.Effect<Breaker>
  /** Runs `use` with the breaker of a circuit, without an extra operation once the breaker exists. */
  readonly with: <A, E, R>(
    circuit: Circuit,
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
  const known = new Map<Circuit, Breaker>()
  /** A `SteadyInstant`. */
  let stopped = -Infinity

  const opened = (breaker: Breaker): Effect.Effect<void> =>
    Effect.clockWith((clock) => {
      const until = SteadyInstant.toEpoch(clock, stopped)
      return until > clock.unsafeCurrentTimeMillis() ? breaker.openUntil(until) : Effect.void
    })

  const getOrMake = (circuit: Circuit): Effect.Effect<Breaker> =>
    CircuitBreaker.make<ExchangeError>({ ...options, name: `${exchange}.${circuit}`, classify }).pipe(
      Effect.map((made) => {
        const found = known.get(circuit) ?? made
        known.set(circuit, found)
        return found
      }),
      Effect.tap(opened)
    )

  const withBreaker: Breakers["with"] = (circuit, use) => {
    const found = known.get(circuit)
    return found === undefined ? Effect.flatMap(getOrMake(circuit), use) : use(found)
  }

  const all = (f: (breaker: Breaker) => Effect.Effect<void>): Effect.Effect<void> =>
    Effect.suspend(() => Effect.forEach(known.values(), f, { discard: true }))

  return {
    of: (circuit) => Effect.suspend(() => withBreaker(circuit, Effect.succeed)),
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
      // A ban opens all breakers by `openUntil`, for `maxPause` at most.
      return countsAsFailure(error) ? "failure" : "ignore"
    }
  })
}
