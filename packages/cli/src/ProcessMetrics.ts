/**
 * Metrics of the Node.js process: event loop lag and memory.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { monitorEventLoopDelay } from "node:perf_hooks"

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

/**
 * The lag of the event loop since the last measurement, in seconds, and the memory of the process, in bytes.
 *
 * @since 0.1.0
 * @category metrics
 */
export const gauges = {
  lagMean: gauge("nodejs_eventloop_lag_mean_seconds", "Mean event loop lag since the last measurement"),
  lagMax: gauge("nodejs_eventloop_lag_max_seconds", "Maximum event loop lag since the last measurement"),
  heapUsed: gauge("nodejs_heap_size_used_bytes", "Used heap size"),
  heapTotal: gauge("nodejs_heap_size_total_bytes", "Total heap size"),
  resident: gauge("process_resident_memory_bytes", "Resident memory of the process")
} as const

/** The resolution of the timer that measures the lag, in milliseconds. It is subtracted from each measurement. */
const resolution = 10

/**
 * Updates the gauges now and every five seconds until the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keep: Effect.Effect<void, never, Scope.Scope> = Effect.gen(function*() {
  const delay = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const histogram = monitorEventLoopDelay({ resolution })
      histogram.enable()
      return histogram
    }),
    (histogram) => Effect.sync(() => histogram.disable())
  )
  const seconds = (nanos: number): number => Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - resolution / 1000) : 0
  const update = Effect.suspend(() => {
    const { heapTotal, heapUsed, rss } = process.memoryUsage()
    const { max, mean } = delay
    delay.reset()
    return Effect.all([
      Metric.set(gauges.lagMean, seconds(mean)),
      Metric.set(gauges.lagMax, seconds(max)),
      Metric.set(gauges.heapUsed, heapUsed),
      Metric.set(gauges.heapTotal, heapTotal),
      Metric.set(gauges.resident, rss)
    ], { discard: true })
  })
  yield* update
  yield* Effect.forkScoped(Effect.repeat(Effect.delay(update, "5 seconds"), Schedule.forever))
})
