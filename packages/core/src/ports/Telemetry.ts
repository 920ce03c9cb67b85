/**
 * The metrics and span attributes of this library, and a hook that observes each attempt.
 *
 * Labels are `exchange`, `environment`, `operation`, `error` and `scope`, never a symbol, an order id, a URL or a key.
 * Durations are in seconds. The states and the refusals of circuit breakers have their own metrics, labelled with the
 * name of the breaker (`binance.marketData`); they come from `@effect-exchange/resilience`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

const seconds = MetricBoundaries.fromIterable([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30])

/**
 * The number of completed operations, by `error`: the tag of the error, or `none`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const requests = Metric.counter("exchange_requests_total", {
  description: "Operations finished",
  incremental: true
})

/**
 * The duration of operations, including queueing and retries.
 *
 * @since 0.1.0
 * @category metrics
 */
export const requestDuration = Metric.histogram(
  "exchange_request_duration_seconds",
  seconds,
  "Duration of operations, including queueing and retries"
)

/**
 * The number of attempts sent, by `error`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const attempts = Metric.counter("exchange_attempts_total", { description: "Attempts sent", incremental: true })

/**
 * The duration of attempts, from signing to the decoded response.
 *
 * @since 0.1.0
 * @category metrics
 */
export const attemptDuration = Metric.histogram(
  "exchange_attempt_duration_seconds",
  seconds,
  "Duration of attempts, from signing to the decoded response"
)

/**
 * The number of retries, by the `error` that caused the retry.
 *
 * @since 0.1.0
 * @category metrics
 */
export const retries = Metric.counter("exchange_retries_total", { description: "Attempts retried", incremental: true })

/**
 * How long calls waited for the rate limit and the bulkhead.
 *
 * @since 0.1.0
 * @category metrics
 */
export const queueWait = Metric.histogram(
  "exchange_queue_wait_seconds",
  seconds,
  "Time spent waiting for the rate limit and the bulkhead"
)

/**
 * The share of a rate limit in use, by `scope`: 0 to 1.
 *
 * @since 0.1.0
 * @category metrics
 */
export const limiterUsage = Metric.gauge("exchange_limiter_usage_ratio", {
  description: "Share of a rate limit in use"
})

/**
 * The end of the latest ban by the exchange, in seconds since the epoch.
 *
 * @since 0.1.0
 * @category metrics
 */
export const bannedUntil = Metric.gauge("exchange_banned_until_seconds", {
  description: "Unix time at which the latest ban ends, in seconds"
})

/**
 * The exchange's clock minus the local clock, in seconds.
 *
 * @since 0.1.0
 * @category metrics
 */
export const clockSkew = Metric.gauge("exchange_clock_skew_seconds", {
  description: "Exchange clock minus local clock, in seconds"
})

/**
 * The number of orders whose outcome could not be determined when they were placed.
 *
 * @since 0.1.0
 * @category metrics
 */
export const unknownOrders = Metric.counter("exchange_unknown_orders_total", {
  description: "Orders whose outcome could not be determined",
  incremental: true
})

/**
 * The number of rows in responses that were not understood and left out, by `operation`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const unknownRows = Metric.counter("exchange_unknown_rows_total", {
  description: "Response rows that could not be decoded and were left out",
  incremental: true
})

/**
 * The number of calls of a composite that moved on to the next source, by the `exchange` that failed, `operation` and
 * `error`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const failovers = Metric.counter("exchange_failovers_total", {
  description: "Calls that moved on to the next source",
  incremental: true
})

/**
 * The number of last known prices that a composite served because it could not get a new one, by its `exchange`
 * (`failover` or `median`).
 *
 * @since 0.1.0
 * @category metrics
 */
export const lastKnownPrices = Metric.counter("exchange_last_known_prices_total", {
  description: "Last known prices served because no source was available",
  incremental: true
})

const feedCounter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

/**
 * The number of events of live feeds: lost connections (`reconnect`), subscriptions renewed because their data could
 * not be used (`resync`), subscriptions whose data could not be trusted for a while (`stale`), and frames that were not
 * understood (`unread`).
 *
 * @since 0.1.0
 * @category metrics
 */
export const feedEvents = {
  reconnect: feedCounter("exchange_feed_reconnects_total", "Feed connections that were lost"),
  resync: feedCounter("exchange_feed_resyncs_total", "Subscriptions renewed because their data could not be used"),
  stale: feedCounter("exchange_feed_stale_total", "Subscriptions whose data could not be trusted for a while"),
  unread: feedCounter("exchange_feed_unread_frames_total", "Frames that could not be decoded")
} as const

/**
 * The time at which a feed of an exchange last received anything: Unix time in seconds, so `time() - …` is how long the
 * feed has been silent.
 *
 * @since 0.1.0
 * @category metrics
 */
export const feedLastMessage = Metric.gauge("exchange_feed_last_message_timestamp_seconds", {
  description: "Unix time of the last message received by a feed, in seconds"
})

/**
 * The names of span attributes.
 *
 * @since 0.1.0
 * @category attributes
 */
export const attributes = {
  exchange: "exchange.name",
  environment: "exchange.environment",
  attempt: "exchange.attempt",
  method: "http.request.method",
  host: "server.address",
  template: "url.template",
  status: "http.response.status_code",
  error: "error.type"
} as const

/**
 * A completed attempt. `attempt` counts from 1 within its operation; `error` is the tag of the error it failed with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  readonly exchange: string
  readonly operation: string
  readonly attempt: number
  readonly duration: Duration.Duration
  readonly error: string | undefined
}

/**
 * A hook that is called after every attempt made where it is provided; the default does nothing. It must be quick: the
 * call waits for it.
 *
 * @since 0.1.0
 * @category references
 */
export class AttemptObserver extends Context.Reference<AttemptObserver>()(
  "@effect-exchange/core/Telemetry/AttemptObserver",
  { defaultValue: (): (attempt: Attempt) => Effect.Effect<void> => () => Effect.void }
) {}
