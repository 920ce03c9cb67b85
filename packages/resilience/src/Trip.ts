/**
 * When a closed circuit opens: rules over the verdicts on the calls that went through it.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { requireDuration } from "./internal/duration.js"
import { requireThat, requireWhole } from "./internal/requireWhole.js"
import * as Tally from "./internal/tally.js"
import { type Combine, composed } from "./internal/tripComposed.js"
import { type Trip, TypeId } from "./internal/tripModel.js"
import { slowCalls } from "./internal/tripSlowCalls.js"
import * as Window from "./Window.js"

export {
  type All,
  type ConsecutiveFailures,
  type FailureRate,
  type Following,
  type Reason,
  type SlowCallRate,
  type SlowCalls,
  type Trip,
  TypeId,
  type Window
} from "./internal/tripModel.js"

/**
 * Opens when this many calls in a row have failed; one success starts the count again.
 *
 * Calls are taken in the order in which they end. Its window holds the present run of failures and
 * nothing else. Throws a `RangeError` unless `failures` is a whole number of at least 1.
 *
 * @since 0.1.0
 * @category constructors
 */
export const consecutive = (failures: number): Trip => {
  requireWhole("Trip.consecutive: failures", failures, 1, Number.MAX_SAFE_INTEGER)
  return make(() => {
    let run = 0
    return {
      record: (verdict) => {
        run = verdict === "failure" ? run + 1 : 0
        return run >= failures ? { _tag: "ConsecutiveFailures", failures: run } : undefined
      },
      calls: () => run,
      failures: () => run
    }
  })
}

/**
 * Opens when the share of failed calls in the window is at least `threshold`.
 *
 * The share is `failures / calls`, where `calls` is the number of calls the window holds. With fewer than
 * `minimumCalls` it does not open at all. The rule is applied when a call fails, never when one succeeds. Throws a
 * `RangeError` for options out of range.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failureRate = (options?: FailureRateOptions): Trip => {
  const { minimumCalls, threshold, window } = rate("failureRate", options)
  const timed = window._tag === "Time"
  return make(() => {
    const tally = Tally.make(window)
    return {
      timed,
      record: (verdict, now) => {
        if (now !== undefined) tally.advance(now)
        tally.record(verdict === "failure", false)
        if (verdict === "success") return undefined
        const { calls, failures } = tally
        return calls >= minimumCalls && failures / calls >= threshold
          ? { _tag: "FailureRate", calls, failures, rate: failures / calls }
          : undefined
      },
      ...Tally.counts(tally)
    }
  })
}

/**
 * What {@link failureRate} takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureRateOptions {
  /** The share of calls that opens the circuit, above 0 and at most 1. Defaults to `0.5`. */
  readonly threshold?: number | undefined
  /** What is looked at: a `Window`, or how many of the latest calls. Defaults to `100`. */
  readonly window?: number | Window.Window | undefined
  /**
   * How many calls the window must hold before it can open the circuit. Defaults to `20`, or to the size of a window
   * of fewer calls.
   */
  readonly minimumCalls?: number | undefined
}

/**
 * Opens when the share of slow calls is at least `threshold`; a call is slow if it takes `duration` or longer, whether
 * it then succeeds or fails.
 *
 * A call counts as slow as soon as it has been in flight that long, so that calls that hang are seen before they end,
 * and even if they never do. The share is `slow / calls`, where `calls` are the finished calls the window holds and the
 * slow ones in flight. With fewer than `minimumCalls` of them it does not open at all.
 *
 * The rule is applied whenever a call ends, as a success too, when one arrives, and when the breaker is looked at
 * (`state`, `check`, `metrics`). While the circuit is half-open a slow success is a failed probe. Following a call
 * costs about a microsecond. Throws a `RangeError` for options out of range.
 *
 * @since 0.1.0
 * @category constructors
 */
export const slowCallRate = (options: SlowCallRateOptions): Trip => {
  const { minimumCalls, threshold, window } = rate("slowCallRate", options)
  const duration = requireDuration("Trip.slowCallRate: duration", options.duration)
  const millis = Duration.toMillis(duration)
  const isTime = millis > 0 && Duration.isFinite(duration)
  requireThat("Trip.slowCallRate: duration", duration, isTime, "finite and longer than 0")
  return make(() => slowCalls({ tally: Tally.make(window), millis, threshold, minimumCalls }), { slowAfter: duration })
}

/**
 * What {@link slowCallRate} takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface SlowCallRateOptions extends FailureRateOptions {
  /** From which duration on a call is slow; finite, above 0. */
  readonly duration: Duration.DurationInput
}

/**
 * Opens when one of the rules does; every rule sees every call.
 *
 * When several agree, the first one given is named. Its window reports the calls and failures of the rule
 * that holds the most calls at the moment, the first one given among equals, and so for slow calls. A probe is slow if
 * one of the rules finds it so.
 *
 * @example
 * import { CircuitBreaker, Trip, Window } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const breaker = CircuitBreaker.make({
 *   name: "prices",
 *   trip: Trip.any(
 *     Trip.consecutive(5),
 *     Trip.failureRate({ threshold: 0.5, window: Window.time("30 seconds"), minimumCalls: 20 })
 *   )
 * })
 *
 * Effect.runFork(breaker)
 *
 * @since 0.1.0
 * @category combinators
 */
export const any = (first: Trip, ...others: ReadonlyArray<Trip>): Trip => {
  const trips = [first, ...others]
  const slow = slowAfters(trips)
  return make(() => composed(trips, (own) => own.find((reason) => reason !== undefined)), {
    slowAfter: slow.length === 0 ? undefined : slow.reduce(Duration.min)
  })
}

/**
 * Opens when all of the rules do, at one and the same call; every rule sees every call.
 *
 * A failure rate asks for it at a failed call only, and so then does what it is a part of. Its window reports as that of
 * {@link any} does. A probe is slow if every one of the rules finds it so.
 *
 * @since 0.1.0
 * @category combinators
 */
export const all = (first: Trip, ...others: ReadonlyArray<Trip>): Trip => {
  const trips = [first, ...others]
  const slow = slowAfters(trips)
  const combine: Combine = (own) => {
    const reasons = own.filter((reason) => reason !== undefined)
    return reasons.length === own.length ? { _tag: "All", reasons } : undefined
  }
  return make(() => composed(trips, combine), {
    slowAfter: slow.length < trips.length ? undefined : slow.reduce(Duration.max)
  })
}

/**
 * A rule of one's own: `window` is asked for a new window each time the circuit closes. For `slowAfter` see {@link Trip}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  window: Trip["window"],
  options?: { readonly slowAfter?: Duration.DurationInput | undefined }
): Trip => ({
  [TypeId]: TypeId,
  window,
  slowAfter: options?.slowAfter === undefined ? undefined : requireDuration("Trip.make: slowAfter", options.slowAfter)
})

const rate = (
  rule: string,
  options: FailureRateOptions | undefined
): { readonly threshold: number; readonly window: Window.Window; readonly minimumCalls: number } => {
  const threshold = options?.threshold ?? 0.5
  const isFraction = threshold > 0 && threshold <= 1
  requireThat(`Trip.${rule}: threshold`, threshold, isFraction, "greater than 0 and at most 1")
  const given = options?.window ?? 100
  if (typeof given === "number") requireWhole(`Trip.${rule}: window`, given, 1, 0xffff_ffff)
  const window = typeof given === "number" ? Window.count(given) : given
  const most = window._tag === "Count" ? window.size : Number.MAX_SAFE_INTEGER
  const minimumCalls = options?.minimumCalls ?? Math.min(20, most)
  requireWhole(`Trip.${rule}: minimumCalls`, minimumCalls, 1, most)
  return { threshold, window, minimumCalls }
}

const slowAfters = (trips: ReadonlyArray<Trip>): ReadonlyArray<Duration.Duration> =>
  trips.flatMap(({ slowAfter }) => slowAfter === undefined ? [] : [slowAfter])
