import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Metric, MetricBoundaries } from "effect"
import { spawnSync } from "node:child_process"
import { PrometheusText } from "../src/index.js"

/** Renders only the metrics with this prefix, because all tests of a process share one registry. */
const rendered = (prefix: string) =>
  Effect.map(
    Metric.snapshot,
    (pairs) => PrometheusText.render(pairs.filter(({ metricKey }) => metricKey.name.startsWith(prefix)))
  )

describe("PrometheusText.render", () => {
  it.effect("renders counters, gauges, histograms and frequencies in the format of Prometheus", () =>
    Effect.gen(function*() {
      const counter = Metric.counter("kinds_calls", { description: "Calls\nand \\ more", incremental: true })
      yield* Metric.incrementBy(Metric.tagged(counter, "error", "a \"b\"\n\\"), 3)
      yield* Metric.set(Metric.gauge("kinds.level"), -0.5)
      const histogram = Metric.histogram("kinds_seconds", MetricBoundaries.fromIterable([0.1, 1]))
      for (const value of [0.05, 0.5, 5]) yield* Metric.update(histogram, value)
      yield* Metric.update(Metric.frequency("kinds_words"), "x")
      assert.strictEqual(
        yield* rendered("kinds"),
        [
          "# HELP kinds_calls_total Calls\\nand \\\\ more",
          "# TYPE kinds_calls_total counter",
          "kinds_calls_total{error=\"a \\\"b\\\"\\n\\\\\"} 3",
          "# HELP kinds_level No description",
          "# TYPE kinds_level gauge",
          "kinds_level -0.5",
          "# HELP kinds_seconds No description",
          "# TYPE kinds_seconds histogram",
          "kinds_seconds_bucket{le=\"0.1\"} 1",
          "kinds_seconds_bucket{le=\"1\"} 2",
          "kinds_seconds_bucket{le=\"+Inf\"} 3",
          "kinds_seconds_sum 5.55",
          "kinds_seconds_count 3",
          "# HELP kinds_words_total No description",
          "# TYPE kinds_words_total counter",
          "kinds_words_total{key=\"x\"} 1",
          ""
        ].join("\n")
      )
    }))

  it.effect("renders only one kind of metric per name", () =>
    Effect.gen(function*() {
      yield* Metric.increment(Metric.counter("twice_total", { incremental: true }))
      yield* Metric.set(Metric.gauge("twice_total"), 7)
      assert.strictEqual(
        yield* rendered("twice"),
        "# HELP twice_total No description\n# TYPE twice_total counter\ntwice_total 1\n"
      )
    }))

  it.effect("renders one line per sample, for any names and labels", () =>
    Effect.gen(function*() {
      const texts = FastCheck.sample(FastCheck.tuple(FastCheck.fullUnicodeString(), FastCheck.fullUnicodeString()), 200)
      for (const [name, value] of texts) {
        yield* Metric.set(Metric.gauge(`odd ${name}`).pipe(Metric.tagged(name, value), Metric.tagged(name, "again")), 1)
      }
      const lines = (yield* rendered("odd ")).trim().split("\n")
      assert.strictEqual(new Set(lines).size, lines.length)
      for (const line of lines) {
        assert.match(
          line,
          /^(?:# HELP odd_\w* No description|# TYPE odd_\w* gauge|odd_\w*\{\w+="(?:[^"\\\n]|\\[\\n"])*"\} 1)$/u
        )
      }
    }))

  const hasPromtool = spawnSync("promtool", ["--version"]).status === 0
  it.effect.skipIf(!hasPromtool)("is accepted by promtool", () =>
    Effect.gen(function*() {
      const seconds = Metric.histogram("taken_duration_seconds", MetricBoundaries.fromIterable([0.1, 1]), "Durations")
      yield* Metric.update(seconds, 0.5)
      yield* Metric.increment(Metric.counter("taken_total", { incremental: true, description: "Taken" }))
      const input = yield* rendered("taken")
      const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" })
      assert.strictEqual(status, 0, stderr)
    }))
})
