import { Bulkhead, Policy, RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { settle } from "./support/interruption.js"
import { metricValue } from "./support/metrics.js"
import { down, retry, safe, tenPerMinute } from "./support/policies.js"
import { recordingTracer } from "./support/spans.js"

describe("The turn of a policy", () => {
  it.effect("sends calls of one key one at a time and in order, and calls of other keys immediately", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const bulkhead = yield* Bulkhead.make({ name: "turn", permits: 10 })
      const turnOfKey = yield* Bulkhead.make({ name: "turn.mine", permits: 1 })
      const policy = Policy.make({
        name: "turn",
        limiter,
        bulkhead,
        turn: (key) => key === "mine" ? turnOfKey : undefined
      })
      const sent: Array<string> = []
      const call = (what: string, key: string, slow: number) =>
        Effect.fork(policy.apply(
          ({ leaving }) =>
            Effect.sleep(slow).pipe(
              Effect.zipRight(leaving),
              Effect.zipRight(Effect.sync(() => sent.push(what))),
              Effect.zipRight(Effect.sleep(10))
            ),
          { ...safe, key }
        ))
      yield* call("first", "mine", 30)
      yield* call("second", "mine", 0)
      yield* call("stranger", "public", 0)
      yield* TestClock.adjust(39)
      assert.deepStrictEqual(sent, ["stranger", "first"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(sent, ["stranger", "first", "second"])
    }))

  it.effect("comes before the bulkhead: a call that waits for its turn holds no permit", () =>
    Effect.gen(function*() {
      const turn = yield* Bulkhead.make({ name: "turn", permits: 1 })
      const bulkhead = yield* Bulkhead.make({ name: "bulkhead", permits: 2 })
      const policy = Policy.make({ name: "turn", bulkhead, turn })
      const first = yield* Effect.fork(policy.apply(Effect.sleep(10), safe))
      const second = yield* Effect.fork(policy.apply(Effect.void, safe))
      yield* Effect.yieldNow()
      assert.deepStrictEqual([yield* turn.queued, yield* bulkhead.available], [1, 1])
      yield* TestClock.adjust(10)
      yield* Fiber.joinAll([first, second])
      assert.deepStrictEqual([yield* turn.available, yield* bulkhead.available], [1, 2])
    }))

  it.effect("refuses a call when its queue is full, without a retry, and the tokens are refunded", () =>
    Effect.gen(function*() {
      const turn = yield* Bulkhead.make({ name: "turn", permits: 1, maxQueue: 0 })
      const limiter = yield* tenPerMinute
      const policy = Policy.make({ name: "turn", limiter, turn, retry })
      yield* Effect.fork(turn.withPermit(Effect.never))
      yield* Effect.yieldNow()
      const error = yield* Effect.flip(policy.apply(Effect.void, safe))
      assert.strictEqual(error._tag, "BulkheadFull")
      assert.strictEqual(yield* limiter.available, 10)
    }))
})

describe("The lane of a call under a policy", () => {
  it.effect("gets the reserved permit of the bulkhead", () =>
    Effect.gen(function*() {
      const lanes = ["trading", "reads"] as const
      const limiter = yield* RateLimiter.make({ name: "lanes", limit: 100, window: "1 minute", lanes })
      const bulkhead = yield* Bulkhead.make({ name: "lanes", permits: 3, reserved: 1, lanes })
      const policy = Policy.make({ name: "lanes", bulkhead, limiter })
      const reads = yield* Effect.fork(Effect.all(
        Array.from({ length: 10 }, () => policy.apply(Effect.sleep("1 hour"), { ...safe, lane: "reads" })),
        { concurrency: "unbounded" }
      ))
      yield* settle
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [1, 8])
      yield* policy.apply(Effect.void, { ...safe, lane: "trading" })
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [1, 8])
      // A call that has to wait overtakes those of the other lane.
      yield* Effect.fork(policy.apply(Effect.sleep("1 minute"), { ...safe, lane: "trading" }))
      const waiting = yield* Effect.fork(policy.apply(Effect.void, { ...safe, lane: "trading" }))
      yield* settle
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [0, 9])
      yield* TestClock.adjust("1 minute")
      assert.isNotNull(waiting.unsafePoll())
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [1, 8])
      // @ts-expect-error The lane does not exist.
      const unknownLane = policy.apply(Effect.void, { ...safe, lane: "tradings" })
      assert.isTrue(Effect.isEffect(unknownLane))
      yield* Fiber.interrupt(reads)
    }))
})

describe("A policy without a span", () => {
  it.effect("adds its events to the current span, and no attributes", () =>
    Effect.gen(function*() {
      const policy = Policy.make({ name: "spanless", retry, span: false })
      const { spans, traced } = recordingTracer()
      const fiber = yield* Effect.fork(traced(Effect.withSpan(Effect.exit(policy.apply(down, safe)), "outer")))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(spans.map(({ name }) => name), ["outer"])
      assert.deepStrictEqual(spans[0]?.attributes, {})
      assert.strictEqual(spans[0]?.events.length, 6)
    }))

  it.effect("creates no span if there is no current one, and still updates the metrics", () =>
    Effect.gen(function*() {
      const policy = Policy.make({ name: "Policy.spanless", retry, span: false })
      const { spans, traced } = recordingTracer()
      const fiber = yield* Effect.fork(Effect.exit(traced(policy.apply(down, safe))))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(spans, [])
      assert.strictEqual(yield* metricValue("retry_calls", { name: "Policy.spanless", kind: "failed_with_retry" }), 1)
    }))
})
