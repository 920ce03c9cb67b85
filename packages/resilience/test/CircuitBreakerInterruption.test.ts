import type { CircuitBreaker } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Duration, Effect, Exit, Fiber, Ref, Schedule, Stream, TestClock } from "effect"
import { boom, make, tag } from "./support/circuitBreaker.js"
import { interruptEverywhere } from "./support/interruption.js"
import { yieldOften } from "./support/yieldOften.js"

/** Interrupts the victim everywhere, with nothing running concurrently. The victim may fail. */
const sweep = <E>(
  scenario: Effect.Effect<{
    readonly victim: Effect.Effect<unknown, unknown>
    readonly verify: Effect.Effect<void, E>
  }>
) =>
  interruptEverywhere(Effect.map(scenario, ({ verify, victim }) => ({
    victim: Effect.exit(victim),
    meanwhile: Effect.void,
    verify
  })))

/** A breaker that is half-open immediately after it has opened. */
const probeable = (options?: Partial<CircuitBreaker.Options<unknown>>) =>
  make({ openFor: Schedule.forever, ...options })

/** Fills every free permit with a call that never ends, and counts them. */
const fill = (breaker: CircuitBreaker.CircuitBreaker) =>
  Effect.gen(function*() {
    for (let filled = 0;; filled++) {
      const started = yield* Deferred.make<boolean>()
      yield* Effect.fork(
        breaker.protect(Effect.zipRight(Deferred.succeed(started, true), Effect.never)).pipe(
          Effect.onExit(() => Deferred.succeed(started, false))
        )
      )
      if (!(yield* Deferred.await(started))) return filled
    }
  })

describe("An interrupt at every yield point leaks nothing", () => {
  for (
    const [name, call] of [
      ["succeeds", Effect.yieldNow()],
      ["fails", Effect.zipRight(Effect.yieldNow(), boom)],
      ["dies", Effect.zipRight(Effect.yieldNow(), Effect.die("bug"))]
    ] as const
  ) {
    it.effect(`a probe that ${name} consumes its permit or returns it`, () =>
      sweep(Effect.gen(function*() {
        const breaker = yield* probeable({ halfOpen: { permits: 3, successes: 2 } })
        yield* Effect.exit(breaker.protect(boom))
        return {
          victim: breaker.protect(call),
          verify: Effect.gen(function*() {
            const { calls } = yield* breaker.metrics
            assert.strictEqual(calls + (yield* fill(breaker)), 3)
          })
        }
      })))
  }

  it.effect(
    "the deciding failure of a probe opens the circuit or returns the permit",
    () =>
      sweep(Effect.gen(function*() {
        const breaker = yield* make({ openFor: Schedule.spaced("1 second") })
        yield* Effect.exit(breaker.protect(boom))
        yield* TestClock.adjust("1 second")
        return {
          victim: breaker.protect(boom),
          verify: Effect.gen(function*() {
            const state = yield* breaker.state
            if (state._tag === "Open" && Duration.greaterThan(state.retryAfter, 0)) return
            assert.strictEqual(yield* fill(breaker), 1)
          })
        }
      }))
  )

  it.effect(
    "the deciding success of a probe closes the circuit or returns the permit",
    () =>
      sweep(Effect.gen(function*() {
        const breaker = yield* probeable()
        yield* Effect.exit(breaker.protect(boom))
        return {
          victim: breaker.protect(Effect.void),
          verify: Effect.gen(function*() {
            if ((yield* breaker.state)._tag !== "Closed") yield* breaker.protect(Effect.void)
            assert.deepStrictEqual(yield* breaker.state, { _tag: "Closed" })
          })
        }
      }))
  )

  it.effect("a failing call trips the circuit completely or not at all", () =>
    sweep(Effect.gen(function*() {
      const breaker = yield* make({ openFor: Schedule.spaced("1 second") })
      return {
        victim: breaker.protect(boom),
        verify: Effect.gen(function*() {
          const { trips } = yield* breaker.metrics
          assert.strictEqual((yield* breaker.state)._tag, trips === 1 ? "Open" : "Closed")
          yield* Effect.exit(breaker.protect(boom))
          assert.deepStrictEqual(yield* breaker.state, { _tag: "Open", retryAfter: Duration.seconds(1) })
          assert.strictEqual((yield* breaker.metrics).trips, 1)
        })
      }
    })))

  it.effect(
    "a check ends a half-open state that timed out completely or not at all",
    () =>
      sweep(Effect.gen(function*() {
        const breaker = yield* make({ openFor: Schedule.spaced("1 second"), halfOpen: { timeout: "1 second" } })
        yield* Effect.exit(breaker.protect(boom))
        yield* TestClock.adjust("1 second")
        yield* fill(breaker)
        yield* TestClock.adjust("1500 millis")
        return {
          victim: breaker.check,
          verify: Effect.gen(function*() {
            assert.deepStrictEqual(yield* breaker.state, { _tag: "Open", retryAfter: Duration.millis(500) })
            assert.strictEqual((yield* breaker.metrics).trips, 2)
          })
        }
      }))
  )

  it.effect("isolate is released", () =>
    sweep(Effect.map(probeable(), (breaker) => ({
      victim: Effect.scoped(Effect.zipRight(breaker.isolate, Effect.yieldNow())),
      verify: Effect.map(breaker.state, (state) => assert.deepStrictEqual(state, { _tag: "Closed" }))
    }))))
})

describe("With fibers that yield often", () => {
  it.effect("one of 100 concurrent calls gets the permit", () =>
    Effect.gen(function*() {
      const breaker = yield* probeable()
      yield* Effect.exit(breaker.protect(boom))
      const ran = yield* Ref.make(0)
      const gate = yield* Deferred.make<void>()
      const call = breaker.protect(Effect.zipRight(Ref.update(ran, (n) => n + 1), Deferred.await(gate)))
      const fibers = yield* Effect.replicateEffect(Effect.fork(Effect.withScheduler(call, yieldOften())), 100)
      yield* TestClock.adjust(0)
      yield* Deferred.succeed(gate, undefined)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.strictEqual(yield* Ref.get(ran), 1)
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
      assert.strictEqual(yield* tag(breaker), "Closed")
    }))

  it.effect("100 concurrent failures trip once, and transitions are published in order", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ openFor: Schedule.spaced("1 second") })
      const changes = yield* Effect.fork(Stream.runCollect(Stream.take(breaker.changes, 41)))
      yield* TestClock.adjust(0)
      const fails = Effect.exit(breaker.protect(Effect.zipRight(Effect.yieldNow(), boom)))
      const race = (effect: Effect.Effect<unknown>) =>
        Effect.forEach(Array.from({ length: 100 }), () => Effect.withScheduler(effect, yieldOften()), {
          concurrency: "unbounded",
          discard: true
        })
      yield* race(fails)
      assert.strictEqual((yield* breaker.metrics).trips, 1)
      const twenty = Effect.forEach(Array.from({ length: 20 }), () => Effect.zipRight(breaker.reset, fails), {
        concurrency: "unbounded"
      })
      yield* Effect.withScheduler(twenty, yieldOften())
      yield* Effect.replicateEffect(breaker.reset, 41)
      const transitions = Chunk.toReadonlyArray(yield* Fiber.join(changes))
      transitions.reduce((before, after) => {
        assert.strictEqual(after.from, before.to)
        return after
      })
    }))
})
