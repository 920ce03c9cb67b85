/** The validated options of a circuit breaker, with defaults applied. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Trip from "../Trip.js"
import type * as machine from "./circuitBreaker.js"
import type { Options, TripCause } from "./circuitBreakerModel.js"
import { requireDuration } from "./duration.js"
import { requireThat, requireWhole } from "./requireWhole.js"

/**
 * Validates the options and applies the defaults. Throws a `RangeError` for options out of range.
 *
 * @internal
 */
export const settingsOf = <E>(options: Options<E>): {
  readonly settings: machine.Settings
  readonly openFor: Schedule.Schedule<unknown, TripCause>
  readonly maxQueue: number
} => {
  const { excess, maxQueue = 1000, permits = 1, successes = permits } = options.halfOpen ?? {}
  const timeout = requireDuration(
    `CircuitBreaker "${options.name}": halfOpen.timeout`,
    options.halfOpen?.timeout ?? "10 seconds"
  )
  const openFor = options.openFor ?? defaultOpenFor
  const trip = options.trip ?? defaultTrip
  const of = `CircuitBreaker "${options.name}": halfOpen`
  requireWhole(`${of}.permits`, permits, 1, Number.MAX_SAFE_INTEGER)
  requireThat(
    `${of}.successes`,
    successes,
    Number.isInteger(successes) && successes >= 1 && successes <= permits,
    `a whole number from 1 to ${permits}, the number of halfOpen.permits`
  )
  requireWhole(`${of}.maxQueue`, maxQueue, 0, Number.MAX_SAFE_INTEGER)
  const longEnough = Duration.greaterThan(timeout, Duration.zero)
  requireThat(`${of}.timeout`, timeout, longEnough, "longer than 0")
  const awaitable = excess !== "wait" || Duration.isFinite(timeout)
  requireThat(`${of}.timeout`, timeout, awaitable, "finite when halfOpen.excess is \"wait\"")
  return {
    settings: {
      trip,
      permits,
      successes,
      timeout,
      slowAfter: Option.getOrUndefined(Option.flatMap(Option.fromNullable(trip.slowAfter), Duration.toNanos)),
      progress: { steps: 0, state: openFor.initial }
    },
    openFor,
    maxQueue: excess === "wait" ? maxQueue : 0
  }
}

const defaultTrip = Trip.any(Trip.consecutive(5), Trip.failureRate())

// Capped before the jitter. The jitter only shortens the delay, so the cap holds.
const defaultOpenFor: Schedule.Schedule<unknown, TripCause> = Schedule.exponential("1 second").pipe(
  Schedule.modifyDelay((_, delay) => Duration.min(delay, "60 seconds")),
  Schedule.jitteredWith({ min: 0.5, max: 1 })
)
