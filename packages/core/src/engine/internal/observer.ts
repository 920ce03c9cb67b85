import type * as Policy from "@effect-exchange/resilience/Policy"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { countsAsFailure, type ExchangeError } from "../../model/ExchangeError.js"
import { AttemptObserver, attributes } from "../../ports/Telemetry.js"
import type { Capability, Cost, Endpoint } from "../Endpoint.js"
import type { Breakers } from "./breakers.js"
import {
  annotated,
  clockOf,
  inSpan,
  isTraced,
  methodSpan,
  onExit,
  outcomeOf,
  recordSpan,
  type Running,
  spanAttributes,
  spanned,
  type Status,
  withFiber
} from "./frame.js"
import type { KeyLimits } from "./limits.js"
import type { Meters } from "./meters.js"
import type { Vitals } from "./vitals.js"

/**
 * The attempt that is observed: what it calls, what it costs, and which attempt of the operation it is.
 *
 * @internal
 */
export interface Observed {
  readonly endpoint: Endpoint<Capability, never, unknown>
  readonly about: { readonly exchange: string; readonly operation: string }
  readonly cost: Cost
  readonly attempt: number
  /** The span of the latest attempt, if a tracer is installed. */
  span: Tracer.Span | undefined
}

/**
 * Observes operations, attempts and retries. Reports them by spans, metrics and logs, and applies what failures mean
 * for the gates.
 *
 * @internal
 */
export interface Observer {
  readonly operation: <A, E extends ExchangeError, R>(
    endpoint: Pick<Endpoint<Capability, never, unknown>, "name" | "auth">,
    self: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** Adds log annotations that identify the operation. */
  readonly logging: (operation: string, self: Effect.Effect<void>) => Effect.Effect<void>
  readonly attempt: <A, R>(
    fiber: Running,
    status: Status,
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
  /** The longest time that the exchange may stop calls, in milliseconds. */
  readonly maxPause: number
  readonly meters: Meters
  readonly vitals: Vitals
  readonly breakers: Breakers
  /** Whether neither the transport nor the limits of an unsigned request log anything themselves. */
  readonly isQuiet: boolean
}): Observer => {
  const { breakers, environment, exchange, meters, vitals } = client

  const learnFrom = (call: Observed, limits: KeyLimits, error: ExchangeError): Effect.Effect<void> | undefined => {
    switch (error._tag) {
      case "RateLimited":
        return Effect.flatMap(
          Clock.currentTimeMillis,
          (now) => limits.pause(call.cost, now + Duration.toMillis(error.retryAfter))
        )
      case "Banned":
        // A ban covers the address or the key, and so every capability.
        return Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const until = Math.min(error.until, now + client.maxPause)
          return Effect.zipRight(
            vitals.banned(until),
            breakers.openUntil(until)
          )
        })
      default:
        return countsAsFailure(error) ? vitals.failed(error) : undefined
    }
  }

  const learnt = (call: Observed, limits: KeyLimits, error: ExchangeError): Effect.Effect<void> | undefined => {
    const learning = learnFrom(call, limits, error)
    return learning === undefined ? undefined : logging(call.about.operation, learning)
  }

  const ended = (
    fiber: Running,
    call: Observed,
    limits: KeyLimits,
    exit: Exit.Exit<unknown, ExchangeError>,
    nanos: bigint
  ): Effect.Effect<void> | undefined => {
    const { operation } = call.about
    const outcome = outcomeOf(exit)
    meters.attemptEnded(fiber, operation, outcome, Number(nanos) / 1e9)
    if (Exit.isSuccess(exit)) vitals.succeeded(clockOf(fiber).unsafeCurrentTimeMillis())
    else call.span?.attribute(attributes.error, outcome)
    const error = Exit.isSuccess(exit) ? Option.none() : Cause.failureOption(exit.cause)
    const learning = Option.isSome(error) ? learnt(call, limits, error.value) : undefined
    const observe = Context.get(fiber.currentContext, AttemptObserver)
    if (observe === noObserver) return learning
    // An observer must not change the outcome, not even by a defect.
    const observing = Effect.catchAllCause(
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
    return learning === undefined ? observing : Effect.zipRight(learning, observing)
  }

  const known = new Map<string, HashMap.HashMap<string, unknown>>()
  const annotationsOf = (operation: string): HashMap.HashMap<string, unknown> => {
    const found = known.get(operation)
    if (found !== undefined) return found
    const made = HashMap.fromIterable(Object.entries({ exchange, environment, operation }))
    known.set(operation, made)
    return made
  }

  const logging: Observer["logging"] = (operation, self) =>
    withFiber((_, status) => annotated(status, self, annotationsOf(operation), () => {}))

  /** Whether an attempt runs no code of others, which may log or make spans and needs the context for that. */
  const runsOnlyOwnCode = (fiber: Running): boolean =>
    client.isQuiet && Context.get(fiber.currentContext, AttemptObserver) === noObserver

  const operationAttributes = spanAttributes(client)

  return {
    operation: ({ auth, name }, self) =>
      withFiber((fiber, status) => {
        const clock = clockOf(fiber)
        const began = clock.unsafeCurrentTimeNanos()
        const ended = (exit: Exit.Exit<unknown, ExchangeError>): undefined => {
          const seconds = Number(clock.unsafeCurrentTimeNanos() - began) / 1e9
          meters.requestEnded(fiber, name, outcomeOf(exit), seconds)
        }
        const recorded = runsOnlyOwnCode(fiber) && auth === "none"
          ? onExit(status, self, ended)
          : annotated(status, self, annotationsOf(name), ended)
        return methodSpan(fiber) === undefined
          ? spanned(fiber, status, recorded, `${exchange}.${name}`, () => ({ attributes: operationAttributes }))
          : recorded
      }),
    attempt: (fiber, status, call, limits, self) => {
      const clock = clockOf(fiber)
      const began = clock.unsafeCurrentTimeNanos()
      const done = (exit: Exit.Exit<unknown, ExchangeError>) =>
        ended(fiber, call, limits, exit, clock.unsafeCurrentTimeNanos() - began)
      if (!isTraced(fiber)) return onExit(status, self, done)
      const options: Tracer.SpanOptions = {
        kind: "client",
        attributes: {
          [attributes.attempt]: call.attempt,
          [attributes.method]: call.endpoint.method,
          [attributes.host]: client.host,
          [attributes.template]: call.endpoint.path
        }
      }
      const body = (span: Tracer.Span) => {
        call.span = span
        return self
      }
      return (runsOnlyOwnCode(fiber) ? recordSpan : inSpan)(fiber, status, "attempt", options, body, done)
    },
    logging,
    retry: (operation, delay, error) =>
      Effect.zipRight(
        meters.retried(operation, error._tag),
        logging(
          operation,
          Effect.logDebug("Retrying", {
            delayMillis: Math.round(Duration.toMillis(delay)),
            reason: error.message
          })
        )
      )
  }
}

const noObserver = Context.get(Context.empty(), AttemptObserver)
