import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Telemetry from "../../ports/Telemetry.js"

/** @internal */
export interface Meters {
  readonly requestEnded: (operation: string, error: string, seconds: number) => Effect.Effect<void>
  readonly attemptEnded: (operation: string, error: string, seconds: number) => Effect.Effect<void>
  readonly retried: (operation: string, error: string) => Effect.Effect<void>
  readonly waited: (operation: string, seconds: number) => Effect.Effect<void>
  readonly usage: (scope: string, ratio: number) => Effect.Effect<void>
  readonly banned: (untilMillis: number) => Effect.Effect<void>
  readonly skewed: (millis: number) => Effect.Effect<void>
}

/**
 * The metrics of one client. Labelled metrics are made once for each set of labels.
 *
 * @internal
 */
export const make = (exchange: string, environment: string): Meters => {
  const client = <Type, In, Out>(metric: Metric.Metric<Type, In, Out>): Metric.Metric<Type, In, Out> =>
    metric.pipe(Metric.tagged("exchange", exchange), Metric.tagged("environment", environment))
  const by = <Type, In, Out>(
    metric: Metric.Metric<Type, In, Out>,
    ...labels: ReadonlyArray<string>
  ): (...values: ReadonlyArray<string>) => Metric.Metric<Type, In, Out> => {
    const base = client(metric)
    const known = new Map<string, Metric.Metric<Type, In, Out>>()
    return (...values) => {
      const key = values.join(" ")
      const found = known.get(key)
      if (found !== undefined) return found
      const made = labels.reduce((self, label, index) => Metric.tagged(self, label, values[index] ?? ""), base)
      known.set(key, made)
      return made
    }
  }
  const requests = by(Telemetry.requests, "operation", "error")
  const requestDuration = by(Telemetry.requestDuration, "operation")
  const attempts = by(Telemetry.attempts, "operation", "error")
  const attemptDuration = by(Telemetry.attemptDuration, "operation")
  const retries = by(Telemetry.retries, "operation", "error")
  const queueWait = by(Telemetry.queueWait, "operation")
  const limiterUsage = by(Telemetry.limiterUsage, "scope")
  const bannedUntil = client(Telemetry.bannedUntil)
  const clockSkew = client(Telemetry.clockSkew)
  return {
    requestEnded: (operation, error, seconds) =>
      Effect.zipRight(
        Metric.update(requests(operation, error), 1),
        Metric.update(requestDuration(operation), seconds)
      ),
    attemptEnded: (operation, error, seconds) =>
      Effect.zipRight(
        Metric.update(attempts(operation, error), 1),
        Metric.update(attemptDuration(operation), seconds)
      ),
    retried: (operation, error) => Metric.update(retries(operation, error), 1),
    waited: (operation, seconds) => Metric.update(queueWait(operation), seconds),
    usage: (scope, ratio) => Metric.set(limiterUsage(scope), ratio),
    banned: (untilMillis) => Metric.set(bannedUntil, untilMillis / 1000),
    skewed: (millis) => Metric.set(clockSkew, millis / 1000)
  }
}
