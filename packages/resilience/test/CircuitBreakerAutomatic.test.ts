import { assert, describe, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Exit, Fiber, Schedule, Scope, Stream, TestClock } from "effect"
import { boom, inFlight, make, opened, retryAfter, tag } from "./support/circuitBreaker.js"
import { countingClock } from "./support/countingClock.js"
import { settle } from "./support/interruption.js"

describe("CircuitBreaker.automatic", () => {
  it.effect("turns the circuit half-open at the exact instant without a call", () =>
    Effect.scoped(Effect.gen(function*() {
      const breaker = yield* make()
      yield* breaker.automatic
      const changes = yield* Effect.fork(Stream.runCollect(Stream.take(breaker.changes, 2)))
      yield* settle
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* retryAfter(breaker), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      const [, second] = Chunk.toReadonlyArray(yield* Fiber.join(changes))
      assert.deepInclude(second, { to: "HalfOpen", at: 1000, reason: { _tag: "OpenElapsed" } })
      yield* breaker.protect(Effect.void)
      assert.strictEqual(yield* tag(breaker), "Closed")
    })))

  it.effect("without it, the circuit turns half-open only at the next call, and no timer runs", () =>
    Effect.gen(function*() {
      const { counted, timers } = yield* countingClock
      const breaker = yield* counted(opened())
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* counted(retryAfter(breaker)), 0)
      yield* counted(inFlight(breaker))
      assert.strictEqual(timers.slept, 0)
    }))

  it.effect("the half-open timeout counts from the first probe", () =>
    Effect.scoped(Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { timeout: "5 seconds" } })
      yield* breaker.automatic
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      const probe = yield* inFlight(breaker)
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* retryAfter(breaker), 2000)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* probe.end(Exit.void)
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
    })))

  it.effect("opens the circuit when probes take too long, even if only a subscriber watches", () =>
    Effect.scoped(Effect.gen(function*() {
      const breaker = yield* opened({ halfOpen: { timeout: "5 seconds" } })
      yield* breaker.automatic
      yield* TestClock.adjust("1 second")
      const seen = yield* Effect.fork(Stream.runHead(breaker.changes))
      yield* inFlight(breaker)
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude((yield* Fiber.join(seen)).pipe((head) => head._tag === "Some" ? head.value : undefined), {
        from: "HalfOpen",
        to: "Open",
        at: 6000
      })
    })))

  it.effect("follows a deadline that is extended, and a sooner one after a reset", () =>
    Effect.scoped(Effect.gen(function*() {
      const breaker = yield* opened()
      yield* breaker.automatic
      yield* breaker.openUntil(60_000)
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(yield* retryAfter(breaker), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
      yield* breaker.openUntil(600_000)
      yield* breaker.reset
      yield* Effect.exit(breaker.protect(boom))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
    })))

  it.effect("sleeps longer than the longest timer", () =>
    Effect.scoped(Effect.gen(function*() {
      const breaker = yield* opened({ openFor: Schedule.spaced("60 days") })
      yield* breaker.automatic
      yield* TestClock.adjust(Duration.subtract("60 days", "1 millis"))
      assert.strictEqual(yield* retryAfter(breaker), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
    })))

  it.effect("ends with the last scope, and a fiber sleeps only while there is an instant to wait for", () =>
    Effect.gen(function*() {
      const { counted, timers } = yield* countingClock
      const breaker = yield* make()
      const [a, b] = yield* Effect.all([Scope.make(), Scope.make()])
      yield* Scope.extend(breaker.automatic, a)
      yield* Scope.extend(breaker.automatic, b)
      yield* settle
      assert.strictEqual(timers.sleeping, 0)
      yield* counted(Effect.exit(breaker.protect(boom)))
      yield* settle
      assert.strictEqual(timers.sleeping, 1)
      yield* Scope.close(a, Exit.void)
      yield* settle
      assert.strictEqual(timers.sleeping, 1)
      yield* Scope.close(b, Exit.void)
      yield* settle
      assert.strictEqual(timers.sleeping, 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* retryAfter(breaker), 0)
      yield* Effect.scoped(Effect.zipRight(breaker.automatic, settle))
      assert.strictEqual(yield* tag(breaker), "HalfOpen")
    }))
})
