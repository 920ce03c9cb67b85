/**
 * The names of everything this library measures and traces, and the hook that sees each attempt.
 *
 * Labels are `exchange`, `environment`, `operation`, `error` and `scope`: never a symbol, an order id, a URL or a key.
 * Durations are seconds. Breaker states and refusals have metrics of their own, named after the breaker
 * (`binance.marketData`), from `@effect-exchange/resilience`.
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
 * Operations finished, by `error`: the tag of the error, or `none`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const requests = Metric.counter("exchange_requests_total", {
  description: "Operations finished",
  incremental: true
})

/**
 * How long operations took, queueing and retries included.
 *
 * @since 0.1.0
 * @category metrics
 */
export const requestDuration = Metric.histogram(
  "exchange_request_duration_seconds",
  seconds,
  "Operation time, queueing and retries included"
)

/**
 * Attempts sent, by `error`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const attempts = Metric.counter("exchange_attempts_total", { description: "Attempts sent", incremental: true })

/**
 * How long attempts took, from signing to the decoded answer.
 *
 * @since 0.1.0
 * @category metrics
 */
export const attemptDuration = Metric.histogram(
  "exchange_attempt_duration_seconds",
  seconds,
  "Attempt time, from signing to the decoded answer"
)

/**
 * Attempts repeated, by the `error` that was the reason.
 *
 * @since 0.1.0
 * @category metrics
 */
export const retries = Metric.counter("exchange_retries_total", { description: "Attempts repeated", incremental: true })

/**
 * How long calls waited for the rate limit and the bulkhead.
 *
 * @since 0.1.0
 * @category metrics
 */
export const queueWait = Metric.histogram(
  "exchange_queue_wait_seconds",
  seconds,
  "Waiting for the rate limit and the bulkhead"
)

/**
 * The share of a limit in use, by `scope`: 0 to 1.
 *
 * @since 0.1.0
 * @category metrics
 */
export const limiterUsage = Metric.gauge("exchange_limiter_usage_ratio", { description: "Share of a limit in use" })

/**
 * Until when the exchange has banned us, in seconds since the epoch.
 *
 * @since 0.1.0
 * @category metrics
 */
export const bannedUntil = Metric.gauge("exchange_banned_until_seconds", { description: "End of the latest ban" })

/**
 * The exchange's clock minus ours.
 *
 * @since 0.1.0
 * @category metrics
 */
export const clockSkew = Metric.gauge("exchange_clock_skew_seconds", { description: "Exchange clock minus ours" })

/**
 * Orders whose outcome could not be found out when they were placed.
 *
 * @since 0.1.0
 * @category metrics
 */
export const unknownOrders = Metric.counter("exchange_unknown_orders_total", {
  description: "Orders whose outcome could not be found out",
  incremental: true
})

/**
 * Rows of answers that were not understood and left out, by `operation`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const unknownRows = Metric.counter("exchange_unknown_rows_total", {
  description: "Rows of answers that were not understood and left out",
  incremental: true
})

/**
 * Calls of a composite that went on to the next source, by the `exchange` that failed, `operation` and `error`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const failovers = Metric.counter("exchange_failovers_total", {
  description: "Calls that went on to the next source",
  incremental: true
})

/**
 * Prices that a composite gave again while it could get no new one, by its `exchange` (`failover` or `median`).
 *
 * @since 0.1.0
 * @category metrics
 */
export const lastKnownPrices = Metric.counter("exchange_last_known_prices_total", {
  description: "Prices given again while no source could serve",
  incremental: true
})

const feedCounter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

/**
 * What happened to live feeds: connections lost (`reconnect`), subscriptions asked for again as what came could not be used
 * (`resync`) or nothing came (`stale`), and frames not understood (`unread`).
 *
 * @since 0.1.0
 * @category metrics
 */
export const feedEvents = {
  reconnect: feedCounter("exchange_feed_reconnects_total", "Connections of feeds that were lost"),
  resync: feedCounter("exchange_feed_resyncs_total", "Subscriptions asked for again as what came could not be used"),
  stale: feedCounter("exchange_feed_stale_total", "Subscriptions that could not be trusted for a while"),
  unread: feedCounter("exchange_feed_unread_frames_total", "Frames that were not understood")
} as const

/**
 * When a feed of an exchange has last said anything: Unix time in seconds, so that `time() - …` is how long it is silent.
 *
 * @since 0.1.0
 * @category metrics
 */
export const feedHeard = Metric.gauge("exchange_feed_heard_timestamp_seconds", {
  description: "When a feed has last said anything, in seconds since 1970"
})

/**
 * Span attributes.
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
 * One attempt that has ended: `attempt` counts from 1 within its operation, `error` is the tag of what it failed with.
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
 * Sees every attempt made in its reach, after it ended; does nothing unless provided. It must be quick: the call waits
 * for it.
 *
 * @since 0.1.0
 * @category references
 */
export class AttemptObserver extends Context.Reference<AttemptObserver>()(
  "@effect-exchange/core/Telemetry/AttemptObserver",
  { defaultValue: (): (attempt: Attempt) => Effect.Effect<void> => () => Effect.void }
) {}
