import { CircuitBreaker, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Fiber, Option, Stream, TestClock } from "effect"
import { boom, make, tag } from "./support/circuitBreaker.js"
import { settle } from "./support/interruption.js"
import { metricValue } from "./support/metrics.js"

const makeMetricsOnly = (options?: Partial<CircuitBreaker.Options<unknown>>) =>
  make({ trip: Trip.consecutive(3), metricsOnly: true, ...options })

const failing = (breaker: CircuitBreaker.CircuitBreaker, times: number) =>
  Effect.repeatN(Effect.exit(breaker.protect(boom)), times - 1)

describe("A breaker in the state MetricsOnly", () => {
  it.effect("refuses no call, counts all calls, and publishes each time it would have opened", () =>
    Effect.gen(function*() {
      const breaker = yield* makeMetricsOnly({ name: "metrics-only" })
      const published = yield* Effect.fork(Stream.runCollect(Stream.take(breaker.changes, 2)))
      yield* settle
      yield* failing(breaker, 7)
      assert.strictEqual(yield* breaker.protect(Effect.succeed(1)), 1)
      yield* breaker.check
      const changes = Chunk.toReadonlyArray(yield* Fiber.join(published))
      assert.deepStrictEqual(changes.map(({ from, reason, to }) => [from, to, reason]), [
        ["MetricsOnly", "MetricsOnly", { _tag: "ConsecutiveFailures", failures: 3 }],
        ["MetricsOnly", "MetricsOnly", { _tag: "ConsecutiveFailures", failures: 3 }]
      ])
      assert.deepInclude(yield* breaker.metrics, { rejected: 0, trips: 0 })
      assert.strictEqual(
        yield* metricValue("circuitbreaker_transitions", {
          name: "metrics-only",
          from: "MetricsOnly",
          to: "MetricsOnly"
        }),
        2
      )
      assert.strictEqual(yield* metricValue("circuitbreaker_state", { name: "metrics-only", state: "MetricsOnly" }), 1)
    }))

  it.effect("admits calls while slow calls hang", () =>
    Effect.gen(function*() {
      const trip = Trip.slowCallRate({ duration: "1 second", threshold: 1, window: 2, minimumCalls: 2 })
      const breaker = yield* makeMetricsOnly({ trip })
      const changes: Array<CircuitBreaker.Transition> = []
      const listening = yield* Effect.fork(
        Stream.runForEach(breaker.changes, (change) => Effect.sync(() => changes.push(change)))
      )
      const hanging = yield* Effect.fork(Effect.all([1, 2].map(() => breaker.protect(Effect.never)), {
        concurrency: "unbounded"
      }))
      yield* settle
      assert.deepInclude(yield* breaker.metrics, { inFlight: Option.some(2) })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* tag(breaker), "MetricsOnly")
      yield* breaker.protect(Effect.void)
      yield* settle
      assert.deepStrictEqual(changes.map(({ from, reason, to }) => [from, to, reason]), [
        ["MetricsOnly", "MetricsOnly", { _tag: "SlowCallRate", calls: 2, slow: 2, rate: 1 }]
      ])
      assert.deepInclude(yield* breaker.metrics, { rejected: 0, trips: 0 })
      yield* Fiber.interruptAll([hanging, listening])
    }))

  it.effect("ignores openUntil, and obeys isolate and forceOpen", () =>
    Effect.gen(function*() {
      const breaker = yield* makeMetricsOnly()
      yield* breaker.openUntil(1_000_000)
      assert.strictEqual(yield* tag(breaker), "MetricsOnly")
      yield* Effect.scoped(Effect.zipRight(breaker.isolate, Effect.flip(breaker.protect(Effect.void))))
      assert.strictEqual(yield* tag(breaker), "MetricsOnly")
      yield* breaker.forceOpen
      assert.strictEqual(yield* tag(breaker), "Open")
      yield* breaker.metricsOnly
      assert.strictEqual(yield* tag(breaker), "MetricsOnly")
    }))

  it.effect("starts with an empty window when it is enabled", () =>
    Effect.gen(function*() {
      const breaker = yield* makeMetricsOnly()
      yield* failing(breaker, 2)
      yield* breaker.enable
      yield* failing(breaker, 2)
      assert.strictEqual(yield* tag(breaker), "Closed")
      yield* failing(breaker, 1)
      assert.strictEqual(yield* tag(breaker), "Open")
    }))

  it.effect("is restored to the same state", () =>
    Effect.gen(function*() {
      const snapshot = yield* (yield* makeMetricsOnly()).snapshot
      const breaker = yield* CircuitBreaker.restore({ name: "restored", trip: Trip.consecutive(1) }, snapshot)
      yield* failing(breaker, 3)
      assert.strictEqual(yield* tag(breaker), "MetricsOnly")
    }))
})
