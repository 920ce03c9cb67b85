import * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { countsAsFailure, type ExchangeError } from "../../model/ExchangeError.js"
import type { Capability } from "../Endpoint.js"

/**
 * A circuit for each capability, so that failing public data cannot stop a cancel.
 *
 * @internal
 */
export type Breakers = { readonly [C in Capability]: CircuitBreaker.CircuitBreaker<ExchangeError> }

/** @internal */
export const make = (
  exchange: string,
  options: Pick<CircuitBreaker.Options<never>, "trip" | "openFor" | "halfOpen"> | undefined
): Effect.Effect<Breakers> => {
  const breaker = (capability: Capability) =>
    CircuitBreaker.make<ExchangeError>({ ...options, name: `${exchange}.${capability}`, classify })
  return Effect.all({
    marketData: breaker("marketData"),
    account: breaker("account"),
    trading: breaker("trading")
  })
}

const classify = (exit: Exit.Exit<unknown, ExchangeError>): CircuitBreaker.Verdict => {
  if (Exit.isSuccess(exit)) return "success"
  return Option.match(Cause.failureOption(exit.cause), {
    // A defect: interruption alone never comes here.
    onNone: () => "failure",
    onSome: (error) => {
      // A ban opens the circuits of all capabilities from elsewhere, and not for longer than the exchange may ask for.
      return countsAsFailure(error) ? "failure" : "ignore"
    }
  })
}
