import * as MetricLabel from "effect/MetricLabel"

/**
 * Creates the labels of a metric. Create them once and pass them to every update: the same array finds its metric
 * immediately, whereas `Metric.tagged` creates an object with ten closures for each label.
 *
 * @internal
 */
export const labels = (values: { readonly [name: string]: string }): ReadonlyArray<MetricLabel.MetricLabel> =>
  Object.entries(values).map(([name, value]) => MetricLabel.make(name, value))
