/**
 * When a closed circuit opens: rules over the outcomes of the calls that went through it.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~@effect-exchange/resilience/Trip"

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~@effect-exchange/resilience/Trip"

/**
 * A rule for opening a circuit: a recipe for the window that a closed circuit fills.
 *
 * Every time the circuit closes it asks for a new window, so nothing is remembered from before.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trip {
  readonly [TypeId]: TypeId
  /** Makes an empty window. */
  readonly window: () => Window
}

/**
 * The recent calls of one closed circuit, owned by it and changed in place: constant time and no allocation per call.
 *
 * @since 0.1.0
 * @category models
 */
export interface Window {
  /** Counts one finished call; answers why the circuit must open now, if it must. Successes never open a circuit. */
  readonly record: (outcome: "success" | "failure") => Reason | undefined
  /** Calls the window holds now. */
  readonly calls: () => number
  /** How many of them failed. */
  readonly failures: () => number
}

/**
 * Why a window asked for the circuit to open.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = ConsecutiveFailures | FailureRate

/**
 * As many calls in a row failed as {@link consecutive} allows.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConsecutiveFailures {
  readonly _tag: "ConsecutiveFailures"
  readonly failures: number
}

/**
 * The share of failed calls, `rate = failures / calls`, reached the threshold of {@link failureRate}.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureRate {
  readonly _tag: "FailureRate"
  readonly calls: number
  readonly failures: number
  readonly rate: number
}

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
      record: (outcome) => {
        run = outcome === "failure" ? run + 1 : 0
        return run >= failures ? { _tag: "ConsecutiveFailures", failures: run } : undefined
      },
      calls: () => run,
      failures: () => run
    }
  })
}

/**
 * Opens when the share of failed calls among the last `window` calls is at least `threshold`.
 *
 * The share is `failures / calls`, where `calls` is the number of calls the window holds: fewer than
 * `window` until it has filled once. With fewer than `minimumCalls` it does not open at all. The rule
 * is applied when a call fails, never when one succeeds. Throws a `RangeError` for options out of range.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failureRate = (options?: FailureRateOptions): Trip => {
  const threshold = options?.threshold ?? 0.5
  const size = options?.window ?? 100
  if (!(threshold > 0 && threshold <= 1)) {
    throw new RangeError(`Trip.failureRate: threshold was ${threshold}; give a fraction above 0 and at most 1`)
  }
  requireWhole("Trip.failureRate: window", size, 1, 0xffff_ffff)
  const minimumCalls = options?.minimumCalls ?? Math.min(20, size)
  requireWhole("Trip.failureRate: minimumCalls", minimumCalls, 1, size)
  return make(() => {
    const ring = new Uint8Array(size)
    let next = 0
    let calls = 0
    let failures = 0
    return {
      record: (outcome) => {
        const failed = outcome === "failure" ? 1 : 0
        // Slots not written yet hold 0, so what leaves the ring is right from the first call on.
        failures += failed - (ring[next] ?? 0)
        ring[next] = failed
        next = next + 1 === size ? 0 : next + 1
        if (calls < size) calls++
        return failed === 1 && calls >= minimumCalls && failures / calls >= threshold
          ? { _tag: "FailureRate", calls, failures, rate: failures / calls }
          : undefined
      },
      calls: () => calls,
      failures: () => failures
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
  /** The share of failed calls that opens the circuit, above 0 and at most 1. Defaults to `0.5`. */
  readonly threshold?: number | undefined
  /** How many of the latest calls are looked at. Defaults to `100`. */
  readonly window?: number | undefined
  /** How many calls the window must hold before it can open the circuit. Defaults to `20`, or `window` if that is less. */
  readonly minimumCalls?: number | undefined
}

/**
 * Opens when one of the rules does; every rule sees every call.
 *
 * When several agree, the first one given is named. Its window reports the calls and failures of the rule
 * that holds the most calls at the moment, the first one given among equals.
 *
 * @since 0.1.0
 * @category combinators
 */
export const any = (first: Trip, ...others: ReadonlyArray<Trip>): Trip =>
  make(() => {
    const windows = [first, ...others].map((trip) => trip.window())
    const fullest = () => windows.reduce((a, b) => b.calls() > a.calls() ? b : a)
    return {
      record: (outcome) => {
        let reason: Reason | undefined
        for (const window of windows) {
          const own = window.record(outcome)
          reason ??= own
        }
        return reason
      },
      calls: () => fullest().calls(),
      failures: () => fullest().failures()
    }
  })

/**
 * A rule of one's own: `window` is asked for a new window each time the circuit closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (window: () => Window): Trip => ({ [TypeId]: TypeId, window })

const requireWhole = (what: string, value: number, least: number, most: number): void => {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${what} was ${value}; give a whole number from ${least} to ${most}`)
  }
}
