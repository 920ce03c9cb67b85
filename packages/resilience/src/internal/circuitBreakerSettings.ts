/**
 * The options of a circuit breaker, checked, with their defaults.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Options, TripCause } from "../CircuitBreaker.js"
import * as Trip from "../Trip.js"
import type * as machine from "./circuitBreaker.js"

/**
 * Throws a `RangeError` for what is out of range.
 *
 * @internal
 */
export const settingsOf = <E>(options: Options<E>): {
  readonly settings: machine.Settings
  readonly openFor: Schedule.Schedule<unknown, TripCause>
  readonly maxQueue: number
} => {
  const { excess, maxQueue = 1000, permits = 1, successes = permits } = options.halfOpen ?? {}
  const timeout = Duration.decode(options.halfOpen?.timeout ?? "10 seconds")
  const openFor = options.openFor ?? defaultOpenFor
  const trip = options.trip ?? defaultTrip
  const refuse = (option: string, value: number | string, demand: string): never => {
    throw new RangeError(`CircuitBreaker "${options.name}": halfOpen.${option} was ${value}; ${demand}`)
  }
  if (!(Number.isInteger(permits) && permits >= 1)) {
    refuse("permits", permits, "give at least 1")
  }
  if (!(Number.isInteger(successes) && successes >= 1 && successes <= permits)) {
    refuse("successes", successes, `give 1 to halfOpen.permits (${permits})`)
  }
  if (Duration.equals(timeout, Duration.zero)) {
    refuse("timeout", 0, "give probes some time")
  }
  if (excess === "wait" && !Duration.isFinite(timeout)) {
    refuse("timeout", "infinite", "nobody can wait for that; give a finite time, or let excess calls fail")
  }
  if (!(Number.isInteger(maxQueue) && maxQueue >= 0)) {
    refuse("maxQueue", maxQueue, "give 0 or more")
  }
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

// Capped before the jitter, which only shortens: the cap holds.
const defaultOpenFor: Schedule.Schedule<unknown, TripCause> = Schedule.exponential("1 second").pipe(
  Schedule.modifyDelay((_, delay) => Duration.min(delay, "60 seconds")),
  Schedule.jitteredWith({ min: 0.5, max: 1 })
)
