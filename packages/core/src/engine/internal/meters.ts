import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import type * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as Telemetry from "../../ports/Telemetry.js"
import { type Running, withFiber } from "./frame.js"

/**
 * What is counted with every request is counted at once, without an effect of its own.
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
 * The metrics of one client. What tells two of one name apart is made once for each: a list of labels that is not the very
 * same is looked up by all that stands in it.
 *
 * @internal
 */
export const make = (exchange: string, environment: string): Meters => {
  const by = <Type, Out>(
    metric: Metric.Metric<Type, number, Out>,
    ...names: ReadonlyArray<string>
  ): (fiber: Running, value: number, first?: string, second?: string) => void => {
    const known = new Map<string, ReadonlyArray<MetricLabel.MetricLabel>>()
    return (fiber, value, first = "", second = "") => {
      const key = `${first} ${second}`
      let labels = known.get(key)
      if (labels === undefined) {
        const values = [first, second]
        labels = [
          MetricLabel.make("exchange", exchange),
          MetricLabel.make("environment", environment),
          ...names.map((name, index) => MetricLabel.make(name, values[index] ?? ""))
        ]
        known.set(key, labels)
      }
      // What `Effect.tagMetrics` says.
      const further = fiber.getFiberRef(FiberRef.currentMetricLabels)
      metric.unsafeUpdate(value, further.length === 0 ? labels : [...labels, ...further])
    }
  }
  const requests = by(Telemetry.requests, "operation", "error")
  const requestDuration = by(Telemetry.requestDuration, "operation")
  const attempts = by(Telemetry.attempts, "operation", "error")
  const attemptDuration = by(Telemetry.attemptDuration, "operation")
  const retries = by(Telemetry.retries, "operation", "error")
  const queueWait = by(Telemetry.queueWait, "operation")
  const limiterUsage = by(Telemetry.limiterUsage, "scope")
  const bannedUntil = by(Telemetry.bannedUntil)
  const clockSkew = by(Telemetry.clockSkew)
  const told = (tell: (fiber: Running) => void): Effect.Effect<void> =>
    withFiber((fiber) => {
      tell(fiber)
      return Effect.void
    })
  return {
    requestEnded: (fiber, operation, error, seconds) => {
      requests(fiber, 1, operation, error)
      requestDuration(fiber, seconds, operation)
    },
    attemptEnded: (fiber, operation, error, seconds) => {
      attempts(fiber, 1, operation, error)
      attemptDuration(fiber, seconds, operation)
    },
    waited: (fiber, operation, seconds) => queueWait(fiber, seconds, operation),
    used: (fiber, scope, ratio) => limiterUsage(fiber, ratio, scope),
    retried: (operation, error) => told((fiber) => retries(fiber, 1, operation, error)),
    banned: (untilMillis) => told((fiber) => bannedUntil(fiber, untilMillis / 1000)),
    skewed: (millis) => told((fiber) => clockSkew(fiber, millis / 1000))
  }
}
