/**
 * The metrics of the service itself.
 *
 * Their labels are the path template, the status and the reason, never an actual path, a symbol or a client.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

/**
 * The number of completed requests, by `route` and `status`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const requests = Metric.counter("server_requests_total", { description: "Requests answered", incremental: true })

/**
 * The duration of requests in seconds, by `route`. Streams are not included.
 *
 * @since 0.1.0
 * @category metrics
 */
export const requestDuration = Metric.histogram(
  "server_request_duration_seconds",
  MetricBoundaries.fromIterable([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
  "Time to answer a request"
)

/**
 * The number of requests and streams in progress.
 *
 * @since 0.1.0
 * @category metrics
 */
export const inFlight = Metric.gauge("server_requests_in_flight", { description: "Requests and streams in progress" })

/**
 * The number of requests refused because of a limit, by `reason`: `busy`, `client` or `streams`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const shed = Metric.counter("server_shed_total", {
  description: "Requests refused because a limit was reached",
  incremental: true
})

/**
 * Whether the service is ready: 1 or 0.
 *
 * @since 0.1.0
 * @category metrics
 */
export const ready = Metric.gauge("server_ready", { description: "Whether the service is ready" })
