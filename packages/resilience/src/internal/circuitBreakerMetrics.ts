import * as Metric from "effect/Metric"

const states = ["Closed", "Open", "HalfOpen", "Isolated"] as const

const state = Metric.gauge("circuitbreaker_state", { description: "1 for the state the circuit is in, else 0" })

const notPermitted = Metric.counter("circuitbreaker_not_permitted_calls", {
  description: "Calls refused because the circuit was not closed",
  incremental: true
})

const transitions = Metric.counter("circuitbreaker_transitions", {
  description: "Changes of state of the circuit",
  incremental: true
})

/**
 * The meters of one breaker. They are written directly rather than as effects: one call each, in the order of events,
 * and free of whatever labels the fiber that happens to cause a transition carries.
 *
 * @internal
 */
export const make = (name: string): {
  readonly notPermitted: () => void
  readonly transition: (from: typeof states[number], to: typeof states[number]) => void
} => {
  const named = Metric.tagged(state, "name", name)
  const gauges = {
    Closed: Metric.tagged(named, "state", "Closed"),
    Open: Metric.tagged(named, "state", "Open"),
    HalfOpen: Metric.tagged(named, "state", "HalfOpen"),
    Isolated: Metric.tagged(named, "state", "Isolated")
  }
  const refusals = Metric.tagged(notPermitted, "name", name)
  for (const tag of states) gauges[tag].unsafeUpdate(tag === "Closed" ? 1 : 0, [])
  return {
    notPermitted: () => refusals.unsafeUpdate(1, []),
    transition: (from, to) => {
      gauges[from].unsafeUpdate(0, [])
      gauges[to].unsafeUpdate(1, [])
      transitions.pipe(Metric.tagged("name", name), Metric.tagged("from", from), Metric.tagged("to", to))
        .unsafeUpdate(1, [])
    }
  }
}
