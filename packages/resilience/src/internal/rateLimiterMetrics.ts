import * as Metric from "effect/Metric"
import * as Telemetry from "../Telemetry.js"

/** @internal */
export type Refusal = "QueueFull" | "CostExceedsLimit" | "WaitTooLong" | "DeadlineExceeded"

/**
 * What a rate limiter tells of itself. Touched only where a call queues, is refused or is let out of the queue: a call
 * that passes at once pays nothing.
 *
 * @internal
 */
export const make = (name: string): {
  readonly waiting: (scope: string, calls: number) => void
  readonly refused: (reason: Refusal) => void
} => {
  const waiting = new Map<string, typeof Telemetry.rateLimiterWaitingCalls>()
  const waitingIn = (scope: string): typeof Telemetry.rateLimiterWaitingCalls => {
    const known = waiting.get(scope)
    if (known !== undefined) return known
    const metric = Metric.tagged(Telemetry.rateLimiterWaitingCalls, "name", scope)
    waiting.set(scope, metric)
    return metric
  }
  const refused = Metric.tagged(Telemetry.rateLimiterRefusedCalls, "name", name)
  const by = {
    QueueFull: Metric.tagged(refused, "reason", "QueueFull"),
    CostExceedsLimit: Metric.tagged(refused, "reason", "CostExceedsLimit"),
    WaitTooLong: Metric.tagged(refused, "reason", "WaitTooLong"),
    DeadlineExceeded: Metric.tagged(refused, "reason", "DeadlineExceeded")
  }
  return {
    waiting: (scope, calls) => waitingIn(scope).unsafeUpdate(calls, []),
    refused: (reason) => by[reason].unsafeUpdate(1, [])
  }
}
