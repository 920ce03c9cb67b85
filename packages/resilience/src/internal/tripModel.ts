import type * as Duration from "effect/Duration"

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
  /**
   * While the circuit is half-open, a probe that succeeds but takes this long or longer counts as failed: what was too
   * slow has not recovered by being slow. None if left out.
   */
  readonly slowAfter?: Duration.Duration | undefined
}

/**
 * The recent calls of one closed circuit, owned by it and changed in place: constant time and no allocation per call.
 *
 * `now` is in milliseconds of the monotonic clock, and is given to windows that are `timed` or `following` only.
 *
 * @since 0.1.0
 * @category models
 */
export interface Window {
  /** Counts one finished call; answers why the circuit must open now, if it must. */
  readonly record: (verdict: "success" | "failure", now?: number) => Reason | undefined
  /** Calls the window holds now. */
  readonly calls: (now?: number) => number
  /** How many of them failed. */
  readonly failures: (now?: number) => number
  /** Whether the window must be told the time. Defaults to `false`, which spares each call a reading of the clock. */
  readonly timed?: boolean | undefined
  /** For windows that look at calls in flight too; given this, `record` is not called. Each call then costs a mask. */
  readonly following?: Following | undefined
}

/**
 * What a window does that follows calls from their beginning on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Following {
  /** Why the circuit must open although no call has ended, if it must. Asked when a call arrives or somebody looks. */
  readonly evaluate: (now: number) => Reason | undefined
  /**
   * Follows a call that begins. What it answers is called exactly once, when the call has ended in whatever way, and
   * does what `record` would; an ignored verdict counts nowhere and opens nothing.
   */
  readonly begin: (now: number) => (verdict: "success" | "failure" | "ignore", now: number) => Reason | undefined
  /** What is known of slow calls. */
  readonly slow: (now: number) => SlowCalls
}

/**
 * The slow calls of a window. A call in flight is one of `calls` from the moment on in which it has become slow.
 *
 * @since 0.1.0
 * @category models
 */
export interface SlowCalls {
  /** Finished calls, and those in flight that are slow already. */
  readonly calls: number
  /** How many of `calls` are slow. */
  readonly slow: number
  /** Calls in flight, slow or not. */
  readonly inFlight: number
}

/**
 * Why a window asked for the circuit to open.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = ConsecutiveFailures | FailureRate | SlowCallRate | All

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
 * The share of slow calls, `rate = slow / calls`, reached the threshold of {@link slowCallRate}.
 *
 * @since 0.1.0
 * @category models
 */
export interface SlowCallRate {
  readonly _tag: "SlowCallRate"
  readonly calls: number
  readonly slow: number
  readonly rate: number
}

/**
 * Every rule of {@link all} asked for it, each for its reason, in the order of the rules.
 *
 * @since 0.1.0
 * @category models
 */
export interface All {
  readonly _tag: "All"
  readonly reasons: ReadonlyArray<Reason>
}
