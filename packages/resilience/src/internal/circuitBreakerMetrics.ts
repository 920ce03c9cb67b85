import * as Telemetry from "../Telemetry.js"
import { labels } from "./labels.js"

const states = ["Closed", "Open", "HalfOpen", "Isolated", "Disabled", "MetricsOnly"] as const

/** @internal */
export interface Meters {
  readonly notPermitted: () => void
  readonly transition: (from: typeof states[number], to: typeof states[number]) => void
}

/**
 * Creates the metrics of one breaker. They are written directly instead of with effects: one call each, in the order of
 * events, and without the labels of the fiber that happens to cause a transition.
 *
 * @internal
 */
export const make = (name: string, initial: typeof states[number]): Meters => {
  const named = labels({ name })
  const gauge = (state: typeof states[number], value: number): void =>
    Telemetry.circuitBreakerState.unsafeUpdate(value, labels({ name, state }))
  for (const state of states) gauge(state, state === initial ? 1 : 0)
  return {
    notPermitted: () => Telemetry.circuitBreakerNotPermittedCalls.unsafeUpdate(1, named),
    transition: (from, to) => {
      gauge(from, 0)
      gauge(to, 1)
      Telemetry.circuitBreakerTransitions.unsafeUpdate(1, labels({ name, from, to }))
    }
  }
}
