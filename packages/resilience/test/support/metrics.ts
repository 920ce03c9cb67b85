import { Effect, Metric, MetricState } from "effect"

/** The value of a counter or gauge with exactly these labels, or `undefined` if it was never updated. */
export const metricValue = (
  name: string,
  labels: Record<string, string>
): Effect.Effect<number | bigint | undefined> =>
  Effect.map(Metric.snapshot, (pairs) => {
    const pair = pairs.find(({ metricKey }) =>
      metricKey.name === name &&
      metricKey.tags.length === Object.keys(labels).length &&
      metricKey.tags.every(({ key, value }) => labels[key] === value)
    )
    const state = pair?.metricState
    return MetricState.isCounterState(state) ? state.count : MetricState.isGaugeState(state) ? state.value : undefined
  })
