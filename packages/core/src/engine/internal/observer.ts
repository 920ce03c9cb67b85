import type * as Policy from "@effect-exchange/resilience/Policy"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { countsAsFailure, type ExchangeError } from "../../model/ExchangeError.js"
import { AttemptObserver, attributes } from "../../ports/Telemetry.js"
import type { Capability, Cost, Endpoint } from "../Endpoint.js"
import type { Breakers } from "./breakers.js"
import type { KeyLimits } from "./limits.js"
import type { Meters } from "./meters.js"
import type { Vitals } from "./vitals.js"

/**
 * @internal
 */
export interface Observed {
  readonly endpoint: Endpoint<Capability, never, unknown>
  readonly about: { readonly exchange: string; readonly operation: string }
  readonly cost: Cost
  readonly attempt: number
}

/**
 * Sees operations, attempts and retries: spans, metrics, logs, and what failures mean for the gates.
 *
 * @internal
 */
export interface Observer {
  readonly operation: (
    name: string
  ) => <A, E extends ExchangeError, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly attempt: <A, R>(
    call: Observed,
    limits: KeyLimits,
    self: Effect.Effect<A, ExchangeError, R>
  ) => Effect.Effect<A, ExchangeError, R>
  readonly retry: (
    operation: string,
    delay: Duration.Duration,
    error: ExchangeError | Policy.Refusal
  ) => Effect.Effect<void>
}

/** @internal */
export const make = (client: {
  readonly exchange: string
  readonly environment: string
  readonly host: string
  /** How long the exchange may stop calls at most, in milliseconds. */
  readonly maxPause: number
  readonly meters: Meters
  readonly vitals: Vitals
  readonly breakers: Breakers
}): Observer => {
  const { breakers, environment, exchange, meters, vitals } = client

  const learnFrom = (call: Observed, limits: KeyLimits, error: ExchangeError): Effect.Effect<void> => {
    switch (error._tag) {
      case "RateLimited":
        return Effect.flatMap(
          Clock.currentTimeMillis,
          (now) => limits.pause(call.cost, now + Duration.toMillis(error.retryAfter))
        )
      case "Banned":
        // A ban is of the address or the key, so it holds for every capability.
        return Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const until = Math.min(error.until, now + client.maxPause)
          return Effect.zipRight(
            vitals.banned(until),
            Effect.forEach(Object.values(breakers), (breaker) => breaker.openUntil(until), { discard: true })
          )
        })
      default:
        return countsAsFailure(error) ? vitals.failed(error) : Effect.void
    }
  }

  const ended = (
    call: Observed,
    limits: KeyLimits,
    exit: Exit.Exit<unknown, ExchangeError>,
    nanos: bigint
  ): Effect.Effect<void> => {
    const { operation } = call.about
    const error = Exit.isSuccess(exit) ? Option.none() : Cause.failureOption(exit.cause)
    return Effect.gen(function*() {
      const outcome = outcomeOf(exit)
      yield* meters.attemptEnded(operation, outcome, Number(nanos) / 1e9)
      if (Exit.isSuccess(exit)) yield* vitals.succeeded
      else yield* Effect.annotateCurrentSpan(attributes.error, outcome)
      if (Option.isSome(error)) yield* learnFrom(call, limits, error.value)
      const observe = yield* AttemptObserver
      // Whoever watches changes nothing: not even by dying.
      yield* Effect.catchAllCause(
        Effect.suspend(() =>
          observe({
            exchange,
            operation,
            attempt: call.attempt,
            duration: Duration.nanos(nanos),
            error: Exit.isSuccess(exit) ? undefined : outcome
          })
        ),
        () => Effect.logWarning("An AttemptObserver failed")
      )
    })
  }

  const operationAttributes = { [attributes.exchange]: exchange, [attributes.environment]: environment }

  return {
    operation: (name) => (self) =>
      timed(self, (exit, nanos) => meters.requestEnded(name, outcomeOf(exit), Number(nanos) / 1e9)).pipe(
        Effect.annotateLogs({ exchange, environment, operation: name }),
        Effect.withSpan(`${exchange}.${name}`, { attributes: operationAttributes, captureStackTrace: false })
      ),
    attempt: (call, limits, self) =>
      timed(self, (exit, nanos) => ended(call, limits, exit, nanos)).pipe(
        Effect.withSpan("attempt", {
          kind: "client",
          captureStackTrace: false,
          attributes: {
            [attributes.attempt]: call.attempt,
            [attributes.method]: call.endpoint.method,
            [attributes.host]: client.host,
            [attributes.template]: call.endpoint.path
          }
        })
      ),
    retry: (operation, delay, error) =>
      Effect.zipRight(
        meters.retried(operation, error._tag),
        Effect.logDebug("Trying again", {
          delayMillis: Math.round(Duration.toMillis(delay)),
          reason: error.message
        })
      )
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, ExchangeError>): string =>
  Exit.match(exit, {
    onSuccess: () => "none",
    onFailure: (cause) => {
      const error = Cause.failureOption(cause)
      if (Option.isSome(error)) return error.value._tag
      return Cause.isInterruptedOnly(cause) ? "Interrupted" : "Defect"
    }
  })

const timed = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  record: (exit: Exit.Exit<A, E>, nanos: bigint) => Effect.Effect<void>
): Effect.Effect<A, E, R> =>
  Effect.clockWith((clock) => {
    const began = clock.unsafeCurrentTimeNanos()
    return Effect.onExit(self, (exit) => Effect.suspend(() => record(exit, clock.unsafeCurrentTimeNanos() - began)))
  })
