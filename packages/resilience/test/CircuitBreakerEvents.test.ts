import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Metric, Stream, TestClock } from "effect"
import { boom, make, tag } from "./support/circuitBreaker.js"

/** The value of a metric with these labels. */
const value = <Type, In, Out>(metric: Metric.Metric<Type, In, Out>, tags: Record<string, string>) =>
  Metric.value(Object.entries(tags).reduce((metric, [key, value]) => Metric.tagged(metric, key, value), metric))

describe("CircuitBreaker.changes", () => {
  it.effect("emits each transition once, in order, with its reason", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const collected = yield* Effect.fork(Stream.runCollect(Stream.take(breaker.changes, 7)))
      yield* TestClock.adjust("5 seconds")
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      yield* breaker.protect(Effect.void)
      yield* Effect.scoped(breaker.isolate)
      yield* breaker.reset
      yield* Effect.exit(breaker.protect(boom))
      const transitions = Chunk.toReadonlyArray(yield* Fiber.join(collected))
      assert.deepStrictEqual(transitions.map(({ at, from, reason, to }) => [at, from, to, reason._tag]), [
        [5000, "Closed", "Open", "ConsecutiveFailures"],
        [6000, "Open", "HalfOpen", "OpenElapsed"],
        [6000, "HalfOpen", "Closed", "ProbesSucceeded"],
        [6000, "Closed", "Isolated", "Isolated"],
        [6000, "Isolated", "Closed", "Released"],
        [6000, "Closed", "Closed", "Reset"],
        [6000, "Closed", "Open", "ConsecutiveFailures"]
      ])
      assert.deepStrictEqual(transitions[0], {
        name: "test",
        from: "Closed",
        to: "Open",
        at: 5000,
        reason: { _tag: "ConsecutiveFailures", failures: 1 }
      })
    }))

  it.effect("a subscriber sees the state after the transition", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const seen = yield* Effect.fork(Stream.runHead(Stream.mapEffect(breaker.changes, () => tag(breaker))))
      yield* TestClock.adjust(0)
      yield* Effect.exit(breaker.protect(boom))
      assert.deepStrictEqual(yield* Effect.flatten(Fiber.join(seen)), "Open")
    }))

  it.effect("a subscriber that dies or sleeps neither fails nor delays a call", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      const dead = yield* Effect.fork(Stream.runForEach(breaker.changes, () => Effect.die("bad subscriber")))
      const asleep = yield* Effect.fork(
        Stream.runCollect(Stream.mapEffect(Stream.take(breaker.changes, 3), (t) => Effect.as(Effect.sleep("1 day"), t)))
      )
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* Effect.exit(breaker.protect(boom)), Exit.fail("boom"))
      yield* TestClock.adjust(0)
      yield* Effect.replicateEffect(breaker.reset, 100)
      assert.deepStrictEqual(yield* Fiber.await(dead), Exit.die("bad subscriber"))
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual(yield* tag(breaker), "Open")
      yield* TestClock.adjust("3 days")
      const seen = Chunk.toReadonlyArray(yield* Fiber.join(asleep))
      assert.deepStrictEqual(seen.map((transition) => transition.to), ["Open", "Closed", "Closed"])
    }))
})

describe("The metrics of a circuit breaker", () => {
  const state = Metric.gauge("circuitbreaker_state", {
    description: "1 for the current state of the circuit, 0 for every other state"
  })
  const refused = Metric.counter("circuitbreaker_not_permitted_calls", {
    description: "Calls refused because the circuit was not closed",
    incremental: true
  })
  const transitions = Metric.counter("circuitbreaker_transitions", {
    description: "State transitions of the circuit",
    incremental: true
  })

  it.effect("are a gauge per state, and counters of refusals and transitions", () =>
    Effect.gen(function*() {
      const name = "metered"
      const breaker = yield* make({ name })
      assert.strictEqual((yield* value(state, { name, state: "Closed" })).value, 1)
      assert.strictEqual((yield* value(state, { name, state: "Open" })).value, 0)
      yield* Effect.exit(breaker.protect(boom))
      assert.strictEqual((yield* value(state, { name, state: "Closed" })).value, 0)
      assert.strictEqual((yield* value(state, { name, state: "Open" })).value, 1)
      yield* Effect.exit(breaker.protect(boom))
      yield* Effect.exit(breaker.check)
      assert.strictEqual((yield* value(refused, { name })).count, 2)
      assert.strictEqual((yield* value(transitions, { name, from: "Closed", to: "Open" })).count, 1)
    }))
})
