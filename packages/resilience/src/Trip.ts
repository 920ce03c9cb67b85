/**
 * Rules for opening a closed circuit, based on the verdicts on its calls.
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
 * Creates a rule that opens when this many calls in a row have failed. One success restarts the count.
 *
 * Calls are taken in the order in which they end. The window contains only the current run of failures. Throws a
 * `RangeError` unless `failures` is a whole number of at least 1.
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
 * Creates a rule that opens when the share of failed calls in the window is at least `threshold`.
 *
 * The share is `failures / calls`, where `calls` is the number of calls in the window. With fewer than `minimumCalls`
 * the circuit does not open at all. The rule is evaluated when a call fails, never when one succeeds. Throws a
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
 * The options of {@link failureRate}.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureRateOptions {
  /** The share of failed or slow calls that opens the circuit, above 0 and at most 1. Defaults to `0.5`. */
  readonly threshold?: number | undefined
  /** The calls that are considered: a `Window`, or the number of latest calls. Defaults to `100`. */
  readonly window?: number | Window.Window | undefined
  /**
   * The minimum number of calls in the window before it can open the circuit. Defaults to `20`, or to the size of a
   * smaller window.
   */
  readonly minimumCalls?: number | undefined
}

/**
 * Creates a rule that opens when the share of slow calls is at least `threshold`. A call is slow if it takes `duration`
 * or longer, whether it succeeds or fails.
 *
 * A call counts as slow as soon as it has been in flight that long, so calls that hang are detected before they end,
 * even if they never end. The share is `slow / calls`, where `calls` are the finished calls in the window and the slow
 * ones in flight. With fewer than `minimumCalls` of them the circuit does not open at all.
 *
 * The rule is evaluated whenever a call ends (even with success), when a call arrives, and when the breaker is
 * inspected (`state`, `check`, `metrics`). While the circuit is half-open, a slow success is a failed probe. Tracking a
 * call costs about a microsecond. Throws a `RangeError` for options out of range.
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
 * The options of {@link slowCallRate}.
 *
 * @since 0.1.0
 * @category models
 */
export interface SlowCallRateOptions extends FailureRateOptions {
  /** The duration from which a call is slow; finite, above 0. */
  readonly duration: Duration.DurationInput
}

/**
 * Creates a rule that opens when one of the rules does. Every rule sees every call.
 *
 * If several rules agree, the reason is that of the first one given. The window reports the calls and failures of the
 * rule whose window currently contains the most calls, or the first of equals, and likewise for slow calls. A probe is
 * slow if one of the rules considers it slow.
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
 * Creates a rule that opens when all of the rules do at the same call. Every rule sees every call.
 *
 * A failure rate opens only at a failed call, and so does a combination that contains one. The window reports like that
 * of {@link any}. A probe is slow if every one of the rules considers it slow.
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
 * Creates a custom rule: `window` is called for a new window each time the circuit closes. For `slowAfter` see
 * {@link Trip}.
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
