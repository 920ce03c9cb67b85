import type * as MetricLabel from "effect/MetricLabel"
import * as Telemetry from "../Telemetry.js"
import { labels } from "./labels.js"

/** @internal */
export type Refusal = "QueueFull" | "CostExceedsLimit" | "WaitTooLong" | "DeadlineExceeded"

/**
 * The metrics of a rate limiter. Used only when a call queues, is refused or leaves the queue: a call that is admitted
 * immediately pays nothing.
 *
 * @internal
 */
export const make = (name: string): {
  readonly waiting: (scope: string, calls: number) => void
  readonly refused: (reason: Refusal) => void
} => {
  const waiting = new Map<string, ReadonlyArray<MetricLabel.MetricLabel>>()
  const waitingIn = (scope: string): ReadonlyArray<MetricLabel.MetricLabel> => {
    const known = waiting.get(scope)
    if (known !== undefined) return known
    const made = labels({ name: scope })
    waiting.set(scope, made)
    return made
  }
  return {
    waiting: (scope, calls) => Telemetry.rateLimiterWaitingCalls.unsafeUpdate(calls, waitingIn(scope)),
    refused: (reason) => Telemetry.rateLimiterRefusedCalls.unsafeUpdate(1, labels({ name, reason }))
  }
}
