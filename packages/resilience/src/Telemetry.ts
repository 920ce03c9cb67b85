/**
 * All metrics of this package. Names follow resilience4j where it has the same metric.
 *
 * Label values are the names of gates and a few fixed words, never a key, a URL or the text of an error. Metrics are
 * written on transitions, refusals, waits, retries and timeouts. A call that passes all gates without waiting writes
 * none.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

/**
 * The description of a metric.
 *
 * @since 0.1.0
 * @category models
 */
export interface Description {
  readonly name: string
  readonly type: "counter" | "gauge"
  readonly labels: ReadonlyArray<string>
  readonly description: string
}

/**
 * The descriptions of all metrics, for dashboards and listings.
 *
 * @since 0.1.0
 * @category metrics
 */
export const descriptions = {
  circuitBreakerState: {
    name: "circuitbreaker_state",
    type: "gauge",
    labels: ["name", "state"],
    description: "1 for the current state of the circuit, 0 for every other state"
  },
  circuitBreakerNotPermittedCalls: {
    name: "circuitbreaker_not_permitted_calls",
    type: "counter",
    labels: ["name"],
    description: "Calls refused because the circuit was not closed"
  },
  circuitBreakerTransitions: {
    name: "circuitbreaker_transitions",
    type: "counter",
    labels: ["name", "from", "to"],
    description: "State transitions of the circuit"
  },
  retryCalls: {
    name: "retry_calls",
    type: "counter",
    labels: ["name", "kind"],
    description: "Calls that failed or were retried, by outcome"
  },
  timeLimiterCalls: {
    name: "timelimiter_calls",
    type: "counter",
    labels: ["name", "kind"],
    description: "Attempts and calls of a policy that timed out"
  },
  bulkheadWaitingCalls: {
    name: "bulkhead_waiting_calls",
    type: "gauge",
    labels: ["name"],
    description: "Calls waiting for a permit"
  },
  bulkheadRefusedCalls: {
    name: "bulkhead_refused_calls",
    type: "counter",
    labels: ["name"],
    description: "Calls refused because no permit was free and the queue was full or the wait too long"
  },
  bulkheadPermits: {
    name: "bulkhead_max_allowed_concurrent_calls",
    type: "gauge",
    labels: ["name"],
    description: "Maximum number of concurrent calls"
  },
  rateLimiterUsageRatio: {
    name: "ratelimiter_usage_ratio",
    type: "gauge",
    labels: ["name"],
    description:
      "Usage of the window as a ratio of the limit, measured when a call was last denied, refunded or reported"
  },
  rateLimiterWaitingCalls: {
    name: "ratelimiter_waiting_calls",
    type: "gauge",
    labels: ["name"],
    description: "Calls waiting to be admitted"
  },
  rateLimiterRefusedCalls: {
    name: "ratelimiter_refused_calls",
    type: "counter",
    labels: ["name", "reason"],
    description: "Calls that were not admitted, by reason"
  },
  hedgeStartedAttempts: {
    name: "hedge_started_attempts",
    type: "counter",
    labels: ["name"],
    description: "Attempts started because an earlier attempt was late or had failed"
  },
  hedgeWonCalls: {
    name: "hedge_won_calls",
    type: "counter",
    labels: ["name"],
    description: "Calls answered by an attempt other than the first"
  },
  hedgeDeniedAttempts: {
    name: "hedge_denied_attempts",
    type: "counter",
    labels: ["name"],
    description: "Attempts that were due but not started because the budget was spent or the deadline had passed"
  },
  singleFlightCoalescedCalls: {
    name: "singleflight_coalesced_calls",
    type: "counter",
    labels: ["name"],
    description: "Calls that shared the run of another caller instead of running"
  },
  chaosInjectedCalls: {
    name: "chaos_injected_calls",
    type: "counter",
    labels: ["name", "kind"],
    description: "Calls into which a fault was injected"
  }
} as const satisfies Record<string, Description>

const counter = ({ description, name }: Description): Metric.Metric.Counter<number> =>
  Metric.counter(name, { description, incremental: true })

const gauge = ({ description, name }: Description): Metric.Metric.Gauge<number> => Metric.gauge(name, { description })

/**
 * 1 for the current `state` of a circuit, 0 for every other state.
 *
 * @since 0.1.0
 * @category metrics
 */
export const circuitBreakerState: Metric.Metric.Gauge<number> = gauge(descriptions.circuitBreakerState)

/**
 * Calls refused with `CircuitOpen`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const circuitBreakerNotPermittedCalls: Metric.Metric.Counter<number> = counter(
  descriptions.circuitBreakerNotPermittedCalls
)

/**
 * State transitions of a circuit, by `from` and `to`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const circuitBreakerTransitions: Metric.Metric.Counter<number> = counter(descriptions.circuitBreakerTransitions)

/**
 * Calls of a named `Retry` by `kind`: `successful_with_retry`, `failed_with_retry`, `failed_without_retry`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const retryCalls: Metric.Metric.Counter<number> = counter(descriptions.retryCalls)

/**
 * Timeouts of a `Policy`, by `kind`: `attempt` for an attempt, `deadline` for a whole call.
 *
 * @since 0.1.0
 * @category metrics
 */
export const timeLimiterCalls: Metric.Metric.Counter<number> = counter(descriptions.timeLimiterCalls)

/**
 * Calls waiting for a permit of a bulkhead.
 *
 * @since 0.1.0
 * @category metrics
 */
export const bulkheadWaitingCalls: Metric.Metric.Gauge<number> = gauge(descriptions.bulkheadWaitingCalls)

/**
 * Calls refused with `BulkheadFull`, whatever its `reason`. Calls refused with `DeadlineExceeded` are not counted here.
 *
 * @since 0.1.0
 * @category metrics
 */
export const bulkheadRefusedCalls: Metric.Metric.Counter<number> = counter(descriptions.bulkheadRefusedCalls)

/**
 * The number of calls that may run concurrently in a bulkhead, as created, resized or adapted.
 *
 * @since 0.1.0
 * @category metrics
 */
export const bulkheadPermits: Metric.Metric.Gauge<number> = gauge(descriptions.bulkheadPermits)

/**
 * The usage of a limiter's window as a ratio of its limit, measured when a call was last denied, refunded or reported.
 *
 * @since 0.1.0
 * @category metrics
 */
export const rateLimiterUsageRatio: Metric.Metric.Gauge<number> = gauge(descriptions.rateLimiterUsageRatio)

/**
 * Calls waiting to be admitted by a limiter.
 *
 * @since 0.1.0
 * @category metrics
 */
export const rateLimiterWaitingCalls: Metric.Metric.Gauge<number> = gauge(descriptions.rateLimiterWaitingCalls)

/**
 * Calls that a limiter refused, by `reason`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const rateLimiterRefusedCalls: Metric.Metric.Counter<number> = counter(descriptions.rateLimiterRefusedCalls)

/**
 * Attempts that a hedge started.
 *
 * @since 0.1.0
 * @category metrics
 */
export const hedgeStartedAttempts: Metric.Metric.Counter<number> = counter(descriptions.hedgeStartedAttempts)

/**
 * Calls answered by an attempt that a hedge started.
 *
 * @since 0.1.0
 * @category metrics
 */
export const hedgeWonCalls: Metric.Metric.Counter<number> = counter(descriptions.hedgeWonCalls)

/**
 * Attempts that a hedge could not start.
 *
 * @since 0.1.0
 * @category metrics
 */
export const hedgeDeniedAttempts: Metric.Metric.Counter<number> = counter(descriptions.hedgeDeniedAttempts)

/**
 * Calls that a single flight answered without a run of their own.
 *
 * @since 0.1.0
 * @category metrics
 */
export const singleFlightCoalescedCalls: Metric.Metric.Counter<number> = counter(
  descriptions.singleFlightCoalescedCalls
)

/**
 * Calls into which chaos injected a fault, by the `kind` of strategy.
 *
 * @since 0.1.0
 * @category metrics
 */
export const chaosInjectedCalls: Metric.Metric.Counter<number> = counter(descriptions.chaosInjectedCalls)
