import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import type * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as Telemetry from "../../ports/Telemetry.js"
import { type Running, withFiber } from "./frame.js"

/**
 * The metrics of an exchange. Those that change with every request are updated synchronously, without an effect.
 *
 * @internal
 */
export interface Meters {
  readonly requestEnded: (fiber: Running, operation: string, error: string, seconds: number) => void
  readonly attemptEnded: (fiber: Running, operation: string, error: string, seconds: number) => void
  readonly waited: (fiber: Running, operation: string, seconds: number) => void
  readonly used: (fiber: Running, scope: string, ratio: number) => void
  readonly retried: (operation: string, error: string) => Effect.Effect<void>
  readonly banned: (untilMillis: number) => Effect.Effect<void>
  readonly skewed: (millis: number) => Effect.Effect<void>
}

/**
 * Makes the metrics of an exchange. The list of labels is made once for each combination of values, because a metric
 * looks up a list that is not identical by all of its labels. Metrics with the same label names share their lists.
 *
 * @internal
 */
export const make = (exchange: string, environment: string): Meters => {
  const labelled = (...names: ReadonlyArray<string>) => {
    const known = new Map<string, ReadonlyArray<MetricLabel.MetricLabel>>()
    const labelsOf = (first: string, second: string): ReadonlyArray<MetricLabel.MetricLabel> => {
      const key = `${first} ${second}`
      const found = known.get(key)
      if (found !== undefined) return found
      const values = [first, second]
      const labels = [
        MetricLabel.make("exchange", exchange),
        MetricLabel.make("environment", environment),
        ...names.map((name, index) => MetricLabel.make(name, values[index] ?? ""))
      ]
      known.set(key, labels)
      return labels
    }
    return <Type, Out>(
      metric: Metric.Metric<Type, number, Out>,
      fiber: Running,
      value: number,
      first = "",
      second = ""
    ): void => {
      const labels = labelsOf(first, second)
      // The labels of `Effect.tagMetrics`.
      const further = fiber.getFiberRef(FiberRef.currentMetricLabels)
      metric.unsafeUpdate(value, further.length === 0 ? labels : [...labels, ...further])
    }
  }
  const ofExchange = labelled()
  const ofScope = labelled("scope")
  const ofOperation = labelled("operation")
  const ofResult = labelled("operation", "error")
  const onFiber = (update: (fiber: Running) => void): Effect.Effect<void> =>
    withFiber((fiber) => {
      update(fiber)
      return Effect.void
    })
  return {
    requestEnded: (fiber, operation, error, seconds) => {
      ofResult(Telemetry.requests, fiber, 1, operation, error)
      ofOperation(Telemetry.requestDuration, fiber, seconds, operation)
    },
    attemptEnded: (fiber, operation, error, seconds) => {
      ofResult(Telemetry.attempts, fiber, 1, operation, error)
      ofOperation(Telemetry.attemptDuration, fiber, seconds, operation)
    },
    waited: (fiber, operation, seconds) => ofOperation(Telemetry.queueWait, fiber, seconds, operation),
    used: (fiber, scope, ratio) => ofScope(Telemetry.limiterUsage, fiber, ratio, scope),
    retried: (operation, error) => onFiber((fiber) => ofResult(Telemetry.retries, fiber, 1, operation, error)),
    banned: (untilMillis) => onFiber((fiber) => ofExchange(Telemetry.bannedUntil, fiber, untilMillis / 1000)),
    skewed: (millis) => onFiber((fiber) => ofExchange(Telemetry.clockSkew, fiber, millis / 1000))
  }
}
