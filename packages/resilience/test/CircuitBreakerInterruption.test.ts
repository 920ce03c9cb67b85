import { CircuitBreaker, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import {
  Chunk,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  FiberId,
  Ref,
  Schedule,
  Scheduler,
  Stream,
  TestClock
} from "effect"
import { yieldOften } from "./support/yieldOften.js"

/** Interrupts the fiber it runs before its `step`-th operation, yielding there so that the interruption is seen. */
const interruptAt = (step: number) => {
  let steps = 0
  const scheduler: Scheduler.Scheduler = {
    shouldYield: (fiber) => {
      if (++steps !== step) return false
      fiber.unsafeInterruptAsFork(FiberId.none)
      return 0
    },
    scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
  return { scheduler, reached: () => steps >= step }
}

/** Hundreds of runs, some of them with several waits for the test clock: generous for a busy machine. */
const sweepTimeout = 30_000

/** Runs the scenario once for every operation the victim executes, interrupting it there. */
const sweep = (
  scenario: Effect.Effect<{
    readonly victim: Effect.Effect<unknown, unknown>
    readonly verify: Effect.Effect<void, unknown>
  }>
) =>
  Effect.gen(function*() {
    let interruptions = 0
    for (let step = 1;; step++) {
      const { verify, victim } = yield* scenario
      const { reached, scheduler } = interruptAt(step)
      const fiber = yield* Effect.fork(Effect.withScheduler(victim, scheduler))
      const exit = yield* Fiber.await(fiber)
      yield* verify
      if (!reached()) break
      if (Exit.isInterrupted(exit)) interruptions++
      assert.isBelow(step, 1000)
    }
    assert.isAbove(interruptions, 5)
  })

const make = (options?: Partial<CircuitBreaker.Options<unknown>>) =>
  CircuitBreaker.make({ name: "sweep", trip: Trip.consecutive(1), openFor: Schedule.forever, ...options })

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

describe("an interrupt at every yield point leaks nothing", () => {
  for (
    const [name, call] of [
      ["succeeds", Effect.yieldNow()],
      ["fails", Effect.zipRight(Effect.yieldNow(), Effect.fail("boom"))],
      ["dies", Effect.zipRight(Effect.yieldNow(), Effect.die("bug"))]
    ] as const
  ) {
    it.effect(`a probe that ${name} uses its permit up or returns it`, () =>
      sweep(Effect.gen(function*() {
        const breaker = yield* make({ halfOpen: { permits: 3, successes: 2 } })
        yield* Effect.exit(breaker.protect(Effect.fail("boom")))
        return {
          victim: breaker.protect(call),
          verify: Effect.gen(function*() {
            const { calls } = yield* breaker.metrics
            assert.strictEqual(calls + (yield* fill(breaker)), 3)
          })
        }
      })), sweepTimeout)
  }

  it.effect(
    "the deciding failure of a probe opens the circuit or returns the permit",
    () =>
      sweep(Effect.gen(function*() {
        const breaker = yield* make({ openFor: Schedule.spaced("1 second") })
        yield* Effect.exit(breaker.protect(Effect.fail("boom")))
        yield* TestClock.adjust("1 second")
        return {
          victim: breaker.protect(Effect.fail("boom")),
          verify: Effect.gen(function*() {
            const state = yield* breaker.state
            if (state._tag === "Open" && Duration.greaterThan(state.retryAfter, 0)) return
            assert.strictEqual(yield* fill(breaker), 1)
          })
        }
      })),
    sweepTimeout
  )

  it.effect(
    "the deciding success of a probe closes the circuit or returns the permit",
    () =>
      sweep(Effect.gen(function*() {
        const breaker = yield* make()
        yield* Effect.exit(breaker.protect(Effect.fail("boom")))
        return {
          victim: breaker.protect(Effect.void),
          verify: Effect.gen(function*() {
            if ((yield* breaker.state)._tag !== "Closed") yield* breaker.protect(Effect.void)
            assert.deepStrictEqual(yield* breaker.state, { _tag: "Closed" })
          })
        }
      })),
    sweepTimeout
  )

  it.effect("a call that trips the circuit trips it whole or not at all", () =>
    sweep(Effect.gen(function*() {
      const breaker = yield* make({ openFor: Schedule.spaced("1 second") })
      return {
        victim: breaker.protect(Effect.fail("boom")),
        verify: Effect.gen(function*() {
          const { trips } = yield* breaker.metrics
          assert.strictEqual((yield* breaker.state)._tag, trips === 1 ? "Open" : "Closed")
          yield* Effect.exit(breaker.protect(Effect.fail("boom")))
          assert.deepStrictEqual(yield* breaker.state, { _tag: "Open", retryAfter: Duration.seconds(1) })
          assert.strictEqual((yield* breaker.metrics).trips, 1)
        })
      }
    })), sweepTimeout)

  it.effect(
    "whoever ends a half-open state that timed out ends it whole or not at all",
    () =>
      sweep(Effect.gen(function*() {
        const breaker = yield* make({ openFor: Schedule.spaced("1 second"), halfOpen: { timeout: "1 second" } })
        yield* Effect.exit(breaker.protect(Effect.fail("boom")))
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
      })),
    sweepTimeout
  )

  it.effect("an isolation is released", () =>
    sweep(Effect.map(make(), (breaker) => ({
      victim: Effect.scoped(Effect.zipRight(breaker.isolate, Effect.yieldNow())),
      verify: Effect.map(breaker.state, (state) => assert.deepStrictEqual(state, { _tag: "Closed" }))
    }))))
})

describe("when fibers yield anywhere", () => {
  it.effect("100 fibers race for one permit and one wins", () =>
    Effect.gen(function*() {
      const breaker = yield* make()
      yield* Effect.exit(breaker.protect(Effect.fail("boom")))
      const ran = yield* Ref.make(0)
      const gate = yield* Deferred.make<void>()
      const call = breaker.protect(Effect.zipRight(Ref.update(ran, (n) => n + 1), Deferred.await(gate)))
      const fibers = yield* Effect.replicateEffect(Effect.fork(Effect.withScheduler(call, yieldOften())), 100)
      yield* TestClock.adjust(0)
      yield* Deferred.succeed(gate, undefined)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.strictEqual(yield* Ref.get(ran), 1)
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
    }))

  it.effect("100 failures at once trip once, and transitions are told in the order they happened", () =>
    Effect.gen(function*() {
      const breaker = yield* make({ openFor: Schedule.spaced("1 second") })
      const changes = yield* Effect.fork(Stream.runCollect(Stream.take(breaker.changes, 41)))
      yield* TestClock.adjust(0)
      const fails = Effect.exit(breaker.protect(Effect.zipRight(Effect.yieldNow(), Effect.fail("boom"))))
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
