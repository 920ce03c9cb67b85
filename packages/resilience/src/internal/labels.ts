import * as MetricLabel from "effect/MetricLabel"

/**
 * The labels of a metric, to be made once and given with every update: the very same list finds its metric at once, where
 * `Metric.tagged` makes an object of ten closures for each.
 *
 * @internal
 */
export const labels = (values: { readonly [name: string]: string }): ReadonlyArray<MetricLabel.MetricLabel> =>
  Object.entries(values).map(([name, value]) => MetricLabel.make(name, value))
