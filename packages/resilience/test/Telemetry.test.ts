import {
  Bulkhead,
  Chaos,
  CircuitBreaker,
  Hedge,
  Idempotent,
  Policy,
  RateLimiter,
  RetryBudget,
  SingleFlight,
  Telemetry,
  Trip
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Metric, MetricState, TestClock } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const described: ReadonlyArray<Telemetry.Description> = Object.values(Telemetry.descriptions)

const pages = fileURLToPath(new URL("../../../docs/resilience/", import.meta.url))

/** The rows of the tables of metrics in the docs: name, type and labels. */
const rows = readdirSync(pages)
  .filter((page) => page.endsWith(".md"))
  .flatMap((page) => readFileSync(`${pages}${page}`, "utf8").split("\n"))
  .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
  .flatMap(([, name = "", type = "", labels = ""]) =>
    type === "counter" || type === "gauge" ? [`${name} ${type} ${labels}`] : []
  )

/** Makes every module update all of its metrics. */
const updateAllMetrics = Effect.gen(function*() {
  const name = "Telemetry.test"
  const safe = { idempotency: "safe" } as const
  const breaker = yield* CircuitBreaker.make({ name, trip: Trip.consecutive(1) })
  const limiter = yield* RateLimiter.make({ name, limit: 3, window: "1 minute" })
  const bulkhead = yield* Bulkhead.make({ name, permits: 1, maxQueue: 1 })
  const adaptive = yield* Bulkhead.make({ name, permits: 1, adaptive: Bulkhead.aimd({ slowAfter: "1 second" }) })
  const hedge = yield* Hedge.make({ name, delay: 10, budget: yield* RetryBudget.make() })
  const denied = yield* Hedge.make({ name, delay: 10, budget: yield* RetryBudget.make({ reservePerSecond: 0 }) })
  const flights = yield* SingleFlight.make<void>({ name })
  const chaos = yield* Chaos.make({ name, strategies: [Chaos.latency({ rate: 1, min: 1 })] })
  const policy = Policy.make({
    name,
    breaker,
    attemptTimeout: { duration: 50, onTimeout: () => "late" as const },
    retry: { attempts: 1 }
  })
  let runs = 0
  const slowAtFirst = Idempotent.mark(Effect.suspend(() => Effect.sleep(runs++ === 0 ? 100 : 1)))
  const fiber = yield* Effect.fork(Effect.all([
    Effect.exit(policy.apply(Effect.never, safe)),
    Effect.exit(policy.apply(Effect.void, safe)),
    hedge.apply(slowAtFirst),
    denied.apply(Idempotent.mark(Effect.sleep(100))),
    flights.run("key", Effect.sleep(1)),
    flights.run("key", Effect.sleep(1)),
    chaos.inject(Effect.void, undefined),
    adaptive.withPermit(Effect.void),
    ...Array.from({ length: 3 }, () => Effect.exit(bulkhead.withPermit(Effect.sleep(10)))),
    Effect.exit(limiter.reserve(4)),
    ...Array.from({ length: 4 }, () => limiter.reserve())
  ], { concurrency: "unbounded" }))
  yield* TestClock.adjust(50)
  yield* Effect.exit(policy.apply(Effect.void, safe))
  yield* TestClock.adjust("2 minutes")
  yield* Fiber.join(fiber)
})

describe("Telemetry", () => {
  it("each metric has a unique name in the style of resilience4j", () => {
    const names = described.map(({ name }) => name)
    assert.strictEqual(new Set(names).size, names.length)
    for (const name of names) {
      assert.match(name, /^(circuitbreaker|retry|timelimiter|bulkhead|ratelimiter|hedge|singleflight|chaos)(_[a-z]+)+$/)
    }
    for (const { description, labels } of described) {
      assert.isAbove(description.length, 10)
      assert.strictEqual(labels[0], "name")
      assert.isAtMost(labels.length, 3)
    }
  })

  it("the docs list exactly the described metrics", () => {
    const listed = described.map(({ labels, name, type }) => `${name} ${type} ${labels.join(", ")}`)
    assert.deepStrictEqual([...new Set(rows)].toSorted(), listed.toSorted())
  })

  it.effect("the written metrics have exactly the described names, types and labels", () =>
    Effect.gen(function*() {
      yield* updateAllMetrics
      const written = (yield* Metric.snapshot).flatMap(({ metricKey, metricState }) => {
        const { name, tags } = metricKey
        const type = MetricState.isCounterState(metricState) ? "counter" : "gauge"
        return tags.some(({ value }) => value === "Telemetry.test" || value.startsWith("Telemetry.test."))
          ? [`${name} ${type} ${tags.map(({ key }) => key).toSorted().join(", ")}`]
          : []
      })
      const expected = described.map(({ labels, name, type }) => `${name} ${type} ${labels.toSorted().join(", ")}`)
      assert.deepStrictEqual([...new Set(written)].toSorted(), expected.toSorted())
    }))
})
