/**
 * Metrics in the text format of Prometheus (version 0.0.4).
 *
 * @since 0.1.0
 */
import type * as MetricKey from "effect/MetricKey"
import * as MetricKeyType from "effect/MetricKeyType"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"

/**
 * The content type of the format.
 *
 * @since 0.1.0
 * @category constants
 */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

type Kind = "counter" | "gauge" | "histogram" | "summary"

interface Family {
  readonly kind: Kind
  readonly description: string
  /** The values, by name and labels. */
  readonly samples: Map<string, string>
}

/**
 * Renders metrics as families, sorted by name.
 *
 * **Gotchas**
 *
 * Effect allows metrics with the same name but different kinds, and names that differ only in characters that
 * Prometheus does not allow. A document with both would be invalid, so only the first is rendered.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (pairs: Iterable<MetricPair.MetricPair.Untyped>): string => {
  const families = new Map<string, Family>()
  for (const { key, kind, state } of sorted(pairs)) {
    const name = nameOf(key.name, kind)
    const family = families.get(name) ??
      {
        kind,
        description: Option.getOrElse(key.description, () => "No description"),
        samples: new Map<string, string>()
      }
    if (family.kind !== kind) continue
    for (const [labels, value] of samplesOf(name, key, state)) {
      if (!family.samples.has(labels)) family.samples.set(labels, value)
    }
    families.set(name, family)
  }
  return Array.from(families, ([name, { description, kind, samples }]) =>
    [
      `# HELP ${name} ${description.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} ${kind}`,
      ...Array.from(samples, ([labels, value]) => `${labels} ${value}`),
      ""
    ].join("\n")).join("")
}

interface Entry {
  readonly key: MetricKey.MetricKey.Untyped
  readonly state: MetricState.MetricState.Untyped
  readonly kind: Kind
}

const sorted = (pairs: Iterable<MetricPair.MetricPair.Untyped>): ReadonlyArray<Entry> =>
  Array.from(pairs, ({ metricKey, metricState }): Entry & { readonly order: string } => {
    const kind = kindOf(metricKey)
    const tags = metricKey.tags.map(({ key, value }) => `${key}=${value}`).join()
    return { key: metricKey, state: metricState, kind, order: [nameOf(metricKey.name, kind), kind, tags].join(" ") }
  }).toSorted((one, other) => one.order < other.order ? -1 : one.order > other.order ? 1 : 0)

const kindOf = ({ keyType }: MetricKey.MetricKey.Untyped): Kind => {
  if (MetricKeyType.isGaugeKey(keyType)) return "gauge"
  if (MetricKeyType.isHistogramKey(keyType)) return "histogram"
  if (MetricKeyType.isSummaryKey(keyType)) return "summary"
  // In Prometheus, a counter never decreases.
  return MetricKeyType.isCounterKey(keyType) && !keyType.incremental ? "gauge" : "counter"
}

/** Returns a valid name. The name of a counter always ends with `_total`. */
const nameOf = (name: string, kind: Kind): string => {
  const allowed = name.replaceAll(/[^a-zA-Z0-9_:]/g, "_").replace(/^(?=\d|$)/, "_")
  return kind === "counter" && !allowed.endsWith("_total") ? `${allowed}_total` : allowed
}

const samplesOf = (
  name: string,
  { tags }: MetricKey.MetricKey.Untyped,
  state: MetricState.MetricState.Untyped
): ReadonlyArray<readonly [string, string]> => {
  const labels = tags.map(({ key, value }): readonly [string, string] => [key, value])
  const sample = (
    suffix: string,
    value: number | bigint,
    ...more: ReadonlyArray<readonly [string, string]>
  ): readonly [string, string] => [`${name}${suffix}${labelled([...labels, ...more])}`, shown(value)]
  if (MetricState.isCounterState(state)) return [sample("", state.count)]
  if (MetricState.isGaugeState(state)) return [sample("", state.value)]
  if (MetricState.isFrequencyState(state)) {
    return Array.from(state.occurrences, ([key, count]) => sample("", count, ["key", key]))
  }
  if (MetricState.isHistogramState(state)) {
    const bounded = state.buckets.filter(([bound]) => Number.isFinite(bound))
    return [
      ...bounded.map(([bound, count]) => sample("_bucket", count, ["le", String(bound)])),
      sample("_bucket", state.count, ["le", "+Inf"]),
      sample("_sum", state.sum),
      sample("_count", state.count)
    ]
  }
  if (MetricState.isSummaryState(state)) {
    return [
      ...state.quantiles.flatMap(([quantile, value]) =>
        Option.match(value, {
          onNone: () => [],
          onSome: (value) => [sample("", value, ["quantile", String(quantile)])]
        })
      ),
      sample("_sum", state.sum),
      sample("_count", state.count)
    ]
  }
  return []
}

const shown = (value: number | bigint): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)

/**
 * Renders labels. If two have the same name, the last one is used, because duplicates would make the document invalid.
 */
const labelled = (labels: ReadonlyArray<readonly [string, string]>): string => {
  const unique = new Map(
    labels.map(([key, value]) => [key.replaceAll(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d|$)/, "_"), value])
  )
  const texts = Array.from(
    unique,
    ([key, value]) => `${key}="${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\"", "\\\"")}"`
  )
  return texts.length === 0 ? "" : `{${texts.join()}}`
}
