import type * as Duration from "effect/Duration"

/**
 * The key that identifies a {@link Trip}.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~@effect-exchange/resilience/Trip"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~@effect-exchange/resilience/Trip"

/**
 * A rule for opening a circuit: it creates the window that a closed circuit fills.
 *
 * A circuit creates a new window each time it closes, so nothing is remembered from before.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trip {
  readonly [TypeId]: TypeId
  /** Creates an empty window. */
  readonly window: () => Window
  /**
   * The duration from which a successful probe counts as failed while the circuit is half-open: a service that is still
   * slow has not recovered. If omitted, there is no limit.
   */
  readonly slowAfter?: Duration.Duration | undefined
}

/**
 * The recent calls of one closed circuit, which owns the window and changes it in place, with constant time and no
 * allocation per call.
 *
 * `now` is in milliseconds of the monotonic clock, and is passed only to windows with `timed` or `following`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Window {
  /** Counts one finished call. Returns the reason if the circuit must open now. */
  readonly record: (verdict: "success" | "failure", now?: number) => Reason | undefined
  /** Returns the number of calls in the window. */
  readonly calls: (now?: number) => number
  /** Returns the number of these calls that failed. */
  readonly failures: (now?: number) => number
  /** Whether the window needs the time. Defaults to `false`, which saves each call a reading of the clock. */
  readonly timed?: boolean | undefined
  /** Tracks calls in flight too. If present, `record` is not called. Each call then costs a mask. */
  readonly following?: Following | undefined
}

/**
 * The operations of a window that tracks calls from their start.
 *
 * @since 0.1.0
 * @category models
 */
export interface Following {
  /**
   * Returns the reason if the circuit must open although no call has ended. Called when a call arrives or the circuit
   * is inspected.
   */
  readonly evaluate: (now: number) => Reason | undefined
  /**
   * Tracks a call that begins. The returned function is called exactly once, however the call has ended, and does what
   * `record` would do. An ignored verdict is not counted and opens nothing.
   */
  readonly begin: (now: number) => (verdict: "success" | "failure" | "ignore", now: number) => Reason | undefined
  /** Returns the counts of slow calls. */
  readonly slow: (now: number) => SlowCalls
}

/**
 * The counts of slow calls in a window. A call in flight is included in `calls` from the moment it has become slow.
 *
 * @since 0.1.0
 * @category models
 */
export interface SlowCalls {
  /** Finished calls, and calls in flight that are already slow. */
  readonly calls: number
  /** The number of `calls` that are slow. */
  readonly slow: number
  /** Calls in flight, slow or not. */
  readonly inFlight: number
}

/**
 * The reason why a window requested that the circuit opens.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = ConsecutiveFailures | FailureRate | SlowCallRate | All

/**
 * The number of consecutive failures reached the limit of {@link consecutive}.
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
 * Every rule of {@link all} requested it. `reasons` are their reasons, in the order of the rules.
 *
 * @since 0.1.0
 * @category models
 */
export interface All {
  readonly _tag: "All"
  readonly reasons: ReadonlyArray<Reason>
}
