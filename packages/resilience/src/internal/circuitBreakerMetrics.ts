import * as Metric from "effect/Metric"
import * as Telemetry from "../Telemetry.js"

const states = ["Closed", "Open", "HalfOpen", "Isolated", "Disabled", "MetricsOnly"] as const

/** @internal */
export interface Meters {
  readonly notPermitted: () => void
  readonly transition: (from: typeof states[number], to: typeof states[number]) => void
}

/**
 * The meters of one breaker. They are written directly rather than as effects: one call each, in the order of events,
 * and free of whatever labels the fiber that happens to cause a transition carries.
 *
 * @internal
 */
export const make = (name: string, initial: typeof states[number]): Meters => {
  const named = Metric.tagged(Telemetry.circuitBreakerState, "name", name)
  const gauges = {
    Closed: Metric.tagged(named, "state", "Closed"),
    Open: Metric.tagged(named, "state", "Open"),
    HalfOpen: Metric.tagged(named, "state", "HalfOpen"),
    Isolated: Metric.tagged(named, "state", "Isolated"),
    Disabled: Metric.tagged(named, "state", "Disabled"),
    MetricsOnly: Metric.tagged(named, "state", "MetricsOnly")
  }
  const refusals = Metric.tagged(Telemetry.circuitBreakerNotPermittedCalls, "name", name)
  for (const tag of states) gauges[tag].unsafeUpdate(tag === initial ? 1 : 0, [])
  return {
    notPermitted: () => refusals.unsafeUpdate(1, []),
    transition: (from, to) => {
      gauges[from].unsafeUpdate(0, [])
      gauges[to].unsafeUpdate(1, [])
      Telemetry.circuitBreakerTransitions.pipe(
        Metric.tagged("name", name),
        Metric.tagged("from", from),
        Metric.tagged("to", to)
      ).unsafeUpdate(1, [])
    }
  }
}
