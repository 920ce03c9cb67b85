import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, TestClock } from "effect"
import * as ProcessMetrics from "../src/ProcessMetrics.js"

const busy = (millis: number): void => {
  const end = performance.now() + millis
  while (performance.now() < end) { /* blocks the event loop */ }
}

describe("metrics of the process", () => {
  it.scoped("report the longest event loop lag of the last interval", () =>
    Effect.gen(function*() {
      const turn = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 30)))
      yield* ProcessMetrics.keep
      assert.isAbove((yield* Metric.value(ProcessMetrics.gauges.heapUsed)).value, 1e6)
      yield* turn
      busy(150)
      yield* turn
      yield* TestClock.adjust("5 seconds")
      assert.isAbove((yield* Metric.value(ProcessMetrics.gauges.lagMax)).value, 0.1)
      yield* TestClock.adjust("5 seconds")
      assert.isBelow((yield* Metric.value(ProcessMetrics.gauges.lagMax)).value, 0.1)
    }))
})
